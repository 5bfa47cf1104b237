//! OTLP's shape of an error: `google.rpc.Status`, in the encoding of the request.

use prost::Message;
use serde_json::{Value, json};

use super::wire::{Encoding, RpcStatus};
use crate::{
    kernel::{Category, Failure},
    platform::http::{RenderBinary, Surface},
};

/// Where exporters of OpenTelemetry send traces by default.
pub const OTLP: Surface = Surface {
    prefix: "/v1/traces",
    render: status,
    render_binary: Some(BINARY),
    limits_own_time: false,
    idempotent: false,
    request_id_header: None,
};

/// Where Langfuse's SDKs send them, with the same exporters.
pub const LANGFUSE_OTLP: Surface = Surface {
    prefix: "/api/public/otel/",
    ..OTLP
};

const BINARY: RenderBinary = RenderBinary {
    content_type: Encoding::Protobuf.content_type(),
    render: binary_status,
};

fn status(failure: &Failure, _request_id: &str) -> Value {
    json!({ "code": rpc_code(failure.category()), "message": failure.message })
}

fn binary_status(failure: &Failure) -> Vec<u8> {
    let status = RpcStatus {
        code: rpc_code(failure.category()),
        message: failure.message.clone(),
    };
    status.encode_to_vec()
}

/// The number in `google.rpc.Code`.
const fn rpc_code(category: Category) -> i32 {
    match category {
        Category::Invalid
        | Category::TooLarge
        | Category::UriTooLong
        | Category::UnsupportedMediaType
        | Category::RangeNotSatisfiable
        | Category::Unprocessable
        | Category::HeadersTooLarge => 3,
        Category::Timeout => 4,
        Category::NotFound => 5,
        Category::Forbidden => 7,
        Category::RateLimited => 8,
        Category::Conflict => 10,
        Category::MethodNotAllowed => 12,
        Category::Internal => 13,
        Category::Upstream | Category::Unavailable => 14,
        Category::Unauthenticated => 16,
    }
}
