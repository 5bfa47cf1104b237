//! A stream for a client, written: one block after the other, which is how this dialect's clients read.

use bytes::BytesMut;
use serde_json::{Value, json};

use super::{answer_out, errors, usage};
use crate::llm_integration::{
    Usage,
    dialects::{
        Dialect, EncodeContext, EncodeEvents, ErrorKind, ProviderError,
        chat::{Delta, Event, PartStart, StopReason},
        sse,
    },
};

/// A request in this dialect can not ask for several.
const CHOICE: usize = 0;

pub(super) struct Encoder {
    id: String,
    model: String,
    service_tier: Option<&'static str>,
    usage: Usage,
    begun: bool,
    /// The part whose block is open.
    open: Option<usize>,
    blocks: usize,
    stop: Option<StopReason>,
    failed: bool,
}

impl Encoder {
    pub fn new(context: &EncodeContext) -> Self {
        Self {
            id: context.id.clone(),
            model: context.model.clone(),
            service_tier: None,
            usage: Usage::default(),
            begun: false,
            open: None,
            blocks: 0,
            stop: None,
            failed: false,
        }
    }

    /// `message_start` waits for the first event after the start, which tells the usage where the
    /// provider knows it before the end.
    fn begin(&mut self, out: &mut BytesMut) {
        if std::mem::replace(&mut self.begun, true) {
            return;
        }
        let mut usage = usage::encode(&self.usage);
        if let Some(tier) = &self.service_tier {
            usage["service_tier"] = (*tier).into();
        }
        let message = json!({
            "id": self.id, "type": "message", "role": "assistant", "model": self.model,
            "content": [], "stop_reason": null, "stop_sequence": null, "usage": usage,
        });
        write(
            "message_start",
            &json!({ "type": "message_start", "message": message }),
            out,
        );
    }

    fn start(&mut self, part: usize, start: &PartStart, out: &mut BytesMut) {
        let block = match start {
            PartStart::Text | PartStart::Refusal => json!({ "type": "text", "text": "" }),
            PartStart::Thinking => json!({ "type": "thinking", "thinking": "", "signature": "" }),
            PartStart::RedactedThinking(data) => {
                json!({ "type": "redacted_thinking", "data": data })
            }
            PartStart::ToolUse { id, name, .. } => {
                json!({ "type": "tool_use", "id": id, "name": name, "input": {} })
            }
            PartStart::Opaque(opaque) if opaque.dialect == Dialect::Anthropic => {
                opaque.value.clone()
            }
            // What another provider's own tools do is not told in this dialect.
            PartStart::Opaque(_) => return,
        };
        self.close(out);
        self.open = Some(part);
        let event = json!({ "type": "content_block_start", "index": self.blocks,
            "content_block": block });
        write("content_block_start", &event, out);
    }

    fn continue_part(&mut self, part: usize, delta: &Delta, out: &mut BytesMut) {
        if self.open != Some(part) {
            let error = "the provider went back to a part of its answer that had ended";
            self.fail(&ProviderError::new(ErrorKind::Server, 0, error), out);
            return;
        }
        let delta = match delta {
            Delta::Text(text) | Delta::Refusal(text) => {
                json!({ "type": "text_delta", "text": text })
            }
            Delta::Thinking(text) => json!({ "type": "thinking_delta", "thinking": text }),
            Delta::Signature(text) => json!({ "type": "signature_delta", "signature": text }),
            Delta::Arguments(text) => json!({ "type": "input_json_delta", "partial_json": text }),
            Delta::Citation(citation) => json!({ "type": "citations_delta", "citation": citation }),
        };
        let event = json!({ "type": "content_block_delta", "index": self.blocks, "delta": delta });
        write("content_block_delta", &event, out);
    }

    fn close(&mut self, out: &mut BytesMut) {
        if self.open.take().is_some() {
            let event = json!({ "type": "content_block_stop", "index": self.blocks });
            write("content_block_stop", &event, out);
            self.blocks += 1;
        }
    }

    fn fail(&mut self, error: &ProviderError, out: &mut BytesMut) {
        if !std::mem::replace(&mut self.failed, true) {
            write("error", &errors::body(error), out);
        }
    }
}

impl EncodeEvents for Encoder {
    fn take(&mut self, event: &Event, out: &mut BytesMut) {
        if self.failed {
            return;
        }
        if !matches!(
            event,
            Event::Start { .. } | Event::Usage(_) | Event::Error(_)
        ) {
            self.begin(out);
        }
        match event {
            Event::Start {
                id,
                model,
                service_tier,
                ..
            } => {
                self.id = id.clone().unwrap_or_else(|| std::mem::take(&mut self.id));
                self.model = model
                    .clone()
                    .unwrap_or_else(|| std::mem::take(&mut self.model));
                self.service_tier = service_tier.as_deref().map(answer_out::service_tier);
            }
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
            } if self.open == Some(*part) => self.close(out),
            Event::Stop {
                choice: CHOICE,
                reason,
            } => self.stop = Some(reason.clone()),
            Event::Usage(usage) => self.usage = *usage,
            Event::Error(error) => self.fail(error, out),
            Event::Ping => write("ping", &json!({ "type": "ping" }), out),
            Event::PartStart { .. }
            | Event::Delta { .. }
            | Event::PartEnd { .. }
            | Event::Stop { .. }
            | Event::Logprobs { .. } => {}
        }
    }

    fn finish(&mut self, out: &mut BytesMut) {
        if self.failed || self.stop.is_none() {
            return;
        }
        self.close(out);
        let mut delta = json!({});
        for (name, value) in answer_out::stop(self.stop.as_ref()) {
            delta[name] = value;
        }
        let event = json!({ "type": "message_delta", "delta": delta,
            "usage": usage::encode(&self.usage) });
        write("message_delta", &event, out);
        write("message_stop", &json!({ "type": "message_stop" }), out);
    }
}

fn write(name: &str, event: &Value, out: &mut BytesMut) {
    sse::named(name, event, out);
}
