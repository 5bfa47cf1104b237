//! Traces by OTLP over HTTP: `/v1/traces` for every OpenTelemetry SDK, and the path that Langfuse's
//! SDKs use.
//!
//! `wire` reads the bytes, `mapping` says what they mean, [`Otlp`] records it.

mod errors;
#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod golden;
mod http;
mod mapping;
mod service;
mod wire;

pub use errors::{LANGFUSE_OTLP, OTLP};
pub use http::routes;
pub use mapping::{BadId, Mapped, ScoredAs, Sender, SpanScore, map};
pub use service::Otlp;
pub use wire::{Encoding, TraceRequest, Undecodable};
