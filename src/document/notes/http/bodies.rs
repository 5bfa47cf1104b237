//! What we answer.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    document::{
        answering::CitationBody,
        notes::{
            model::{NewNote, Note, NoteContent, NoteKind, NoteState, NoteVersion, Origin},
            service::NoteDetails,
        },
        proving::Sentence,
    },
    kernel::Cursor,
};

/// A note, without what it says.
#[derive(Serialize, ToSchema)]
pub struct NoteBody {
    id: String,
    kind: NoteKind,
    title: String,
    documents: Vec<String>,
    aspects: Vec<String>,
    wish: Option<String>,
    model: Option<String>,
    state: NoteState,
    /// Why its model failed.
    reason: Option<String>,
    /// The number of its latest version; 0 before it is first written.
    latest: i32,
    /// The job that writes it: its progress is at `/api/v1/jobs/{id}`.
    job: Option<String>,
    created_by: String,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

/// A note and one of its versions; none before it is first written.
#[derive(Serialize, ToSchema)]
pub struct NoteDetailsBody {
    #[serde(flatten)]
    note: NoteBody,
    version: Option<NoteVersionBody>,
}

/// What a note said at one time.
#[derive(Serialize, ToSchema)]
pub struct NoteVersionBody {
    number: i32,
    origin: Origin,
    /// With a footnote for every quote, where a model wrote it.
    markdown: String,
    /// What the Markdown was made of; none where a person wrote it.
    sentences: Vec<NoteSentenceBody>,
    /// Sentences of the model's that nothing proved, and that were left out.
    removed: usize,
    model: Option<String>,
    trace: Option<String>,
    author: String,
    created_at: DateTime<Utc>,
}

/// One sentence, and what proves it.
#[derive(Serialize, ToSchema)]
pub struct NoteSentenceBody {
    /// What it stands under: a heading, a term, a question, an aspect.
    title: Option<String>,
    text: String,
    citations: Vec<CitationBody>,
}

/// One page of notes.
#[derive(Serialize, ToSchema)]
pub struct NotesBody {
    pub items: Vec<NoteBody>,
    #[schema(value_type = Option<String>)]
    pub next: Option<Cursor>,
}

/// One page of a note's versions.
#[derive(Serialize, ToSchema)]
pub struct NoteVersionsBody {
    pub items: Vec<NoteVersionBody>,
    #[schema(value_type = Option<String>)]
    pub next: Option<Cursor>,
}

impl From<Note> for NoteBody {
    fn from(note: Note) -> Self {
        let Note {
            id,
            project: _, // the caller's own
            request,
            state,
            reason,
            latest,
            job,
            created_by,
            created_at,
            updated_at,
        } = note;
        let NewNote {
            kind,
            title,
            documents,
            aspects,
            wish,
            model,
        } = request;
        Self {
            id: id.to_string(),
            kind,
            title,
            documents: documents.iter().map(ToString::to_string).collect(),
            aspects,
            wish,
            model,
            state,
            reason,
            latest,
            job: job.map(|job| job.to_string()),
            created_by,
            created_at: created_at.into(),
            updated_at: updated_at.into(),
        }
    }
}

impl From<NoteDetails> for NoteDetailsBody {
    fn from(details: NoteDetails) -> Self {
        Self {
            note: details.note.into(),
            version: details.version.map(NoteVersionBody::from),
        }
    }
}

impl From<NoteVersion> for NoteVersionBody {
    fn from(version: NoteVersion) -> Self {
        let NoteVersion {
            note: _, // named by the path
            number,
            origin,
            content,
            author,
            created_at,
        } = version;
        let NoteContent {
            markdown,
            sentences,
            removed,
            model,
            trace_id,
        } = content;
        Self {
            number,
            origin,
            markdown,
            sentences: sentences.into_iter().map(NoteSentenceBody::from).collect(),
            removed,
            model,
            trace: trace_id,
            author,
            created_at: created_at.into(),
        }
    }
}

impl From<Sentence> for NoteSentenceBody {
    fn from(sentence: Sentence) -> Self {
        let Sentence {
            title,
            text,
            citations,
            doubt: _, // notes hold proved sentences only
        } = sentence;
        Self {
            title,
            text,
            citations: citations.into_iter().map(CitationBody::from).collect(),
        }
    }
}
