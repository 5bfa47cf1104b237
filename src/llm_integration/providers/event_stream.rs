//! Cuts Amazon's binary event stream into frames: a name and JSON, as server-sent events have.

use aws_smithy_eventstream::{error::Error, frame::read_message_from};
use aws_smithy_types::event_stream::Message;
use bytes::{Bytes, BytesMut};
use serde_json::json;

/// The prelude that says how long a message is, headers and checksums included.
const LENGTH_BYTES: usize = 4;

/// One event or exception.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamFrame {
    /// `contentBlockDelta`, `throttlingException`, ...
    pub name: String,
    /// JSON
    pub data: Bytes,
}

/// Bytes that are no event stream.
#[derive(Debug, thiserror::Error)]
pub enum BrokenStream {
    #[error("a frame of {bytes} bytes is larger than the limit of {limit} bytes")]
    TooLarge { bytes: usize, limit: usize },
    #[error("a frame is damaged")]
    Damaged(#[from] Error),
}

/// Takes chunks, cut anywhere, and gives the frames that they complete.
pub struct EventStreamSplitter {
    held: BytesMut,
    limit: usize,
}

impl EventStreamSplitter {
    pub fn new(limit: usize) -> Self {
        Self {
            held: BytesMut::new(),
            limit,
        }
    }

    /// # Errors
    /// When a frame is larger than the limit, or its checksum is wrong.
    pub fn push(&mut self, chunk: &[u8]) -> Result<Vec<StreamFrame>, BrokenStream> {
        self.held.extend_from_slice(chunk);
        let mut frames = Vec::new();
        while let Some(prelude) = self.held.first_chunk::<LENGTH_BYTES>() {
            let bytes = usize::try_from(u32::from_be_bytes(*prelude)).unwrap_or(usize::MAX);
            if bytes > self.limit {
                let limit = self.limit;
                return Err(BrokenStream::TooLarge { bytes, limit });
            }
            if self.held.len() < bytes.max(LENGTH_BYTES) {
                break;
            }
            let message = self.held.split_to(bytes.max(LENGTH_BYTES)).freeze();
            frames.push(frame_of(&read_message_from(message)?));
        }
        Ok(frames)
    }

    /// Whether the stream ended between two frames.
    pub fn is_between_frames(&self) -> bool {
        self.held.is_empty()
    }
}

fn frame_of(message: &Message) -> StreamFrame {
    let header = |name: &str| {
        message
            .headers()
            .iter()
            .find(|header| header.name().as_str() == name)
            .and_then(|header| header.value().as_string().ok())
            .map(|value| value.as_str().to_owned())
    };
    // An event, or an error that the model's API describes.
    if let Some(name) = header(":event-type").or_else(|| header(":exception-type")) {
        let data = message.payload().clone();
        return StreamFrame { name, data };
    }
    // An error of the transport has no body.
    let text = header(":error-message").unwrap_or_default();
    StreamFrame {
        name: header(":error-code").unwrap_or_else(|| "internalServerException".to_owned()),
        data: json!({ "message": text }).to_string().into(),
    }
}

#[cfg(test)]
mod tests {
    use aws_smithy_eventstream::frame::write_message_to;
    use aws_smithy_types::event_stream::{Header, HeaderValue};

    use super::*;

    fn message(headers: &[(&'static str, &'static str)], body: &'static str) -> Vec<u8> {
        let headers = headers
            .iter()
            .map(|(name, value)| Header::new(*name, HeaderValue::String((*value).into())));
        let message = Message::new_from_parts(headers.collect(), body.as_bytes());
        let mut bytes = Vec::new();
        write_message_to(&message, &mut bytes).unwrap();
        bytes
    }

    fn stream() -> Vec<u8> {
        [
            message(
                &[
                    (":message-type", "event"),
                    (":event-type", "messageStart"),
                    (":content-type", "application/json"),
                ],
                r#"{"role":"assistant"}"#,
            ),
            message(
                &[
                    (":message-type", "exception"),
                    (":exception-type", "throttlingException"),
                ],
                r#"{"message":"slow down"}"#,
            ),
            message(
                &[
                    (":message-type", "error"),
                    (":error-code", "InternalFailure"),
                    (":error-message", "oops"),
                ],
                "",
            ),
        ]
        .concat()
    }

    #[test]
    fn frames_are_the_same_wherever_chunks_are_cut() {
        let frame = |name: &str, data: &str| StreamFrame {
            name: name.to_owned(),
            data: Bytes::copy_from_slice(data.as_bytes()),
        };
        let expected = [
            frame("messageStart", r#"{"role":"assistant"}"#),
            frame("throttlingException", r#"{"message":"slow down"}"#),
            frame("InternalFailure", r#"{"message":"oops"}"#),
        ];
        let bytes = stream();
        for size in [1, 3, 7, 50, bytes.len()] {
            let mut splitter = EventStreamSplitter::new(1000);
            let mut found = Vec::new();
            for chunk in bytes.chunks(size) {
                found.extend(splitter.push(chunk).unwrap());
            }
            assert_eq!(found, expected, "chunks of {size}");
            assert!(splitter.is_between_frames());
        }
    }

    #[test]
    fn what_is_damaged_or_endless_is_refused() {
        let mut bytes = stream();
        let middle = 60;
        bytes[middle] ^= 1;
        let broken = EventStreamSplitter::new(1000).push(&bytes);
        assert!(
            matches!(broken, Err(BrokenStream::Damaged(_))),
            "{broken:?}"
        );
        let broken = EventStreamSplitter::new(100).push(&[0, 0, 1, 0]);
        assert!(
            matches!(broken, Err(BrokenStream::TooLarge { bytes: 256, .. })),
            "{broken:?}"
        );
        for short in [0_u8, 3, 11] {
            let broken =
                EventStreamSplitter::new(100).push(&[0, 0, 0, short, 0, 0, 0, 0, 0, 0, 0, 0]);
            assert!(
                matches!(broken, Err(BrokenStream::Damaged(_))),
                "{short}: {broken:?}"
            );
        }
    }
}
