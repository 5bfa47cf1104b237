//! Answers about documents: what a model says, as far as the documents' own words prove it.
//!
//! A question is answered from whole documents when they fit the model's window, else from what search finds. The
//! model is asked through the gateway, under the limits and guardrails of the asker's key; everything is one trace.

mod http;
mod model;
mod prompt;
mod schema;
mod service;
mod settings;
mod store;

pub use http::{CitationBody, routes};
pub use model::{
    AnswerBody, AnswerId, Answered, Ask, Mode, Outcome, Question, Scope, Thread, ThreadId,
    Unsupported,
};
pub use service::{AnswerParts, Answers, Asking, Conversation, Told};
pub use settings::AnswerSettings;
pub(in crate::document) use store::{Answerable, answerable, forget};
