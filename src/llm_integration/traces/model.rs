//! What traces and observations are told apart by.

use std::str::FromStr;

/// The environment of what names none.
pub const DEFAULT_ENVIRONMENT: &str = "default";

macro_rules! named {
    ($(#[$meta:meta])* $name:ident { $($variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        pub enum $name { $(#[serde(rename = $text)] $variant),+ }

        impl $name {
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }

        impl FromStr for $name {
            type Err = String;
            /// The error lists every known name.
            fn from_str(text: &str) -> Result<Self, String> {
                match text {
                    $($text => Ok(Self::$variant),)+
                    _ => Err([$($text),+].join(", ")),
                }
            }
        }
    };
}

pub(in crate::llm_integration) use named;

named! {
    /// What an observation observed.
    ObservationKind {
        Span = "SPAN", Generation = "GENERATION", Event = "EVENT", Agent = "AGENT", Tool = "TOOL",
        Chain = "CHAIN", Retriever = "RETRIEVER", Evaluator = "EVALUATOR", Embedding = "EMBEDDING",
        Guardrail = "GUARDRAIL",
    }
}

named! {
    /// How much an observation matters.
    Level { Debug = "DEBUG", Default = "DEFAULT", Warning = "WARNING", Error = "ERROR" }
}
