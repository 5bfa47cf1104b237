//! Finding prompts: lists, folders, and Langfuse's list of versions.

mod folders;
mod matching;
mod name_range;
mod prompts;

pub use folders::{Folder, folders};
pub use matching::{MatchingPrompt, VersionFilter, matching_versions};
pub use prompts::{CatalogFilter, catalog};
