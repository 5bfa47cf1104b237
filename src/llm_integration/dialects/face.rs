//! What every dialect offers, and what can be wrong with a translation.

use std::fmt;

use bytes::{Bytes, BytesMut};
use serde_json::{Map, Value};

use super::chat::Event;

/// The name of a JSON schema that came without one.
pub(super) const SCHEMA_NAME: &str = "output";

/// Something that a request asks for and the other side has no word for, or a body that is no request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Untranslatable {
    /// Its name in the request, as in `messages[2].content[0].type`.
    pub field: String,
    /// Why, and what would be right.
    pub why: String,
}

/// An answer that is not in the dialect it should be in.
#[derive(Debug, thiserror::Error)]
#[error("the provider's answer is not as its API describes it: {what}")]
pub struct Unreadable {
    pub what: String,
}

/// What to do with fields that can not be carried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Leniency {
    /// Refuse the request and name the field.
    #[default]
    Refuse,
    /// Leave the field out and list its name.
    Drop,
}

/// A request in a provider's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoded {
    pub body: Bytes,
    /// The names of what was left out, in the words of the client's dialect where they differ.
    pub dropped: Vec<String>,
}

/// One event as it came over the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// The name beside the data; Bedrock's `:event-type`. Dialects whose data says it ignore it.
    pub event: Option<&'a str>,
    pub data: &'a [u8],
}

/// Whether a stream ended as its dialect ends one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Completeness {
    Complete,
    CutOff,
}

/// Reads a provider's stream. Bounded: it keeps what it needs to number parts, never their text.
pub trait DecodeEvents {
    /// Appends what one frame says.
    ///
    /// # Errors
    /// When the frame is not one of the dialect.
    fn take(&mut self, frame: Frame<'_>, events: &mut Vec<Event>) -> Result<(), Unreadable>;

    /// The frames have ended. Appends the ends of parts that are still open.
    fn finish(&mut self, events: &mut Vec<Event>) -> Completeness;
}

/// Writes a stream to a client, framing included.
pub trait EncodeEvents {
    fn take(&mut self, event: &Event, out: &mut BytesMut);

    /// Writes what ends a whole stream; after an error, nothing.
    fn finish(&mut self, out: &mut BytesMut);
}

/// What an answer says beside what the provider said.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct EncodeContext {
    /// Where the provider gave no id; made ours by the prefix of the dialect.
    pub id: String,
    /// The model asked for, where the provider named none.
    pub model: String,
    /// Seconds since 1970.
    pub created: i64,
    /// A stream of OpenAI's chat ends with the usage only if it was asked to.
    pub stream_usage: bool,
    /// What the request said and the answer repeats, in the words of the client's dialect.
    pub echo: Map<String, Value>,
}

impl Untranslatable {
    pub fn new(field: impl Into<String>, why: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            why: why.into(),
        }
    }
}

impl fmt::Display for Untranslatable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.field.is_empty() {
            return f.write_str(&self.why);
        }
        write!(f, "`{}`: {}", self.field, self.why)
    }
}

impl std::error::Error for Untranslatable {}

impl Unreadable {
    pub fn new(what: impl fmt::Display) -> Self {
        Self {
            what: what.to_string(),
        }
    }
}
