//! What askers get.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    document::{
        answering::{
            model::{AnswerBody, Answered, Mode, Outcome, Thread},
            service::Conversation,
        },
        extraction::Rect,
        proving::{Citation, PageBox, Sentence, StoredDoubt},
    },
    kernel::Cursor,
};

/// An answer whose every sentence is proved by words of a document.
#[derive(Serialize, ToSchema)]
pub struct DocumentAnswerBody {
    id: String,
    thread: String,
    /// 1, 2, 3 and so on within the thread.
    number: i32,
    question: String,
    outcome: Outcome,
    /// The proved sentences as one text.
    text: String,
    sentences: Vec<SentenceBody>,
    /// What the documents do not say of what was asked.
    missing: Option<String>,
    /// Sentences of the model's that nothing proved, and that were left out.
    removed: usize,
    /// The question as it was searched for, where it was rewritten.
    searched_for: Option<String>,
    mode: Mode,
    /// Passages that the model was shown.
    passages: usize,
    model: Option<String>,
    /// The trace of the question, with tokens and costs.
    trace: Option<String>,
    tokens: Option<u64>,
    created_by: String,
    created_at: DateTime<Utc>,
}

/// One sentence, and what proves it.
#[derive(Serialize, ToSchema)]
#[schema(as = AnswerSentenceBody)]
pub struct SentenceBody {
    text: String,
    citations: Vec<CitationBody>,
    /// Why it is not proved; only told where `unsupported` is `mark`.
    #[serde(skip_serializing_if = "Option::is_none")]
    doubt: Option<DoubtBody>,
}

/// Words of a document, found there letter for letter.
#[derive(Serialize, ToSchema)]
pub struct CitationBody {
    document: String,
    version: String,
    title: String,
    /// First and last page.
    pages: [u32; 2],
    /// As they stand in the document.
    quote: String,
    /// Where they stand in the version's text, in characters: from `start` up to, without, `end`.
    start: usize,
    end: usize,
    /// Where they stand on the pages; empty where the format has no layout.
    boxes: Vec<PageBoxBody>,
}

/// A part of a page, in points from its top left corner.
#[derive(Serialize, ToSchema)]
pub struct PageBoxBody {
    page: u32,
    left: f32,
    top: f32,
    right: f32,
    bottom: f32,
}

#[derive(Serialize, ToSchema)]
pub struct DoubtBody {
    /// `no_quote`, `quote_not_found` or `number_not_quoted`.
    code: String,
    message: String,
}

/// A conversation about documents.
#[derive(Serialize, ToSchema)]
#[schema(as = DocumentThreadBody)]
pub struct ThreadBody {
    id: String,
    title: String,
    /// Which documents may answer; none: all of the project.
    documents: Vec<String>,
    folder: Option<String>,
    tags: Vec<String>,
    created_by: String,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

/// One page of conversations.
#[derive(Serialize, ToSchema)]
#[schema(as = DocumentThreadsBody)]
pub struct ThreadsBody {
    pub items: Vec<ThreadBody>,
    #[schema(value_type = Option<String>)]
    pub next: Option<Cursor>,
}

/// A conversation, and one page of its answers.
#[derive(Serialize, ToSchema)]
#[schema(as = DocumentConversationBody)]
pub struct ConversationBody {
    #[serde(flatten)]
    thread: ThreadBody,
    answers: Vec<DocumentAnswerBody>,
    #[schema(value_type = Option<String>)]
    next: Option<Cursor>,
}

impl From<Answered> for DocumentAnswerBody {
    fn from(answer: Answered) -> Self {
        let Answered {
            id,
            thread,
            project: _, // the caller's own
            number,
            question,
            body,
            outcome,
            created_by,
            created_at,
        } = answer;
        let text = body.text();
        let AnswerBody {
            sentences,
            missing,
            removed,
            searched_for,
            mode,
            passages,
            model,
            trace_id,
            tokens,
        } = body;
        Self {
            id: id.to_string(),
            thread: thread.to_string(),
            number,
            question: question.as_str().to_owned(),
            outcome,
            text,
            sentences: sentences.into_iter().map(SentenceBody::from).collect(),
            missing,
            removed,
            searched_for,
            mode,
            passages,
            model,
            trace: trace_id,
            tokens,
            created_by,
            created_at: created_at.into(),
        }
    }
}

impl From<Sentence> for SentenceBody {
    fn from(sentence: Sentence) -> Self {
        let Sentence {
            title: _, // answers have none
            text,
            citations,
            doubt,
        } = sentence;
        Self {
            text,
            citations: citations.into_iter().map(CitationBody::from).collect(),
            doubt: doubt.map(DoubtBody::from),
        }
    }
}

impl From<Citation> for CitationBody {
    fn from(citation: Citation) -> Self {
        let Citation {
            document,
            version,
            title,
            quote,
            start,
            end,
            pages,
            boxes,
        } = citation;
        Self {
            document: document.to_string(),
            version: version.to_string(),
            title,
            pages: [pages.0, pages.1],
            quote,
            start,
            end,
            boxes: boxes.into_iter().map(PageBoxBody::from).collect(),
        }
    }
}

impl From<PageBox> for PageBoxBody {
    fn from(place: PageBox) -> Self {
        let PageBox { page, bounds } = place;
        let Rect {
            left,
            top,
            right,
            bottom,
        } = bounds;
        Self {
            page,
            left,
            top,
            right,
            bottom,
        }
    }
}

impl From<StoredDoubt> for DoubtBody {
    fn from(doubt: StoredDoubt) -> Self {
        let StoredDoubt { code, message } = doubt;
        Self { code, message }
    }
}

impl From<Thread> for ThreadBody {
    fn from(thread: Thread) -> Self {
        let Thread {
            id,
            project: _, // the caller's own
            title,
            scope,
            created_by,
            created_at,
            updated_at,
        } = thread;
        Self {
            id: id.to_string(),
            title,
            documents: scope.documents.iter().map(ToString::to_string).collect(),
            folder: scope.folder.map(|folder| folder.as_str().to_owned()),
            tags: scope.tags,
            created_by,
            created_at: created_at.into(),
            updated_at: updated_at.into(),
        }
    }
}

impl From<Conversation> for ConversationBody {
    fn from(conversation: Conversation) -> Self {
        let Conversation { thread, answers } = conversation;
        Self {
            thread: thread.into(),
            answers: answers
                .items
                .into_iter()
                .map(DocumentAnswerBody::from)
                .collect(),
            next: answers.next,
        }
    }
}
