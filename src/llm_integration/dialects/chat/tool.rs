//! The tools that a model may ask for.

use serde_json::{Map, Value};

use super::{CacheMark, Opaque};

#[derive(Clone, Debug, PartialEq)]
pub enum Tool {
    Function {
        name: String,
        description: Option<String>,
        /// JSON schema of the arguments; `None` takes none.
        parameters: Option<Value>,
        /// The arguments must follow the schema.
        strict: Option<bool>,
        cache: Option<CacheMark>,
        /// Fields that only the dialect it came in knows.
        extra: Map<String, Value>,
    },
    /// OpenAI's tool that takes free text, perhaps of a grammar.
    Custom {
        name: String,
        description: Option<String>,
        format: Option<Value>,
    },
    /// A tool that the provider itself runs, in the words of its dialect.
    BuiltIn(Opaque),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ToolChoice {
    Auto,
    None,
    /// Some tool, whichever.
    Required,
    Named(String),
    /// Only some of the tools.
    Allowed {
        names: Vec<String>,
        required: bool,
    },
}

impl Tool {
    pub fn name(&self) -> &str {
        match self {
            Self::Function { name, .. } | Self::Custom { name, .. } => name,
            Self::BuiltIn(opaque) => &opaque.kind,
        }
    }
}
