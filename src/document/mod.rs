//! Documents: what is uploaded, what is read out of it, how it is found again, and answers that its own words prove.
//!
//! It promises: a version never changes; the same bytes are stored and read once a project; a page that was read stays
//! read, whatever happens to the process that reads on; what people say of a document, no reading overwrites; a
//! document that was deleted is gone from every table, index and object.

mod annotations;
mod answering;
mod bibliography;
pub mod chunking;
mod error;
mod events;
pub mod extraction;
mod http;
mod jobs;
mod markdown;
mod model;
mod news;
mod notes;
mod proving;
pub mod queues;
mod schema;
pub mod search;
mod service;
mod settings;
mod store;
mod trace;

pub use annotations::{
    Annotation, AnnotationId, AnnotationPlace, Annotations, Color, Comment, NewAnnotation,
};
pub use answering::{
    AnswerBody, AnswerId, AnswerParts, AnswerSettings, Answered, Answers, Ask, Asking,
    Conversation, Mode as AnswerMode, Outcome, Question, Scope, Thread, ThreadId, Told,
    Unsupported, routes as answer_routes,
};
pub use error::DocumentError;
pub use events::{DocumentDeleted, DocumentIndexed, DocumentRead, DocumentUploaded};
pub use http::routes;
pub use model::{
    Authors, ByteSpan, Document, DocumentId, DocumentTags, DocumentVersion, Doi, Draft, Edit,
    Field, FieldChange, FileName, Folder, Language, PictureWidth, StoredPage, Title, VersionId,
    VersionNumber, VersionState, Year,
};
pub use notes::{
    NewNote, Note, NoteContent, NoteDetails, NoteId, NoteKind, NoteOrigin, NoteParts, NoteState,
    NoteVersion, Notes,
};
pub use proving::{Citation, Doubt, PageBox, Sentence, StoredDoubt, Unproved};
pub use service::{
    Added, DocumentDetails, Documents, FilePart, PagePicture, Reading, ReceivedFile,
    VersionDetails, WantedPart, Watch,
};
pub use settings::DocumentSettings;
pub use store::{CatalogFilter, CatalogOrder, PageSummary, SortBy};
