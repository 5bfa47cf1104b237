//! Prompts: what they say, which version of them is live, and who changed what.
//!
//! It promises: a version never changes once it is published; numbers are 1, 2, 3 and so on
//! without gaps, however many publish at once; a label points at one version, and `latest` at the
//! highest; a reference resolves when it is published, and what it means can not be deleted. Reads
//! come from memory and are at most a moment behind the last commit on any replica.

mod cache;
mod error;
mod events;
mod http;
mod model;
mod reactions;
mod schema;
mod served;
mod service;
mod settings;
mod store;
mod usage;

pub use error::PromptError;
pub use events::{PromptChange, PromptChanged};
pub use http::routes;
pub use model::{
    Change, ChatItem, CommitMessage, Compiled, Config, Content, ContentDiff, Diff, Draft,
    FolderPath, Graph, Kind, Label, Labels, Line, MessageDiff, Missing, Node, Prompt, PromptId,
    PromptName, Selector, Tags, UnknownFields, Values, Version, VersionId, VersionNumber, limits,
    parse_labels,
};
pub use reactions::subscribe;
pub use served::{Served, Snapshot};
pub use service::Prompts;
pub use settings::PromptSettings;
pub use store::{
    CatalogFilter, Folder, MatchingPrompt, ProtectedLabel, VersionFilter, VersionUsage,
};
