//! A stream for a client, written. Its last event repeats the whole answer, so the answer is kept.

use std::collections::BTreeMap;

use bytes::BytesMut;
use serde_json::{Value, json};

use super::{
    answer_out::{Head, logprobs_of, status},
    stream_parts::{Item, Told},
    usage,
};
use crate::llm_integration::{
    Usage,
    dialects::{
        EncodeContext, EncodeEvents, ErrorKind, ProviderError,
        chat::{Delta, Event, PartStart, StopReason},
        openai_chat::answer_out::service_tier,
        sse,
    },
};

/// A request in this dialect can not ask for several.
const CHOICE: usize = 0;
/// Text of one answer that is kept for its last event.
const MAX_KEPT_BYTES: usize = 16 << 20;

pub(super) struct Encoder {
    context_id: String,
    head: Head,
    sequence: u64,
    begun: bool,
    open: BTreeMap<usize, Item>,
    items: usize,
    output: BTreeMap<usize, Value>,
    kept: usize,
    /// Of the tokens that came since the last part ended, in responses' form.
    logprobs: Vec<Value>,
    usage: Option<Usage>,
    stop: Option<StopReason>,
    failed: bool,
}

impl Encoder {
    pub fn new(context: &EncodeContext) -> Self {
        Self {
            context_id: context.id.clone(),
            head: Head::new(context),
            sequence: 0,
            begun: false,
            open: BTreeMap::new(),
            items: 0,
            output: BTreeMap::new(),
            kept: 0,
            logprobs: Vec::new(),
            usage: None,
            stop: None,
            failed: false,
        }
    }

    fn tell(&mut self, (name, mut event): Told, out: &mut BytesMut) {
        if let Value::Object(fields) = &mut event {
            fields.shift_insert(0, "type".to_owned(), name.into());
            fields.shift_insert(1, "sequence_number".to_owned(), self.sequence.into());
        }
        self.sequence += 1;
        sse::named(name, &event, out);
    }

    fn begin(&mut self, out: &mut BytesMut) {
        if !std::mem::replace(&mut self.begun, true) {
            let response = self.head.response("in_progress", &[]);
            for name in ["response.created", "response.in_progress"] {
                self.tell((name, json!({ "response": response })), out);
            }
        }
    }

    fn start(&mut self, part: usize, start: &PartStart, out: &mut BytesMut) {
        if let Some(item) = Item::start(start, &self.context_id, self.items) {
            self.items += 1;
            for told in item.begin() {
                self.tell(told, out);
            }
            self.open.insert(part, item);
        }
    }

    fn continue_part(&mut self, part: usize, delta: &Delta, out: &mut BytesMut) {
        let Some(item) = self.open.get_mut(&part) else {
            return;
        };
        let (bytes, told) = item.continue_with(delta);
        self.kept += bytes;
        if self.kept > MAX_KEPT_BYTES {
            let message = format!("the answer is larger than {MAX_KEPT_BYTES} bytes");
            self.fail(&ProviderError::new(ErrorKind::Server, 0, message), out);
        } else if let Some(told) = told {
            self.tell(told, out);
        }
    }

    fn end(&mut self, part: usize, out: &mut BytesMut) {
        if let Some(item) = self.open.remove(&part) {
            let logprobs = Value::from(std::mem::take(&mut self.logprobs));
            let (told, value) = item.end(&self.context_id, &logprobs);
            for told in told {
                self.tell(told, out);
            }
            self.output.insert(item.index, value);
        }
    }

    fn end_all(&mut self, out: &mut BytesMut) {
        let parts: Vec<_> = self.open.keys().copied().collect();
        for part in parts {
            self.end(part, out);
        }
    }

    fn last(&mut self, status: &str) -> Value {
        let output: Vec<_> = std::mem::take(&mut self.output).into_values().collect();
        let mut response = self.head.response(status, &output);
        if let Some(usage) = &self.usage {
            response["usage"] = usage::encode(usage);
        }
        response
    }

    fn fail(&mut self, error: &ProviderError, out: &mut BytesMut) {
        if std::mem::replace(&mut self.failed, true) {
            return;
        }
        let code = match error.kind {
            ErrorKind::RateLimit | ErrorKind::Quota => "rate_limit_exceeded",
            ErrorKind::InvalidRequest | ErrorKind::ContextLength => "invalid_prompt",
            _ => "server_error",
        };
        let mut response = self.last("failed");
        response["error"] = json!({ "code": code, "message": error.message });
        self.tell(("response.failed", json!({ "response": response })), out);
    }
}

impl EncodeEvents for Encoder {
    fn take(&mut self, event: &Event, out: &mut BytesMut) {
        if self.failed {
            return;
        }
        if let Event::Start {
            model,
            created,
            service_tier: tier,
            ..
        } = event
        {
            let head = &mut self.head;
            head.model = model
                .clone()
                .unwrap_or_else(|| std::mem::take(&mut head.model));
            head.created = created.unwrap_or(head.created);
            head.service_tier = tier.as_deref().map(service_tier);
        }
        if !matches!(event, Event::Ping | Event::Error(_)) {
            self.begin(out);
        }
        match event {
            Event::PartStart {
                choice: CHOICE,
                part,
                start,
            } => self.start(*part, start, out),
            Event::Delta {
                choice: CHOICE,
                part,
                delta,
            } => self.continue_part(*part, delta, out),
            Event::PartEnd {
                choice: CHOICE,
                part,
            } => self.end(*part, out),
            Event::Logprobs {
                choice: CHOICE,
                logprobs,
            } => {
                if let Value::Array(tokens) = logprobs_of(Some(logprobs)) {
                    self.logprobs.extend(tokens);
                }
            }
            Event::Stop {
                choice: CHOICE,
                reason,
            } => self.stop = Some(reason.clone()),
            Event::Usage(usage) => self.usage = Some(*usage),
            Event::Error(error) => self.fail(error, out),
            Event::Ping => sse::comment(out),
            Event::Start { .. }
            | Event::PartStart { .. }
            | Event::Delta { .. }
            | Event::PartEnd { .. }
            | Event::Logprobs { .. }
            | Event::Stop { .. } => {}
        }
    }

    fn finish(&mut self, out: &mut BytesMut) {
        if self.failed || self.stop.is_none() {
            return;
        }
        self.end_all(out);
        let (status, details) = status(self.stop.as_ref());
        let completed_at = self.head.created;
        let mut response = self.last(status);
        response["incomplete_details"] = details;
        response["completed_at"] = completed_at.into();
        let name = if status == "completed" {
            "response.completed"
        } else {
            "response.incomplete"
        };
        self.tell((name, json!({ "response": response })), out);
    }
}
