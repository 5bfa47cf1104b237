//! Types and rules of prompts, pure: no IO, no async.

mod compile;
mod content;
mod diff;
mod label;
pub mod limits;
mod name;
mod prompt;
mod reference;
mod resolution;
mod selector;
mod tag;
mod template;
mod version;

pub use compile::{Compiled, Missing, Values, compile};
pub use content::{ChatItem, Content, Kind, UnknownFields};
pub use diff::{Change, ContentDiff, Diff, Line, MessageDiff, diff};
pub use label::{Label, Labels};
pub use name::{FolderPath, PromptName};
pub use prompt::{Prompt, PromptId};
pub use reference::{Reference, references};
pub use resolution::{Graph, Node, Resolution, Source, resolve};
pub use selector::Selector;
pub use tag::Tags;
pub use version::{CommitMessage, Config, Draft, Version, VersionId, VersionNumber, parse_labels};
