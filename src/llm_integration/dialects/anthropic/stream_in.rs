//! A provider's stream, read.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::Value;

use super::{
    answer_in::{self, StopDetails, stop_reason},
    errors::{self, ErrorObject},
};
use crate::llm_integration::{
    AnthropicUsage, Usage,
    dialects::{
        Completeness, DecodeEvents, Frame, Text, Unreadable,
        chat::{Content, Delta, Event, PartStart},
    },
};

/// Blocks of one answer that are followed.
const MAX_BLOCKS: usize = 4096;
/// This dialect has one.
const CHOICE: usize = 0;

/// Any event: one shape for all, so that nothing is read twice.
#[derive(Deserialize)]
struct EventView<'a> {
    #[serde(rename = "type", borrow)]
    kind: Text<'a>,
    index: Option<usize>,
    message: Option<MessageView>,
    content_block: Option<Value>,
    #[serde(borrow)]
    delta: Option<DeltaView<'a>>,
    usage: Option<AnthropicUsage>,
    error: Option<ErrorObject>,
}

#[derive(Deserialize)]
struct MessageView {
    id: Option<String>,
    model: Option<String>,
    usage: Option<answer_in::MessageUsage>,
}

#[derive(Deserialize)]
struct DeltaView<'a> {
    #[serde(rename = "type", borrow)]
    kind: Option<Text<'a>>,
    text: Option<String>,
    partial_json: Option<String>,
    thinking: Option<String>,
    signature: Option<String>,
    citation: Option<Value>,
    #[serde(borrow)]
    stop_reason: Option<Text<'a>>,
    stop_sequence: Option<String>,
    stop_details: Option<StopDetails>,
}

#[derive(Default)]
pub(super) struct Decoder {
    usage: AnthropicUsage,
    open: BTreeSet<usize>,
    blocks: usize,
    complete: bool,
}

impl DecodeEvents for Decoder {
    fn take(&mut self, frame: Frame<'_>, events: &mut Vec<Event>) -> Result<(), Unreadable> {
        let view: EventView<'_> = serde_json::from_slice(frame.data).map_err(Unreadable::new)?;
        match view.kind.0.as_ref() {
            "message_start" => {
                if let Some(message) = view.message {
                    self.start(message, events);
                }
            }
            "content_block_start" => {
                if let Some((part, block)) = view.index.zip(view.content_block) {
                    self.start_block(part, block, events)?;
                }
            }
            "content_block_delta" => {
                if let Some((part, delta)) = view.index.zip(view.delta.and_then(delta))
                    && !is_empty(&delta)
                {
                    let choice = CHOICE;
                    events.push(Event::Delta {
                        choice,
                        part,
                        delta,
                    });
                }
            }
            "content_block_stop" => {
                if let Some(part) = view.index.filter(|part| self.open.remove(part)) {
                    let choice = CHOICE;
                    events.push(Event::PartEnd { choice, part });
                }
            }
            "message_delta" => self.end(view.delta, view.usage, events),
            "message_stop" => self.complete = true,
            "ping" => events.push(Event::Ping),
            "error" => {
                if let Some(error) = view.error {
                    events.push(Event::Error(errors::of_object(error, 0)));
                }
            }
            // Kinds to come may be ignored, the vendor says.
            _ => {}
        }
        Ok(())
    }

    fn finish(&mut self, events: &mut Vec<Event>) -> Completeness {
        for part in std::mem::take(&mut self.open) {
            let choice = CHOICE;
            events.push(Event::PartEnd { choice, part });
        }
        if self.complete {
            Completeness::Complete
        } else {
            Completeness::CutOff
        }
    }
}

impl Decoder {
    fn start(&mut self, message: MessageView, events: &mut Vec<Event>) {
        let (tokens, service_tier) = match message.usage {
            Some(usage) => (Some(usage.tokens), usage.service_tier),
            None => (None, None),
        };
        events.push(Event::Start {
            id: message.id,
            model: message.model,
            created: None,
            service_tier,
        });
        if let Some(tokens) = tokens {
            self.usage = tokens;
            events.push(Event::Usage(Usage::from(tokens)));
        }
    }

    fn start_block(
        &mut self,
        part: usize,
        block: Value,
        events: &mut Vec<Event>,
    ) -> Result<(), Unreadable> {
        self.blocks += 1;
        if self.blocks > MAX_BLOCKS {
            return Err(Unreadable::new(format!(
                "it has more than {MAX_BLOCKS} blocks"
            )));
        }
        let choice = CHOICE;
        let block = answer_in::block(block)?;
        // What a block begins with is told as its first delta.
        let (start, first) = match block.content {
            Content::Text(text) => (PartStart::Text, Delta::Text(text)),
            Content::Thinking(thinking) => (PartStart::Thinking, Delta::Thinking(thinking.text)),
            Content::RedactedThinking(data) => (
                PartStart::RedactedThinking(data),
                Delta::Text(String::new()),
            ),
            Content::ToolUse(call) => {
                let arguments = if call.arguments == "{}" {
                    String::new()
                } else {
                    call.arguments
                };
                let start = PartStart::ToolUse {
                    id: call.id,
                    name: call.name,
                    custom: false,
                };
                (start, Delta::Arguments(arguments))
            }
            Content::Opaque(opaque) => (PartStart::Opaque(opaque), Delta::Text(String::new())),
            other => {
                return Err(Unreadable::new(format!(
                    "it has a block of {}",
                    other.name()
                )));
            }
        };
        self.open.insert(part);
        events.push(Event::PartStart {
            choice,
            part,
            start,
        });
        if !is_empty(&first) {
            let delta = first;
            events.push(Event::Delta {
                choice,
                part,
                delta,
            });
        }
        Ok(())
    }

    fn end(
        &mut self,
        delta: Option<DeltaView<'_>>,
        usage: Option<AnthropicUsage>,
        events: &mut Vec<Event>,
    ) {
        let choice = CHOICE;
        if let Some(usage) = usage {
            self.usage.update(usage);
            events.push(Event::Usage(Usage::from(self.usage)));
        }
        if let Some(delta) = delta
            && let Some(word) = delta.stop_reason
        {
            let reason = stop_reason(&word.0, delta.stop_sequence, delta.stop_details);
            events.push(Event::Stop { choice, reason });
        }
    }
}

/// The vendor begins some blocks with a delta of nothing.
fn is_empty(delta: &Delta) -> bool {
    match delta {
        Delta::Text(text)
        | Delta::Thinking(text)
        | Delta::Arguments(text)
        | Delta::Signature(text)
        | Delta::Refusal(text) => text.is_empty(),
        Delta::Citation(_) => false,
    }
}

fn delta(view: DeltaView<'_>) -> Option<Delta> {
    match view.kind?.0.as_ref() {
        "text_delta" => view.text.map(Delta::Text),
        "input_json_delta" => view.partial_json.map(Delta::Arguments),
        "thinking_delta" => view.thinking.map(Delta::Thinking),
        "signature_delta" => view.signature.map(Delta::Signature),
        "citations_delta" => view.citation.map(Delta::Citation),
        _ => None,
    }
}
