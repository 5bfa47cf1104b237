//! From the bytes of a request to messages: OTLP in Protobuf and in JSON.

mod decode;
mod json;
mod message;

pub use decode::{Encoding, Undecodable};
pub use message::{
    AnyValue, KeyValue, Link, PartialSuccess, ResourceSpans, RpcStatus, Scope, ScopeSpans, Span,
    SpanEvent, Status, TraceRequest, TraceResponse, Value,
};
