//! Passes a streamed answer on as it comes, and records its call before its end is passed on.

use std::{convert::Infallible, sync::Arc, time::Duration};

use bytes::{Bytes, BytesMut};
use futures::{Stream, stream};
use reqwest::Response;
use tokio::{
    sync::OwnedSemaphorePermit,
    task::JoinHandle,
    time::{self, Instant},
};

use super::{
    cached::Keep,
    call::{self, Call},
    frames::{DONE, FrameBytes, Frames, NoFrame, is_last},
    stored::Noting,
    surface_error,
    tap::Broken,
    tries::next_chunk,
};
use crate::{
    kernel,
    llm_integration::{
        LlmError,
        dialects::{Completeness, Dialect, EncodeEvents, Frame, chat::Event},
        providers::Provider,
        routing::{Entered, FailureClass},
    },
};

/// How long a provider has to end its body after it said so; then its connection is not reused.
const CLOSING: Duration = Duration::from_millis(100);

/// A streamed answer on its way. Dropping it ends the provider's call.
pub(super) struct Relay {
    /// `None` once it has ended.
    pub upstream: Option<Response>,
    /// What was read of it to know that it is an answer.
    pub first: Bytes,
    pub provider: Arc<Provider>,
    /// What the provider speaks, and the caller.
    pub dialect: Dialect,
    pub surface: Dialect,
    pub idle_timeout: Duration,
    pub deadline: Instant,
    pub event_limit: usize,
    pub writing: Writing,
    pub frames: Frames,
    pub entered: Entered,
    pub _place: OwnedSemaphorePermit,
    pub call: Call,
    /// Where the answer is kept for equal calls.
    pub keep: Option<Keep>,
    /// Where the provider keeps the answer: until it is noted whose it is.
    pub noting: Option<Noting>,
}

/// What the caller gets.
pub(super) enum Writing {
    /// The provider's bytes, but for a usage that the caller did not ask for.
    Pass { hide_usage: bool },
    /// The same in other words.
    Tell(Box<dyn EncodeEvents + Send>),
}

struct Running {
    relay: Relay,
    /// An error that the provider sent as an event.
    reported: Option<String>,
    /// What is sent once the call is recorded; then the answer has ended.
    last: Option<Last>,
    events: Vec<Event>,
    /// Notes whose the response is; the answer ends after that.
    noting: Option<JoinHandle<()>>,
}

/// How an answer ends.
struct Last {
    bytes: Bytes,
    failure: Option<call::Failure>,
}

impl Relay {
    pub fn into_stream(self) -> impl Stream<Item = Result<Bytes, Infallible>> {
        let running = Running {
            relay: self,
            reported: None,
            last: None,
            events: Vec::new(),
            noting: None,
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
            let ready = match self.next().await {
                Ok(Some(chunk)) => self.pass(&chunk),
                Ok(None) => self.ended(),
                Err(error) => self.broken(error),
            };
            if !ready.is_empty() {
                return (ready, true);
            }
        }
        self.finish().await
    }

    async fn next(&mut self) -> Result<Option<Bytes>, LlmError> {
        let relay = &mut self.relay;
        if !relay.first.is_empty() {
            return Ok(Some(std::mem::take(&mut relay.first)));
        }
        let Some(upstream) = relay.upstream.as_mut() else {
            return Ok(None);
        };
        let provider = &relay.provider;
        next_chunk(upstream, provider, relay.idle_timeout, relay.deadline).await
    }

    /// Records, and gives the answer's last bytes.
    async fn finish(&mut self) -> (Bytes, bool) {
        let Some(last) = self.last.take() else {
            return (Bytes::new(), false);
        };
        let Last { bytes, failure } = self.told(last).await;
        match &failure {
            None => self.relay.entered.succeeded(),
            Some(_) => {
                self.relay.entered.failed(FailureClass::Unreadable);
            }
        }
        if let Some(upstream) = self.relay.upstream.take().filter(|_| failure.is_none()) {
            tokio::spawn(read_to_end(upstream));
        }
        let noted = async {
            if let Some(noting) = self.noting.take()
                && let Err(error) = noting.await
            {
                tracing::error!(%error, "whose a stored response is was not noted");
            }
        };
        let (answer, ()) = tokio::join!(self.relay.call.end_stream(failure), noted);
        if let Some((answer, keep)) = answer.zip(self.relay.keep.take()) {
            keep.answer(&answer, &self.relay.call.routed).await;
        }
        (bytes, false)
    }

    /// Lets a guard judge the whole, and writes the rest and the end of what is told in other words.
    async fn told(&mut self, last: Last) -> Last {
        if last
            .failure
            .as_ref()
            .is_some_and(|failure| !failure.is_reported)
            || matches!(self.relay.writing, Writing::Pass { .. })
        {
            return last;
        }
        let mut events = std::mem::take(&mut self.events);
        events.clear();
        if let Some(tap) = self.relay.call.tap() {
            let ended = tap.end(&mut events).map(|_| ());
            let released = match ended {
                Ok(()) => tap.release(&mut events).await,
                Err(broken) => Err(broken),
            };
            if let Err(broken) = released {
                let error = self.error_of(broken);
                return self.failed_with(error);
            }
        }
        let mut bytes = BytesMut::from(last.bytes.as_ref());
        if let Writing::Tell(encoder) = &mut self.relay.writing {
            for event in &events {
                encoder.take(event, &mut bytes);
            }
            encoder.finish(&mut bytes);
        }
        Last {
            bytes: bytes.freeze(),
            failure: last.failure,
        }
    }

    /// The bytes of a chunk that can go out now.
    fn pass(&mut self, chunk: &[u8]) -> Bytes {
        let frames = match self.relay.frames.push(chunk) {
            Ok(frames) => frames,
            Err(NoFrame::TooLarge) => {
                let (provider, limit) = (self.relay.provider.name.clone(), self.relay.event_limit);
                return self.broken(LlmError::AnswerTooLarge { provider, limit });
            }
            Err(NoFrame::Damaged) => {
                let provider = self.relay.provider.name.clone();
                return self.broken(LlmError::ProviderCutOff { provider });
            }
        };
        let mut ready = BytesMut::with_capacity(chunk.len());
        for frame in frames {
            if self.last.is_some() {
                break;
            }
            self.frame(frame, &mut ready);
        }
        ready.freeze()
    }

    fn frame(&mut self, frame: FrameBytes, ready: &mut BytesMut) {
        let FrameBytes { bytes, event, data } = frame;
        let tells = matches!(self.relay.writing, Writing::Tell(_));
        let Some(data) = data else {
            // A comment keeps the connection of who passes it alive.
            if !tells {
                ready.extend_from_slice(&bytes);
            }
            return;
        };
        if data.trim_ascii() == DONE {
            return self.end_with(bytes);
        }
        let hides = self.take(event.as_deref(), &data);
        if tells {
            self.tell(ready);
        }
        if is_last(self.relay.dialect, &data) {
            return self.end_with(bytes);
        }
        if !tells && !hides {
            ready.extend_from_slice(&bytes);
        }
    }

    /// Notes what a frame says. True when it must not be passed on.
    fn take(&mut self, event: Option<&str>, data: &[u8]) -> bool {
        self.events.clear();
        let taken = self
            .relay
            .call
            .take(Frame { event, data }, &mut self.events);
        let passes = matches!(self.relay.writing, Writing::Pass { .. });
        let seen = match taken {
            Ok(seen) => seen,
            // Who passes bytes on leaves them to the caller's judgement.
            Err(Broken::Unreadable(_)) if passes => return false,
            Err(broken) => {
                let error = self.error_of(broken);
                self.broken(error);
                return true;
            }
        };
        self.note_response();
        if let Some(error) = seen.error {
            self.reported = Some(format!("{} reported: {error}", self.relay.provider.name));
        }
        seen.only_usage && matches!(self.relay.writing, Writing::Pass { hide_usage: true })
    }

    /// Once the stream says what the response is called: it can be asked for before its end.
    fn note_response(&mut self) {
        if self.relay.noting.is_none() {
            return;
        }
        let id = self.events.iter().find_map(|event| match event {
            Event::Start { id, .. } => id.clone(),
            _ => None,
        });
        if let Some(id) = id {
            let noting = self.relay.noting.take();
            self.noting = noting.map(|noting| tokio::spawn(async move { noting.note(id).await }));
        }
    }

    fn error_of(&self, broken: Broken) -> LlmError {
        match broken {
            Broken::Unreadable(source) => LlmError::AnswerUnreadable {
                provider: self.relay.provider.name.clone(),
                source,
            },
            Broken::Blocked(error) => error,
        }
    }

    /// Writes the events that were taken.
    fn tell(&mut self, ready: &mut BytesMut) {
        if let Writing::Tell(encoder) = &mut self.relay.writing
            && self.last.is_none()
        {
            for event in &self.events {
                encoder.take(event, ready);
            }
        }
    }

    /// The answer ends with this frame.
    fn end_with(&mut self, bytes: Bytes) {
        let bytes = match self.relay.writing {
            Writing::Pass { .. } => bytes,
            Writing::Tell(_) => Bytes::new(),
        };
        let reported = self.reported.take();
        let failure = reported.map(|message| call::Failure {
            class: "reported",
            is_reported: true,
            message,
        });
        self.last.get_or_insert(Last { bytes, failure });
    }

    /// The provider closed without saying that it had ended: fine when the answer was whole.
    fn ended(&mut self) -> Bytes {
        self.relay.upstream = None;
        if !self.relay.frames.is_between_frames() {
            let provider = self.relay.provider.name.clone();
            return self.broken(LlmError::ProviderCutOff { provider });
        }
        let mut ready = BytesMut::new();
        let rest = self.relay.frames.rest();
        let data = rest
            .strip_prefix(b"data:")
            .map(<[u8]>::trim_ascii)
            .unwrap_or_default();
        if data != DONE && !data.is_empty() {
            self.take(None, data);
            self.tell(&mut ready);
        }
        if data == DONE || self.reported.is_some() || self.is_whole(&mut ready) {
            self.end_with(rest);
            return ready.freeze();
        }
        let provider = self.relay.provider.name.clone();
        self.broken(LlmError::ProviderCutOff { provider });
        ready.freeze()
    }

    fn is_whole(&mut self, ready: &mut BytesMut) -> bool {
        self.events.clear();
        let Some(tap) = self.relay.call.tap() else {
            return false;
        };
        match tap.end(&mut self.events) {
            Ok(end) => {
                self.tell(ready);
                end == Completeness::Complete
            }
            Err(broken) => {
                let error = self.error_of(broken);
                self.broken(error);
                false
            }
        }
    }

    fn broken(&mut self, error: LlmError) -> Bytes {
        if self.last.is_none() {
            self.last = Some(self.failed_with(error));
        }
        Bytes::new()
    }

    /// The status has been sent, so the client learns of the failure from an event.
    fn failed_with(&self, error: LlmError) -> Last {
        let failure = kernel::Failure::from(error);
        tracing::warn!(
            code = failure.code.name(),
            causes = failure.causes(),
            "a streamed answer broke off"
        );
        Last {
            bytes: surface_error::event(self.relay.surface, &failure),
            failure: Some(call::Failure {
                class: failure.code.name(),
                is_reported: false,
                message: failure.message.clone(),
            }),
        }
    }
}

/// Leaves the connection as another call can use it.
async fn read_to_end(mut upstream: Response) {
    let rest = async { while let Ok(Some(_)) = upstream.chunk().await {} };
    // One that does not end in time is closed, and not reused.
    let _closed = time::timeout(CLOSING, rest).await;
}
