//! Passes a streamed answer on as it comes, and commits its trace before its end is passed on.

use std::{convert::Infallible, time::Duration};

use bytes::{Bytes, BytesMut};
use futures::{Stream, stream};
use reqwest::Response;
use tokio::time;

use super::{
    call::Call,
    sse::{Event, Splitter},
};
use crate::{
    kernel::Failure,
    llm_integration::{LlmError, ProviderName, surface},
};

const DONE: &[u8] = b"[DONE]";
/// How long a provider has to end its body after it said so; then its connection is not reused.
const CLOSING: Duration = Duration::from_millis(100);

/// A streamed answer on its way. Dropping it ends the provider's call.
pub(super) struct Relay {
    pub upstream: Response,
    pub provider: ProviderName,
    pub idle_timeout: Duration,
    pub event_limit: usize,
    pub hide_usage: bool,
    pub call: Call,
}

struct Running {
    relay: Relay,
    splitter: Splitter,
    /// An error that the provider sent as an event.
    reported: Option<String>,
    /// What is sent once the trace is committed; then the answer has ended.
    last: Option<Last>,
}

/// How an answer ends.
struct Last {
    bytes: Bytes,
    failure: Option<String>,
}

impl Relay {
    pub fn into_stream(self) -> impl Stream<Item = Result<Bytes, Infallible>> {
        let splitter = Splitter::new(self.event_limit);
        let running = Running {
            relay: self,
            splitter,
            reported: None,
            last: None,
        };
        stream::unfold(Some(running), |running| async {
            let mut running = running?;
            let (bytes, goes_on) = running.step().await;
            Some((Ok(bytes), goes_on.then_some(running)))
        })
    }
}

impl Running {
    /// The next bytes, and whether more follow.
    async fn step(&mut self) -> (Bytes, bool) {
        while self.last.is_none() {
            let chunk = time::timeout(self.relay.idle_timeout, self.relay.upstream.chunk()).await;
            let ready = match chunk {
                Ok(Ok(Some(chunk))) => self.pass(&chunk),
                Ok(Ok(None)) => self.ended(),
                Ok(Err(error)) => self.broken(LlmError::ProviderFailed {
                    provider: self.relay.provider.clone(),
                    source: error.without_url(),
                }),
                Err(_) => self.broken(LlmError::ProviderTimeout {
                    provider: self.relay.provider.clone(),
                    waited: self.relay.idle_timeout,
                }),
            };
            if !ready.is_empty() {
                return (ready, true);
            }
        }
        self.finish().await
    }

    /// Commits, and gives the answer's last bytes.
    async fn finish(&mut self) -> (Bytes, bool) {
        let Some(Last { bytes, failure }) = self.last.take() else {
            return (Bytes::new(), false);
        };
        let Relay { call, upstream, .. } = &mut self.relay;
        let read_to_end = async { while let Ok(Some(_)) = upstream.chunk().await {} };
        // The record's fate is logged and counted where it is decided; the answer ends either way.
        let (_stored, _closed) = tokio::join!(
            call.end_stream(failure),
            time::timeout(CLOSING, read_to_end)
        );
        (bytes, false)
    }

    /// The bytes of a chunk that can go out now.
    fn pass(&mut self, chunk: &[u8]) -> Bytes {
        let Ok(events) = self.splitter.push(chunk) else {
            let (provider, limit) = (self.relay.provider.clone(), self.relay.event_limit);
            return self.broken(LlmError::AnswerTooLarge { provider, limit });
        };
        let mut ready = BytesMut::with_capacity(chunk.len());
        for Event { bytes, data } in events {
            if self.last.is_some() {
                break;
            }
            match data {
                Some(data) if data.trim_ascii() == DONE => self.end_with(bytes),
                Some(data) if self.take(&data) => {}
                _ => ready.extend_from_slice(&bytes),
            }
        }
        ready.freeze()
    }

    /// Notes what an event says. True when it must not be passed on.
    fn take(&mut self, data: &[u8]) -> bool {
        let seen = self.relay.call.take(data);
        if let Some(error) = seen.error {
            self.reported = Some(format!("{} reported: {error}", self.relay.provider));
        }
        seen.only_usage && self.relay.hide_usage
    }

    fn end_with(&mut self, bytes: Bytes) {
        self.last = Some(Last {
            bytes,
            failure: self.reported.take(),
        });
    }

    /// The provider closed without `[DONE]`: fine when the answer was whole.
    fn ended(&mut self) -> Bytes {
        let rest = self.splitter.rest();
        let data = rest
            .strip_prefix(b"data:")
            .map(<[u8]>::trim_ascii)
            .unwrap_or_default();
        if data != DONE && !data.is_empty() {
            self.take(data);
        }
        if data == DONE || self.reported.is_some() || self.relay.call.stream_is_complete() {
            self.end_with(rest);
            return Bytes::new();
        }
        self.broken(LlmError::ProviderCutOff {
            provider: self.relay.provider.clone(),
        })
    }

    /// The status has been sent, so the client learns of the failure from an event.
    fn broken(&mut self, error: LlmError) -> Bytes {
        let failure = Failure::from(error);
        tracing::warn!(
            code = failure.code.name(),
            causes = failure.causes(),
            "a streamed answer broke off"
        );
        let event = format!("data: {}\n\n", surface::openai_error(&failure, ""));
        self.last = Some(Last {
            bytes: event.into(),
            failure: Some(failure.message.clone()),
        });
        Bytes::new()
    }
}
