//! The gateway: an application's calls to models, passed on as they are, and traced.
//!
//! Bytes pass through both ways; only what must be known is parsed. One call becomes one trace with
//! one generation, committed before the answer ends ([`super::Recorder`] says what holds when it
//! can not be).

mod assembly;
mod call;
mod generation;
mod links;
mod models;
mod relay;
mod request;
mod service;
mod sse;

pub use service::{Answer, AnswerBody, Gateway};
