//! The gateway: an application's calls to models, passed on as they are, routed and traced.
//!
//! A call, for a chat or for embeddings, goes through `pipeline`: it is read (`request`, `options`,
//! `links`), admitted by limits, guarded (`guard`), looked up in the cache (`cached`), planned by its
//! route, tried (`tries`) and answered (`conclude`, `relay`). What differs from operation to operation
//! is in `tries`' bodies: how it is said to a provider, and how a whole answer is read. Where the
//! caller and the provider speak the same dialect, bytes pass both ways and only what must be known
//! is parsed; otherwise they are translated. One call becomes one trace with one generation (`call`, `draft`),
//! durable before the answer ends ([`super::Recorder`] says what holds when it can not be): every
//! try that failed, lost a race or was cancelled is told in its `metadata.gateway.tries`, and a
//! shadow is a generation below it.

mod answer;
mod assembly;
mod cached;
mod call;
mod completion;
mod conclude;
mod draft;
mod facts;
mod frames;
mod generation;
mod guard;
mod links;
mod metrics;
mod models;
mod options;
mod pipeline;
mod places;
mod relay;
mod request;
mod service;
mod shadow;
mod sse;
mod stored;
mod surface_error;
mod tap;
mod tokens;
mod tries;
mod uncounted;

pub use answer::{Answer, AnswerBody};
pub use completion::{Completion, CompletionLinks, CompletionRequest, Speaker, Turn};
pub use service::{Gateway, GatewayParts};
