//! One span with everything that its mapping may look at.

use super::attributes::Attributes;
use crate::{
    interop::otlp::wire::{SpanEvent, Status},
    kernel::Timestamp,
    llm_integration::JsonText,
};

/// The program that sent the spans, as far as it changes how they are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sender {
    /// Every metadata value is JSON, texts too.
    pub encodes_metadata: bool,
}

impl Sender {
    /// By `x-langfuse-sdk-name` and `-version`: Langfuse's Python SDK encodes metadata from 5.0 on, its
    /// JavaScript SDK of the same version does not.
    pub fn of_sdk(name: Option<&str>, version: Option<&str>) -> Self {
        const FIRST_ENCODING_MAJOR: u32 = 5;
        let is_python = name.is_some_and(|name| name.trim().eq_ignore_ascii_case("python"));
        let major = version.and_then(|text| {
            let digits = text.trim().trim_start_matches(['v', 'V']);
            digits.split(['.', '-', '+']).next()?.parse::<u32>().ok()
        });
        Self {
            encodes_metadata: is_python && major.is_some_and(|m| m >= FIRST_ENCODING_MAJOR),
        }
    }
}

/// The library that made a span.
pub struct ScopeView {
    pub name: String,
    pub version: String,
    pub attributes: Attributes,
}

impl ScopeView {
    /// Whether spans follow Langfuse's own vocabulary, so that what it knows needs no second copy.
    pub fn is_langfuse_sdk(&self) -> bool {
        self.name.starts_with("langfuse-sdk")
    }
}

/// Something that happened at one moment within a span.
pub struct EventView {
    pub name: String,
    pub at: Option<Timestamp>,
    pub attributes: Attributes,
}

impl From<SpanEvent> for EventView {
    fn from(event: SpanEvent) -> Self {
        Self {
            at: timestamp(event.time_unix_nano),
            name: event.name,
            attributes: Attributes::new(event.attributes),
        }
    }
}

pub struct SpanView<'a> {
    pub name: &'a str,
    pub started_at: Timestamp,
    pub ended_at: Timestamp,
    pub attributes: &'a Attributes,
    pub events: &'a [EventView],
    pub status: Option<&'a Status>,
    pub scope: &'a ScopeView,
    pub resource: &'a Attributes,
    pub sender: Sender,
}

impl SpanView<'_> {
    pub fn failed(&self) -> bool {
        self.status.is_some_and(|s| s.code == Status::ERROR)
    }

    pub fn event(&self, name: &str) -> Option<&EventView> {
        self.events.iter().find(|event| event.name == name)
    }
}

/// What went into a step and what came out.
#[derive(Debug, Default)]
pub struct Io {
    pub input: Option<JsonText>,
    pub output: Option<JsonText>,
}

impl Io {
    /// `None` when neither is there, so that the next vocabulary is asked.
    pub fn of(input: Option<JsonText>, output: Option<JsonText>) -> Option<Self> {
        (input.is_some() || output.is_some()).then_some(Self { input, output })
    }
}

/// Zero means that the time was not said.
pub fn timestamp(unix_nanos: u64) -> Option<Timestamp> {
    const NANOS_PER_MICRO: u64 = 1_000;
    let micros = i64::try_from(unix_nanos / NANOS_PER_MICRO).ok()?;
    Timestamp::from_unix_micros(micros).filter(|_| unix_nanos > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pythons_fifth_generation_encodes_metadata() {
        let encodes = |name, version| Sender::of_sdk(name, version).encodes_metadata;
        assert!(encodes(Some("python"), Some("5.0.4")));
        assert!(encodes(Some("python"), Some("v6.0.0-rc1")));
        assert!(!encodes(Some("python"), Some("4.14.3")));
        assert!(!encodes(Some("javascript"), Some("5.11.1")));
        assert!(!encodes(None, None));
    }
}
