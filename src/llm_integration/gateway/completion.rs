//! Calls that our own contexts make: text in, text out as it comes, through every stage that an application's call
//! goes through.

use std::collections::VecDeque;

use bytes::Bytes;
use futures::{StreamExt, stream::BoxStream};
use serde_json::{Map, Value, json};

use super::{
    Answer, AnswerBody, Gateway,
    answer::{MODEL, TRACE_ID},
    sse::Splitter,
};
use crate::{
    kernel::{Actor, ErrorCode, Failure},
    llm_integration::{
        CallerHeaders, ObservationId, TraceId, Usage,
        dialects::{
            DecodeEvents, Dialect, ErrorKind, Frame, ProviderError,
            chat::{Delta, Event, StopReason},
        },
    },
};

/// One event of an answer that is written here.
const EVENT_LIMIT: usize = 1024 * 1024;

/// What a context asks a model. Any provider can answer it: what that provider has no word for is left out.
#[derive(Clone, Debug, Default)]
pub struct CompletionRequest {
    /// A model, `provider/model`, or a route.
    pub model: String,
    pub system: String,
    /// The conversation; the last turn is the one to answer.
    pub turns: Vec<Turn>,
    pub max_output_tokens: u64,
    pub links: CompletionLinks,
}

/// One turn of a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    pub speaker: Speaker,
    pub text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speaker {
    User,
    Assistant,
}

/// Where the call stands in a trace.
#[derive(Clone, Debug, Default)]
pub struct CompletionLinks {
    pub trace: Option<TraceId>,
    pub parent: Option<ObservationId>,
    /// Counts against the limits of this user.
    pub user: Option<String>,
    pub session: Option<String>,
    /// What the trace is called.
    pub name: Option<String>,
}

/// A model's answer on its way. Dropping it cancels the provider's call.
pub struct Completion {
    /// The model as its provider knows it.
    pub model: Option<String>,
    pub trace: Option<String>,
    source: BoxStream<'static, Bytes>,
    splitter: Splitter,
    decoder: Box<dyn DecodeEvents + Send>,
    waiting: VecDeque<Event>,
    usage: Option<Usage>,
    stop: Option<StopReason>,
}

impl Gateway {
    /// Asks a model, and returns when its answer begins.
    ///
    /// # Errors
    /// Whatever an application's call fails with; a provider's own refusal in its words.
    pub async fn complete(
        &self,
        actor: &Actor,
        request: &CompletionRequest,
    ) -> Result<Completion, Failure> {
        let headers = request.links.headers();
        let answer = self
            .chat(actor, Dialect::OpenAiChat, &headers, request.body())
            .await?;
        Completion::of(answer)
    }
}

impl CompletionRequest {
    fn body(&self) -> Bytes {
        let system = json!({ "role": "system", "content": self.system });
        let turns = self
            .turns
            .iter()
            .map(|turn| json!({ "role": turn.speaker.role(), "content": turn.text }));
        let body = json!({
            "model": self.model,
            "messages": std::iter::once(system).chain(turns).collect::<Vec<_>>(),
            "max_completion_tokens": self.max_output_tokens,
            "stream": true,
            "stream_options": { "include_usage": true },
        });
        Bytes::from(with_user(body, self.links.user.as_deref()).to_string())
    }
}

fn with_user(mut body: Value, user: Option<&str>) -> Value {
    if let (Some(fields), Some(user)) = (body.as_object_mut(), user) {
        let links = Map::from_iter([("langfuse_user_id".to_owned(), user.into())]);
        fields.insert("metadata".to_owned(), links.into());
    }
    body
}

impl Speaker {
    const fn role(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Assistant => "assistant",
        }
    }
}

impl CompletionLinks {
    fn headers(&self) -> CallerHeaders {
        let links = [
            (
                "x-langfuse-trace-id",
                self.trace.as_ref().map(TraceId::as_str),
            ),
            (
                "x-langfuse-parent-observation-id",
                self.parent.as_ref().map(ObservationId::as_str),
            ),
            ("x-langfuse-session-id", self.session.as_deref()),
            ("x-langfuse-trace-name", self.name.as_deref()),
            (super::options::DROP_PARAMS, Some("true")),
        ];
        CallerHeaders::of(
            links
                .iter()
                .filter_map(|(name, value)| Some((*name, (*value)?))),
        )
    }
}

impl Completion {
    fn of(answer: Answer) -> Result<Self, Failure> {
        let about = |name| {
            let mut told = answer.about.iter().filter(|(known, _)| *known == name);
            told.next().map(|(_, value)| value.clone())
        };
        let (model, trace) = (about(MODEL), about(TRACE_ID));
        let (source, waiting, usage, stop) = match answer.body {
            AnswerBody::Stream(stream) => {
                let bytes = stream.map(|chunk| match chunk {
                    Ok(bytes) => bytes,
                    Err(never) => match never {},
                });
                (bytes.boxed(), VecDeque::new(), None, None)
            }
            AnswerBody::Whole(body) if answer.status < 300 => {
                let whole = Dialect::OpenAiChat.decode_answer(&body);
                let whole = whole.map_err(Failure::internal)?;
                let stop = whole.choices.first().and_then(|choice| choice.stop.clone());
                let text = Delta::Text(whole.text());
                let said = Event::Delta {
                    choice: 0,
                    part: 0,
                    delta: text,
                };
                (
                    futures::stream::empty().boxed(),
                    VecDeque::from([said]),
                    whole.usage,
                    stop,
                )
            }
            AnswerBody::Whole(body) => {
                return Err(failure(
                    &Dialect::OpenAiChat.decode_error(answer.status, &body),
                ));
            }
        };
        Ok(Self {
            model,
            trace,
            source,
            splitter: Splitter::new(EVENT_LIMIT),
            decoder: Dialect::OpenAiChat.event_decoder(),
            waiting,
            usage,
            stop,
        })
    }

    /// The next piece of its text; `None` at its end.
    ///
    /// # Errors
    /// When the provider fails in the middle, or its stream can not be read. The text ends there.
    pub async fn next_text(&mut self) -> Result<Option<String>, Failure> {
        loop {
            while let Some(event) = self.waiting.pop_front() {
                if let Some(text) = self.take(event)? {
                    return Ok(Some(text));
                }
            }
            let Some(chunk) = self.source.next().await else {
                return Ok(None);
            };
            self.read(&chunk)?;
        }
    }

    /// The whole text.
    ///
    /// # Errors
    /// As [`Completion::next_text`].
    pub async fn text(&mut self) -> Result<String, Failure> {
        let mut text = String::new();
        while let Some(piece) = self.next_text().await? {
            text.push_str(&piece);
        }
        Ok(text)
    }

    /// What the provider counted; known at the end.
    pub const fn usage(&self) -> Option<&Usage> {
        self.usage.as_ref()
    }

    /// Whether the model ended by itself, rather than at a limit or a filter.
    pub fn is_whole(&self) -> bool {
        matches!(
            self.stop,
            Some(StopReason::End | StopReason::StopSequence(_))
        )
    }

    fn read(&mut self, chunk: &[u8]) -> Result<(), Failure> {
        let events = self.splitter.push(chunk);
        let events = events.map_err(|_| unreadable("an event is too large"))?;
        let mut said = Vec::new();
        for data in events.iter().filter_map(|event| event.data.as_deref()) {
            let frame = Frame { event: None, data };
            let taken = self.decoder.take(frame, &mut said);
            taken.map_err(|error| {
                unreadable("it is not as its API describes it").caused_by(error)
            })?;
        }
        self.waiting.extend(said);
        Ok(())
    }

    fn take(&mut self, event: Event) -> Result<Option<String>, Failure> {
        match event {
            Event::Delta {
                choice: 0,
                delta: Delta::Text(text) | Delta::Refusal(text),
                ..
            } => {
                return Ok(Some(text));
            }
            Event::Stop { choice: 0, reason } => self.stop = Some(reason),
            Event::Usage(usage) => self.usage = Some(usage),
            Event::Error(error) => return Err(failure(&error)),
            _ => {}
        }
        Ok(None)
    }
}

fn unreadable(why: &str) -> Failure {
    Failure::new(
        ErrorCode::ProviderFailed,
        format!("the model's answer can not be read: {why}"),
    )
}

/// A provider's refusal, as one of ours.
fn failure(error: &ProviderError) -> Failure {
    let code = match error.kind {
        ErrorKind::RateLimit => ErrorCode::RateLimitExceeded,
        ErrorKind::Quota | ErrorKind::Billing => ErrorCode::InsufficientQuota,
        ErrorKind::Timeout => ErrorCode::ProviderTimeout,
        ErrorKind::Overloaded => ErrorCode::ProviderUnavailable,
        ErrorKind::NotFound => ErrorCode::ModelNotFound,
        ErrorKind::Authentication | ErrorKind::Permission => ErrorCode::ProviderNotConfigured,
        ErrorKind::InvalidRequest | ErrorKind::TooLarge | ErrorKind::ContextLength => {
            ErrorCode::InvalidRequest
        }
        ErrorKind::Conflict | ErrorKind::Server => ErrorCode::ProviderFailed,
    };
    Failure::new(
        code,
        format!("the model's provider refused: {}", error.message),
    )
}
