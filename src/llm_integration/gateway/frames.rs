//! Cuts a stream into frames, whatever it is framed by, and tells which one is the last.

use bytes::Bytes;
use serde::Deserialize;

use super::sse::{Event, Splitter};
use crate::llm_integration::{
    dialects::Dialect,
    providers::{BrokenStream, EventStreamSplitter, Framing},
};

pub(super) const DONE: &[u8] = b"[DONE]";

/// One frame: its bytes as they came, and what they say.
pub(super) struct FrameBytes {
    pub bytes: Bytes,
    pub event: Option<String>,
    pub data: Option<Bytes>,
}

pub(super) enum Frames {
    Sse(Splitter),
    Aws(EventStreamSplitter),
}

/// Bytes that can not be cut into frames.
pub(super) enum NoFrame {
    TooLarge,
    Damaged,
}

impl Frames {
    pub fn new(framing: Framing, limit: usize) -> Self {
        match framing {
            Framing::ServerSentEvents => Self::Sse(Splitter::new(limit)),
            Framing::AwsEventStream => Self::Aws(EventStreamSplitter::new(limit)),
        }
    }

    pub fn push(&mut self, chunk: &[u8]) -> Result<Vec<FrameBytes>, NoFrame> {
        match self {
            Self::Sse(splitter) => {
                let events = splitter.push(chunk).map_err(|_| NoFrame::TooLarge)?;
                let frames = events.into_iter().map(|Event { bytes, data }| FrameBytes {
                    bytes,
                    event: None,
                    data,
                });
                Ok(frames.collect())
            }
            Self::Aws(splitter) => {
                let frames = splitter.push(chunk).map_err(|broken| match broken {
                    BrokenStream::TooLarge { .. } => NoFrame::TooLarge,
                    BrokenStream::Damaged(_) => NoFrame::Damaged,
                })?;
                let frames = frames.into_iter().map(|frame| FrameBytes {
                    bytes: Bytes::new(),
                    event: Some(frame.name),
                    data: Some(frame.data),
                });
                Ok(frames.collect())
            }
        }
    }

    /// Whether nothing came after the last frame that no server would leave out. An event's blank
    /// line may be missing at the end of a stream, half of a binary frame may not.
    pub fn is_between_frames(&self) -> bool {
        match self {
            Self::Sse(_) => true,
            Self::Aws(splitter) => splitter.is_between_frames(),
        }
    }

    /// What came after the last complete frame.
    pub fn rest(&mut self) -> Bytes {
        match self {
            Self::Sse(splitter) => splitter.rest(),
            Self::Aws(_) => Bytes::new(),
        }
    }
}

/// Whether nothing follows this frame in a stream of the dialect.
pub(super) fn is_last(dialect: Dialect, data: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Kind<'a> {
        #[serde(rename = "type", borrow)]
        kind: std::borrow::Cow<'a, str>,
    }
    let kinds: &[&str] = match dialect {
        Dialect::OpenAiChat => return data.trim_ascii() == DONE,
        Dialect::Anthropic => &["message_stop"],
        Dialect::OpenAiResponses => &[
            "response.completed",
            "response.failed",
            "response.incomplete",
        ],
        Dialect::Gemini | Dialect::Bedrock => return false,
    };
    // The text of an answer can say anything, so only frames that hold the word are parsed.
    let holds = |kind: &&str| {
        data.windows(kind.len())
            .any(|window| window == kind.as_bytes())
    };
    kinds.iter().any(holds)
        && serde_json::from_slice::<Kind<'_>>(data)
            .is_ok_and(|frame| kinds.contains(&frame.kind.as_ref()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_frame_is_known_by_its_type_and_not_by_what_a_text_says() {
        for (dialect, data, last) in [
            (Dialect::OpenAiChat, "[DONE]", true),
            (Dialect::OpenAiChat, r#"{"text":"[DONE]"}"#, false),
            (Dialect::Anthropic, r#"{"type": "message_stop"}"#, true),
            (
                Dialect::Anthropic,
                r#"{"type":"content_block_delta","delta":{"text":"message_stop"}}"#,
                false,
            ),
            (
                Dialect::OpenAiResponses,
                r#"{"type":"response.incomplete","response":{}}"#,
                true,
            ),
            (
                Dialect::OpenAiResponses,
                r#"{"type":"response.created"}"#,
                false,
            ),
            (Dialect::Gemini, "{}", false),
        ] {
            assert_eq!(is_last(dialect, data.as_bytes()), last, "{data}");
        }
    }
}
