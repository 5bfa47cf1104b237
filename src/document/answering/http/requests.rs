//! What askers send: parsed here, so that what goes in is valid.

use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use crate::{
    document::{
        DocumentError, DocumentTags, Folder,
        answering::model::{Ask, Mode, NAMED_MAX, Question, Scope, Unsupported},
    },
    kernel::{Cursor, Failure, PageLimit},
    platform::http::path_id,
};

/// Passages that one question can ask to be shown to the model.
const PASSAGES_MAX: u32 = 100;

/// A question about documents.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AskQuestion {
    question: String,
    /// Only these documents; all of the project when neither they nor a folder nor tags are given.
    #[serde(default)]
    documents: Vec<String>,
    /// Only documents in this folder, or in a folder inside it.
    folder: Option<String>,
    /// Only documents with all of these tags.
    #[serde(default)]
    tags: Vec<String>,
    /// The thread that this follows up. Its documents count, where none are given here.
    thread: Option<String>,
    /// A model, `provider/model` or a route; `documents.answers.model` when absent.
    model: Option<String>,
    #[serde(default)]
    mode: Mode,
    #[serde(default)]
    unsupported: Unsupported,
    /// Whether the model rewrites the question, so that it can be searched for without its conversation; by default,
    /// where it follows up another.
    rewrite: Option<bool>,
    /// Passages at most that the model is shown of what search finds: 1 to 100.
    passages: Option<u32>,
    /// Tells each sentence when its proof was found, as server-sent events.
    #[serde(default)]
    stream: bool,
}

/// A question, and whether its answer is streamed.
pub struct AskRequest {
    pub ask: Ask,
    pub stream: bool,
}

impl AskQuestion {
    pub fn parse(self) -> Result<AskRequest, Failure> {
        let Self {
            question,
            documents,
            folder,
            tags,
            thread,
            model,
            mode,
            unsupported,
            rewrite,
            passages,
            stream,
        } = self;
        if documents.len() > NAMED_MAX {
            let why = format!("names {} documents; at most {NAMED_MAX}", documents.len());
            return Err(DocumentError::invalid("documents", why).into());
        }
        if let Some(count) = passages.filter(|count| !(1..=PASSAGES_MAX).contains(count)) {
            let why = format!("is {count}; it must be between 1 and {PASSAGES_MAX}");
            return Err(DocumentError::invalid("passages", why).into());
        }
        let documents = documents.iter().map(|id| path_id("document", id));
        let ask = Ask {
            question: Question::parse(&question)?,
            scope: Scope {
                documents: documents.collect::<Result<_, _>>()?,
                folder: folder.as_deref().map(Folder::parse).transpose()?,
                tags: DocumentTags::parse(&tags)?.as_slice().to_vec(),
            },
            thread: thread.map(|id| path_id("thread", &id)).transpose()?,
            model,
            mode,
            unsupported,
            rewrite,
            passages,
        };
        Ok(AskRequest { ask, stream })
    }
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListThreads {
    /// Where the page begins: `next` of the page before.
    cursor: Option<String>,
    limit: Option<u32>,
}

impl ListThreads {
    pub fn parse(self) -> Result<(Option<Cursor>, PageLimit), Failure> {
        Ok((self.cursor.map(Cursor::from), PageLimit::parse(self.limit)?))
    }
}
