//! What this context announces.

use serde::{Deserialize, Serialize};

use super::model::{Label, PromptId, PromptName, VersionNumber};
use crate::{kernel::ProjectId, platform::events::Event};

/// A prompt is not what it was. One event for every change, so that they arrive in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PromptChanged {
    pub project: ProjectId,
    pub prompt: PromptId,
    pub name: PromptName,
    /// Who changed it, as [`Actor::signature`](crate::kernel::Actor::signature) gives it.
    pub by: String,
    pub change: PromptChange,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum PromptChange {
    Published {
        version: VersionNumber,
        labels: Vec<Label>,
    },
    /// Labels now point at this version.
    Labelled {
        version: VersionNumber,
        labels: Vec<Label>,
    },
    /// A label no longer points at this version, nor at another.
    Unlabelled {
        version: VersionNumber,
        label: Label,
    },
    Tagged {
        tags: Vec<String>,
    },
    Archived,
    Restored,
    Deleted {
        versions: Vec<VersionNumber>,
    },
}

impl Event for PromptChanged {
    const NAME: &'static str = "prompt.changed.v1";

    fn project(&self) -> ProjectId {
        self.project
    }

    fn aggregate(&self) -> String {
        format!("prompt:{}", self.prompt)
    }
}
