//! A stream for a client, written.

use std::collections::{BTreeMap, btree_map::Entry};

use bytes::BytesMut;
use serde_json::{Value, json};

use super::{answer_out, errors, usage};
use crate::llm_integration::{
    Usage,
    dialects::{
        EncodeContext, EncodeEvents,
        chat::{Delta, Event, PartStart, StopReason},
        sse,
    },
};

pub(super) struct Encoder {
    id: String,
    model: String,
    created: i64,
    service_tier: Option<&'static str>,
    /// The stream ends with the usage.
    asks_usage: bool,
    usage: Option<Usage>,
    choices: BTreeMap<usize, Writing>,
    failed: bool,
}

#[derive(Default)]
struct Writing {
    calls: BTreeMap<usize, Call>,
    refused: bool,
    stopped: bool,
}

/// A call of a tool, by its part.
struct Call {
    /// Its index on the wire.
    index: usize,
    /// It takes free text.
    custom: bool,
    has_arguments: bool,
}

impl Encoder {
    pub fn new(context: &EncodeContext) -> Self {
        Self {
            id: context.id.clone(),
            model: context.model.clone(),
            created: context.created,
            service_tier: None,
            asks_usage: context.stream_usage,
            usage: None,
            choices: BTreeMap::new(),
            failed: false,
        }
    }

    fn write(&self, choices: &Value, usage: Option<Value>, out: &mut BytesMut) {
        let mut chunk = json!({
            "id": self.id,
            "object": "chat.completion.chunk",
            "created": self.created,
            "model": self.model,
            "choices": choices,
        });
        if let Some(tier) = &self.service_tier {
            chunk["service_tier"] = (*tier).into();
        }
        if self.asks_usage {
            chunk["usage"] = usage.into();
        }
        sse::data(&chunk, out);
    }

    /// A chunk of one choice.
    fn delta(&self, choice: usize, delta: &Value, finish: Option<&str>, out: &mut BytesMut) {
        let choices = json!([{ "index": choice, "delta": delta, "logprobs": null,
            "finish_reason": finish }]);
        self.write(&choices, None, out);
    }

    /// The first chunk of a choice says who speaks.
    fn begin(&mut self, choice: usize, out: &mut BytesMut) {
        if let Entry::Vacant(new) = self.choices.entry(choice) {
            new.insert(Writing::default());
            let delta = json!({ "role": "assistant", "content": "", "refusal": null });
            self.delta(choice, &delta, None, out);
        }
    }

    fn start(&mut self, choice: usize, part: usize, start: &PartStart, out: &mut BytesMut) {
        match start {
            PartStart::ToolUse { id, name, custom } => {
                let calls = &mut self.choices.entry(choice).or_default().calls;
                let index = calls.len();
                let call = Call {
                    index,
                    custom: *custom,
                    has_arguments: false,
                };
                calls.insert(part, call);
                let call = if *custom {
                    json!({ "index": index, "id": id, "type": "custom",
                        "custom": { "name": name, "input": "" } })
                } else {
                    json!({ "index": index, "id": id, "type": "function",
                        "function": { "name": name, "arguments": "" } })
                };
                self.delta(choice, &json!({ "tool_calls": [call] }), None, out);
            }
            PartStart::RedactedThinking(data) => {
                let block = json!({ "type": "redacted_thinking", "data": data });
                self.delta(choice, &json!({ "thinking_blocks": [block] }), None, out);
            }
            // What a provider's own tools do is not told in this dialect.
            PartStart::Text | PartStart::Thinking | PartStart::Refusal | PartStart::Opaque(_) => {}
        }
    }

    fn continue_part(&mut self, choice: usize, part: usize, delta: &Delta, out: &mut BytesMut) {
        let said = match delta {
            Delta::Text(text) => json!({ "content": text }),
            Delta::Thinking(text) => json!({ "reasoning_content": text }),
            Delta::Signature(signature) => json!({ "thinking_blocks": [
                { "type": "thinking", "thinking": "", "signature": signature }] }),
            Delta::Refusal(text) => {
                self.choices.entry(choice).or_default().refused = true;
                json!({ "refusal": text })
            }
            // The text says the same without.
            Delta::Citation(_) => return,
            Delta::Arguments(text) => {
                let writing = self.choices.entry(choice).or_default();
                let Some(call) = writing.calls.get_mut(&part) else {
                    return;
                };
                call.has_arguments = true;
                let index = call.index;
                let call = if call.custom {
                    json!({ "index": index, "custom": { "input": text } })
                } else {
                    json!({ "index": index, "function": { "arguments": text } })
                };
                json!({ "tool_calls": [call] })
            }
        };
        self.delta(choice, &said, None, out);
    }

    /// A tool that takes nothing is called with an empty object, which clients parse.
    fn end(&mut self, choice: usize, part: usize, out: &mut BytesMut) {
        let calls = self.choices.get(&choice).map(|writing| &writing.calls);
        let call = calls.and_then(|calls| calls.get(&part));
        if call.is_some_and(|call| !call.has_arguments && !call.custom) {
            self.continue_part(choice, part, &Delta::Arguments("{}".to_owned()), out);
        }
    }

    fn stop(&mut self, choice: usize, reason: &StopReason, out: &mut BytesMut) {
        let refused = self
            .choices
            .get(&choice)
            .is_some_and(|writing| writing.refused);
        if let StopReason::Refusal(Some(explanation)) = reason
            && !refused
        {
            self.delta(choice, &json!({ "refusal": explanation }), None, out);
        }
        self.choices.entry(choice).or_default().stopped = true;
        let finish = answer_out::finish_reason(reason);
        self.delta(choice, &json!({}), Some(finish), out);
    }
}

impl EncodeEvents for Encoder {
    fn take(&mut self, event: &Event, out: &mut BytesMut) {
        match event {
            Event::Start {
                id,
                model,
                created,
                service_tier,
            } => {
                self.id = id.clone().unwrap_or_else(|| std::mem::take(&mut self.id));
                self.model = model
                    .clone()
                    .unwrap_or_else(|| std::mem::take(&mut self.model));
                self.created = created.unwrap_or(self.created);
                self.service_tier = service_tier.as_deref().map(answer_out::service_tier);
                self.begin(0, out);
            }
            Event::PartStart {
                choice,
                part,
                start,
            } => {
                self.begin(*choice, out);
                self.start(*choice, *part, start, out);
            }
            Event::Delta {
                choice,
                part,
                delta,
            } => {
                self.begin(*choice, out);
                self.continue_part(*choice, *part, delta, out);
            }
            Event::Logprobs { choice, logprobs } => {
                let choices = json!([{ "index": choice, "delta": {}, "logprobs": logprobs,
                    "finish_reason": null }]);
                self.write(&choices, None, out);
            }
            Event::Stop { choice, reason } => {
                self.begin(*choice, out);
                self.stop(*choice, reason, out);
            }
            Event::Usage(usage) => self.usage = Some(*usage),
            Event::Error(error) => {
                self.failed = true;
                sse::data(&errors::body(error), out);
            }
            Event::Ping => sse::comment(out),
            Event::PartEnd { choice, part } => self.end(*choice, *part, out),
        }
    }

    fn finish(&mut self, out: &mut BytesMut) {
        let is_whole = self.choices.values().all(|choice| choice.stopped);
        if self.failed || self.choices.is_empty() || !is_whole {
            return;
        }
        if self.asks_usage
            && let Some(usage) = self.usage.take()
        {
            self.write(&json!([]), Some(usage::encode(&usage)), out);
        }
        out.extend_from_slice(b"data: [DONE]\n\n");
    }
}
