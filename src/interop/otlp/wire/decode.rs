//! Reads the body of a request in the encoding that its `Content-Type` names.

use prost::Message;

use super::message::TraceRequest;
use crate::interop::captured::well_formed;

/// How a request is written, and so how its answer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    Protobuf,
    Json,
}

#[derive(Debug, thiserror::Error)]
pub enum Undecodable {
    #[error("the body is not an ExportTraceServiceRequest in Protobuf: {0}")]
    Protobuf(prost::DecodeError),
    #[error("the body is not an ExportTraceServiceRequest in JSON: {0}")]
    Json(serde_json::Error),
}

impl Encoding {
    /// By the media type; parameters after it say nothing more.
    pub fn of_content_type(content_type: &str) -> Option<Self> {
        let media_type = content_type.split(';').next()?.trim();
        if media_type.eq_ignore_ascii_case("application/x-protobuf")
            || media_type.eq_ignore_ascii_case("application/protobuf")
        {
            return Some(Self::Protobuf);
        }
        media_type
            .eq_ignore_ascii_case("application/json")
            .then_some(Self::Json)
    }

    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Protobuf => "application/x-protobuf",
            Self::Json => "application/json",
        }
    }

    /// # Errors
    /// [`Undecodable`] with the place where the body stops making sense.
    pub fn decode(self, body: &[u8]) -> Result<TraceRequest, Undecodable> {
        match self {
            Self::Protobuf => TraceRequest::decode(body).map_err(Undecodable::Protobuf),
            // `{}` is a request without spans, and so is nothing at all.
            Self::Json if body.is_empty() => Ok(TraceRequest::default()),
            Self::Json => serde_json::from_slice(&well_formed(body)).map_err(Undecodable::Json),
        }
    }
}

impl TraceRequest {
    /// The same request in Protobuf.
    pub fn to_protobuf(&self) -> Vec<u8> {
        self.encode_to_vec()
    }
}
