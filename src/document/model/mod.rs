//! What a document is, and the rules of what may become of it. Pure.

mod document;
mod file_name;
mod folder;
#[cfg(test)]
mod fuzz;
pub mod limits;
mod metadata;
mod picture;
mod span;
mod tags;
mod version;

pub use document::{Document, DocumentId, Draft, Edit, FieldChange};
pub use file_name::FileName;
pub use folder::Folder;
pub use metadata::{Authors, Doi, Edited, Field, Language, Title, Year};
pub use picture::PictureWidth;
pub use span::ByteSpan;
pub use tags::DocumentTags;
pub use version::{
    Attempt, Content, DocumentVersion, StoredPage, VersionId, VersionNumber, VersionState,
};
