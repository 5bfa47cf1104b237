//! A provider's stream, read. Its chunks have no parts: what they continue is told by their fields.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{answer_in::stop_reason, errors};
use crate::llm_integration::{
    OpenAiUsage, Usage,
    dialects::{
        Completeness, DecodeEvents, Frame, Text, Unreadable,
        chat::{Delta, Event, PartStart, StopReason},
    },
};

/// Choices of one answer that are followed.
const MAX_CHOICES: usize = 128;
/// Calls of tools in one choice that are followed.
const MAX_CALLS: usize = 1024;
const DONE: &[u8] = b"[DONE]";

#[derive(Deserialize)]
struct Chunk<'a> {
    #[serde(borrow)]
    id: Option<Text<'a>>,
    #[serde(borrow)]
    model: Option<Text<'a>>,
    created: Option<i64>,
    #[serde(borrow)]
    service_tier: Option<Text<'a>>,
    #[serde(borrow, default)]
    choices: Vec<ChunkChoice<'a>>,
    usage: Option<OpenAiUsage>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct ChunkChoice<'a> {
    #[serde(default)]
    index: usize,
    #[serde(borrow)]
    delta: Option<ChunkDelta<'a>>,
    #[serde(borrow)]
    finish_reason: Option<Text<'a>>,
    #[serde(borrow)]
    logprobs: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct ChunkDelta<'a> {
    content: Option<String>,
    refusal: Option<String>,
    reasoning_content: Option<String>,
    /// `OpenRouter`'s name for it, a string; others have objects here.
    #[serde(borrow)]
    reasoning: Option<&'a RawValue>,
    thinking_blocks: Option<Vec<ThinkingDelta>>,
    #[serde(borrow)]
    tool_calls: Option<Vec<CallDelta<'a>>>,
    #[serde(borrow)]
    function_call: Option<FunctionDelta<'a>>,
}

#[derive(Deserialize)]
struct ThinkingDelta {
    signature: Option<String>,
    data: Option<String>,
}

#[derive(Deserialize)]
struct CallDelta<'a> {
    #[serde(default)]
    index: usize,
    #[serde(borrow)]
    id: Option<Text<'a>>,
    #[serde(borrow)]
    function: Option<FunctionDelta<'a>>,
    #[serde(borrow)]
    custom: Option<CustomDelta<'a>>,
}

#[derive(Deserialize)]
struct FunctionDelta<'a> {
    #[serde(borrow)]
    name: Option<Text<'a>>,
    arguments: Option<String>,
}

#[derive(Deserialize)]
struct CustomDelta<'a> {
    #[serde(borrow)]
    name: Option<Text<'a>>,
    input: Option<String>,
}

#[derive(Default)]
pub(super) struct Decoder {
    started: bool,
    done: bool,
    choices: BTreeMap<usize, Following>,
}

/// How far one choice has come.
#[derive(Default)]
struct Following {
    parts: usize,
    /// The part that the last delta continued.
    open: Option<Open>,
    /// The parts of calls, by their index on the wire.
    calls: BTreeMap<usize, Known>,
    refused: bool,
    stopped: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Thinking,
    Refusal,
    Call(usize),
}

#[derive(Clone, Copy)]
struct Open {
    kind: Kind,
    part: usize,
}

struct Known {
    id: String,
    part: usize,
}

impl DecodeEvents for Decoder {
    fn take(&mut self, frame: Frame<'_>, events: &mut Vec<Event>) -> Result<(), Unreadable> {
        if frame.data == DONE {
            self.done = true;
            return Ok(());
        }
        let chunk: Chunk<'_> = serde_json::from_slice(frame.data).map_err(Unreadable::new)?;
        if let Some(error) = chunk.error.filter(|error| error.get() != "null") {
            events.push(Event::Error(errors::decode_in_stream(error.get())));
        }
        if !self.started {
            self.started = true;
            let said =
                |text: Option<Text<'_>>| text.map(Text::into_owned).filter(|text| !text.is_empty());
            events.push(Event::Start {
                id: said(chunk.id),
                model: said(chunk.model),
                created: chunk.created,
                service_tier: said(chunk.service_tier),
            });
        }
        for choice in chunk.choices {
            if choice.index < MAX_CHOICES {
                let index = choice.index;
                self.choices
                    .entry(index)
                    .or_default()
                    .take(index, choice, events);
            }
        }
        if let Some(usage) = chunk.usage {
            events.push(Event::Usage(Usage::from(usage)));
        }
        Ok(())
    }

    fn finish(&mut self, events: &mut Vec<Event>) -> Completeness {
        for (index, following) in &mut self.choices {
            let choice = *index;
            following.close(choice, events);
            // The end of the stream stands for a reason that some servers leave out.
            if self.done && !following.stopped {
                let reason = following.unsaid_reason();
                events.push(Event::Stop { choice, reason });
            }
        }
        let all_stopped =
            !self.choices.is_empty() && self.choices.values().all(|choice| choice.stopped);
        if self.done || all_stopped {
            Completeness::Complete
        } else {
            Completeness::CutOff
        }
    }
}

impl Following {
    fn take(&mut self, choice: usize, chunk: ChunkChoice<'_>, events: &mut Vec<Event>) {
        if let Some(delta) = chunk.delta {
            self.take_delta(choice, delta, events);
        }
        if let Some(logprobs) = chunk.logprobs
            && let Ok(logprobs @ serde_json::Value::Object(_)) =
                serde_json::from_str(logprobs.get())
        {
            events.push(Event::Logprobs { choice, logprobs });
        }
        if let Some(reason) = chunk.finish_reason.filter(|reason| !reason.0.is_empty()) {
            self.close(choice, events);
            self.stopped = true;
            let reason = match stop_reason(&reason.0, None) {
                StopReason::End if self.refused => StopReason::Refusal(None),
                reason => reason,
            };
            events.push(Event::Stop { choice, reason });
        }
    }

    fn take_delta(&mut self, choice: usize, delta: ChunkDelta<'_>, events: &mut Vec<Event>) {
        let filled = |text: Option<String>| text.filter(|text| !text.is_empty());
        let reasoning = || serde_json::from_str(delta.reasoning?.get()).ok();
        if let Some(text) = filled(delta.reasoning_content.or_else(reasoning)) {
            let part = self.open(choice, Kind::Thinking, || PartStart::Thinking, events);
            let delta = Delta::Thinking(text);
            events.push(Event::Delta {
                choice,
                part,
                delta,
            });
        }
        for block in delta.thinking_blocks.into_iter().flatten() {
            self.take_thinking(choice, block, events);
        }
        if let Some(text) = filled(delta.content) {
            let part = self.open(choice, Kind::Text, || PartStart::Text, events);
            let delta = Delta::Text(text);
            events.push(Event::Delta {
                choice,
                part,
                delta,
            });
        }
        if let Some(text) = filled(delta.refusal) {
            self.refused = true;
            let part = self.open(choice, Kind::Refusal, || PartStart::Refusal, events);
            let delta = Delta::Refusal(text);
            events.push(Event::Delta {
                choice,
                part,
                delta,
            });
        }
        for call in delta.tool_calls.into_iter().flatten() {
            self.take_call(choice, call, events);
        }
        if let Some(function) = delta.function_call {
            let call = CallDelta {
                index: 0,
                id: None,
                function: Some(function),
                custom: None,
            };
            self.take_call(choice, call, events);
        }
    }

    /// The text of a thinking is in `reasoning_content` too; its signature only here.
    fn take_thinking(&mut self, choice: usize, block: ThinkingDelta, events: &mut Vec<Event>) {
        if let Some(data) = block.data {
            self.close(choice, events);
            let part = self.next_part();
            let start = PartStart::RedactedThinking(data);
            events.push(Event::PartStart {
                choice,
                part,
                start,
            });
            events.push(Event::PartEnd { choice, part });
        } else if let Some(signature) = block.signature {
            let part = self.open(choice, Kind::Thinking, || PartStart::Thinking, events);
            let delta = Delta::Signature(signature);
            events.push(Event::Delta {
                choice,
                part,
                delta,
            });
            self.close(choice, events);
        }
    }

    fn take_call(&mut self, choice: usize, call: CallDelta<'_>, events: &mut Vec<Event>) {
        let (name, arguments, custom) = match (call.function, call.custom) {
            (Some(function), _) => (function.name, function.arguments, false),
            (None, Some(custom)) => (custom.name, custom.input, true),
            (None, None) => (None, None, false),
        };
        let id = call.id.map(Text::into_owned).filter(|id| !id.is_empty());
        let known = self.calls.get(&call.index);
        // Some servers give every call the index 0: another id is another call.
        let is_new = known.is_none_or(|known| id.as_ref().is_some_and(|id| *id != known.id));
        if is_new {
            if self.calls.len() >= MAX_CALLS {
                return;
            }
            self.close(choice, events);
            let name = name.map(Text::into_owned).unwrap_or_default();
            let id = id.unwrap_or_else(|| format!("call_{name}_{}", call.index));
            let part = self.next_part();
            self.calls.insert(
                call.index,
                Known {
                    id: id.clone(),
                    part,
                },
            );
            self.open = Some(Open {
                kind: Kind::Call(call.index),
                part,
            });
            let start = PartStart::ToolUse { id, name, custom };
            events.push(Event::PartStart {
                choice,
                part,
                start,
            });
        }
        let Some(part) = self.calls.get(&call.index).map(|known| known.part) else {
            return;
        };
        if let Some(arguments) = arguments.filter(|arguments| !arguments.is_empty()) {
            let delta = Delta::Arguments(arguments);
            events.push(Event::Delta {
                choice,
                part,
                delta,
            });
        }
    }

    /// The part that a delta of this kind continues; a new one when another kind was open.
    fn open(
        &mut self,
        choice: usize,
        kind: Kind,
        start: impl FnOnce() -> PartStart,
        events: &mut Vec<Event>,
    ) -> usize {
        if let Some(open) = self.open.filter(|open| open.kind == kind) {
            return open.part;
        }
        self.close(choice, events);
        let part = self.next_part();
        self.open = Some(Open { kind, part });
        let start = start();
        events.push(Event::PartStart {
            choice,
            part,
            start,
        });
        part
    }

    fn close(&mut self, choice: usize, events: &mut Vec<Event>) {
        if let Some(Open { part, .. }) = self.open.take() {
            events.push(Event::PartEnd { choice, part });
        }
    }

    fn unsaid_reason(&self) -> StopReason {
        if self.calls.is_empty() {
            StopReason::End
        } else {
            StopReason::ToolUse
        }
    }

    fn next_part(&mut self) -> usize {
        let part = self.parts;
        self.parts += 1;
        part
    }
}
