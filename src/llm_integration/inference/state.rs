//! What readiness and operators are told of models of this process.

use super::{ModelKind, ModelName};

/// Whether models can be asked, as far as it is known without asking one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InferenceState {
    pub models: Vec<ModelState>,
    /// What does not work, and what would be right. Empty when all is well.
    pub problems: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelState {
    pub name: ModelName,
    pub kind: ModelKind,
    /// `cpu` or `cuda:0` while it is loaded.
    pub device: Option<String>,
}

impl InferenceState {
    /// In one line: which models there are, and where those that are loaded run.
    pub fn summary(&self) -> String {
        let one = |model: &ModelState| match &model.device {
            Some(device) => format!("{} ({device})", model.name),
            None => model.name.to_string(),
        };
        self.models.iter().map(one).collect::<Vec<_>>().join(", ")
    }
}
