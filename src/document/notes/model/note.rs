//! A note and its versions.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::NewNote;
use crate::{
    document::{DocumentError, proving::Sentence},
    kernel::{Id, ProjectId, Timestamp},
    platform::jobs::JobId,
};

pub const TITLE_MAX_CHARS: usize = 300;
const MARKDOWN_MAX_CHARS: usize = 200_000;

/// Marker of [`NoteId`].
pub enum NoteMarker {}
pub type NoteId = Id<NoteMarker>;

/// How far a note has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NoteState {
    /// Its model writes, or will.
    Writing,
    Ready,
    /// `reason` says why; the version before stands.
    Failed,
}

impl NoteState {
    const ALL: [Self; 3] = [Self::Writing, Self::Ready, Self::Failed];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Writing => "writing",
            Self::Ready => "ready",
            Self::Failed => "failed",
        }
    }
}

impl fmt::Display for NoteState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for NoteState {
    type Err = String;
    /// The error is the word that names no state.
    fn from_str(name: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|state| state.name() == name);
        found.ok_or_else(|| name.to_owned())
    }
}

/// Who wrote a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = NoteOrigin)]
pub enum Origin {
    Model,
    Person,
}

impl Origin {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::Person => "person",
        }
    }

    /// # Errors
    /// The word, where it names no origin.
    pub fn parse(name: &str) -> Result<Self, String> {
        match name {
            "model" => Ok(Self::Model),
            "person" => Ok(Self::Person),
            other => Err(other.to_owned()),
        }
    }
}

/// A note on one or more documents.
#[derive(Clone, Debug)]
pub struct Note {
    pub id: NoteId,
    pub project: ProjectId,
    /// What was asked for; another version is written of the same request.
    pub request: NewNote,
    pub state: NoteState,
    pub reason: Option<String>,
    /// The number of its latest version; 0 before the first.
    pub latest: i32,
    pub job: Option<JobId>,
    pub created_by: String,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// What a note said at one time.
#[derive(Clone, Debug)]
pub struct NoteVersion {
    pub note: Id<NoteMarker>,
    pub number: i32,
    pub origin: Origin,
    pub content: NoteContent,
    pub author: String,
    pub created_at: Timestamp,
}

/// The text of a version, and where it is from.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct NoteContent {
    pub markdown: String,
    /// What the Markdown was made of; none where a person wrote it.
    pub sentences: Vec<Sentence>,
    /// Sentences of the model's that nothing proved, and that were left out.
    pub removed: usize,
    pub model: Option<String>,
    pub trace_id: Option<String>,
}

impl NoteContent {
    /// What a person writes.
    ///
    /// # Errors
    /// `document_invalid` when it is too long.
    pub fn written(markdown: String) -> Result<Self, DocumentError> {
        let chars = markdown.chars().count();
        if chars > MARKDOWN_MAX_CHARS || markdown.contains('\0') {
            let why =
                format!("has {chars} characters; it takes up to {MARKDOWN_MAX_CHARS}, and no NUL");
            return Err(DocumentError::invalid("markdown", why));
        }
        Ok(Self {
            markdown,
            ..Self::default()
        })
    }
}
