//! Puts the chunks of a streamed answer together to the message they spell.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value, value::RawValue};

use super::generation::{Generation, storable};
use crate::llm_integration::{JsonText, OpenAiUsage, Usage};

/// Fields of a delta that are said once, or again, but never continued.
const WHOLE_FIELDS: &[&str] = &["id", "index", "name", "role", "type"];
/// Fields that hold what the model wrote.
const SPOKEN_FIELDS: &[&str] = &[
    "arguments",
    "content",
    "reasoning",
    "reasoning_content",
    "refusal",
    "text",
    "thinking",
    "transcript",
];
/// Choices of one answer that are put together.
const MAX_CHOICES: usize = 128;

#[derive(Default)]
pub(super) struct Assembly {
    generation: Generation,
    choices: BTreeMap<usize, Choice>,
    /// Bytes of text taken so far.
    taken: usize,
    limit: usize,
    cut: bool,
    /// Bytes that the model wrote since its provider last told the usage.
    untold: u64,
}

#[derive(Default)]
struct Choice {
    message: Map<String, Value>,
    finish_reason: Option<String>,
}

/// What one chunk means to the relay.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Seen {
    /// It carries the usage and nothing else.
    pub only_usage: bool,
    /// It carries a part of the output.
    pub has_output: bool,
    /// The provider reports that it failed; its error as it came.
    pub error: Option<String>,
}

#[derive(Deserialize)]
struct ChunkView<'a> {
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    model: Option<String>,
    #[serde(default)]
    service_tier: Option<String>,
    #[serde(default)]
    choices: Vec<ChunkChoice>,
    #[serde(default)]
    usage: Option<OpenAiUsage>,
    #[serde(borrow, default)]
    error: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct ChunkChoice {
    #[serde(default)]
    index: usize,
    #[serde(default)]
    delta: Option<Map<String, Value>>,
    #[serde(default)]
    finish_reason: Option<String>,
}

impl Assembly {
    /// Keeps at most about `limit` bytes of text.
    pub fn new(limit: usize) -> Self {
        Self {
            limit,
            ..Self::default()
        }
    }

    /// Takes one chunk. What is not a chunk is passed on all the same, so it is only ignored here.
    pub fn take(&mut self, data: &[u8]) -> Seen {
        let Ok(chunk) = serde_json::from_slice::<ChunkView<'_>>(data) else {
            return Seen::default();
        };
        let generation = &mut self.generation;
        let keep = |slot: &mut Option<String>, value: Option<String>| {
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                *slot = Some(storable(&value));
            }
        };
        keep(&mut generation.id, chunk.id);
        keep(&mut generation.model, chunk.model);
        keep(&mut generation.service_tier, chunk.service_tier);
        let seen = Seen {
            only_usage: chunk.usage.is_some() && chunk.choices.is_empty() && chunk.error.is_none(),
            has_output: chunk.choices.iter().any(|choice| choice.delta.is_some()),
            error: chunk.error.map(|error| error.get().to_owned()),
        };
        let usage = chunk.usage.map(Usage::from);
        generation.usage = usage.or(generation.usage);
        for choice in chunk.choices {
            self.take_choice(choice);
        }
        if usage.is_some() {
            self.untold = 0;
        }
        seen
    }

    pub fn has_usage(&self) -> bool {
        self.generation.usage.is_some()
    }

    /// Bytes that the model wrote since its provider last told the usage.
    pub const fn untold(&self) -> u64 {
        self.untold
    }

    /// What the model wrote, as far as it was kept.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for choice in self.choices.values() {
            each_spoken(&choice.message, &mut |spoken| text.push_str(spoken));
        }
        text
    }

    fn take_choice(&mut self, chunk: ChunkChoice) {
        if chunk.index >= MAX_CHOICES {
            return;
        }
        let choice = self.choices.entry(chunk.index).or_default();
        if let Some(reason) = chunk.finish_reason {
            choice.finish_reason = Some(storable(&reason));
        }
        if let Some(delta) = chunk.delta {
            each_spoken(&delta, &mut |spoken| self.untold += spoken.len() as u64);
            let mut room = self.limit.saturating_sub(self.taken);
            let before = room;
            self.cut |= !merge_object(&mut choice.message, delta, &mut room);
            self.taken += before - room;
        }
    }

    /// Whether every choice that began has ended.
    pub fn is_complete(&self) -> bool {
        !self.choices.is_empty()
            && self
                .choices
                .values()
                .all(|choice| choice.finish_reason.is_some())
    }

    pub fn finish(self) -> Generation {
        let Self {
            mut generation,
            choices,
            cut,
            limit,
            ..
        } = self;
        let mut messages = Vec::with_capacity(choices.len());
        for choice in choices.into_values() {
            generation.finish_reasons.extend(choice.finish_reason);
            messages.push(Value::Object(choice.message));
        }
        if cut && let Some(Value::Object(message)) = messages.first_mut() {
            message.insert(
                "kaname_cut".to_owned(),
                format!("only about {limit} bytes are kept").into(),
            );
        }
        generation.output = match messages.as_slice() {
            [] => None,
            [message] => Some(JsonText::of(message)),
            several => Some(JsonText::of(&several)),
        };
        generation
    }
}

fn each_spoken(object: &Map<String, Value>, take: &mut impl FnMut(&str)) {
    for (key, value) in object {
        match value {
            Value::String(text) if SPOKEN_FIELDS.contains(&key.as_str()) => take(text),
            Value::Object(object) => each_spoken(object, take),
            Value::Array(list) => {
                for object in list.iter().filter_map(Value::as_object) {
                    each_spoken(object, take);
                }
            }
            _ => {}
        }
    }
}

/// Text continues text, objects and indexed lists are merged, anything else replaces. False when
/// something was left out for want of room.
fn merge_object(
    into: &mut Map<String, Value>,
    delta: Map<String, Value>,
    room: &mut usize,
) -> bool {
    let mut all_fits = true;
    for (key, value) in delta {
        if value.is_null() && into.contains_key(&key) {
            continue;
        }
        match into.get_mut(&key) {
            Some(slot) if !WHOLE_FIELDS.contains(&key.as_str()) => {
                all_fits &= merge(slot, value, room);
            }
            Some(slot) => {
                if value.as_str() != Some("") {
                    *slot = value;
                }
            }
            None => {
                let mut slot = empty_like(&value);
                all_fits &= merge(&mut slot, value, room);
                if take_room(room, key.len()) {
                    into.insert(key, slot);
                } else {
                    all_fits = false;
                }
            }
        }
    }
    all_fits
}

fn merge(slot: &mut Value, delta: Value, room: &mut usize) -> bool {
    match (slot, delta) {
        (Value::String(text), Value::String(more)) => {
            let fits = more.floor_char_boundary(*room);
            text.push_str(&more[..fits]);
            *room -= fits;
            fits == more.len()
        }
        (Value::Object(object), Value::Object(more)) => merge_object(object, more, room),
        (Value::Array(list), Value::Array(more)) => merge_list(list, more, room),
        (slot, delta) => {
            *slot = delta;
            take_room(room, size_of::<u64>())
        }
    }
}

/// Items with an `index` (tool calls) continue the one with the same index; others are appended.
fn merge_list(list: &mut Vec<Value>, more: Vec<Value>, room: &mut usize) -> bool {
    let mut all_fits = true;
    for item in more {
        let index = item.get("index").and_then(Value::as_u64);
        let known = list
            .iter_mut()
            .find(|known| index.is_some() && known.get("index").and_then(Value::as_u64) == index);
        if let Some(known) = known {
            all_fits &= merge(known, item, room);
            continue;
        }
        let mut slot = empty_like(&item);
        all_fits &= merge(&mut slot, item, room);
        list.push(slot);
        if !take_room(room, size_of::<Value>()) {
            list.pop();
            all_fits = false;
        }
    }
    all_fits
}

fn empty_like(value: &Value) -> Value {
    match value {
        Value::String(_) => Value::String(String::new()),
        Value::Object(_) => Value::Object(Map::new()),
        Value::Array(_) => Value::Array(Vec::new()),
        _ => Value::Null,
    }
}

fn take_room(room: &mut usize, bytes: usize) -> bool {
    let fits = *room >= bytes;
    *room = room.saturating_sub(bytes);
    fits
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn assembled(limit: usize, chunks: &[Value]) -> Generation {
        let mut assembly = Assembly::new(limit);
        for chunk in chunks {
            assembly.take(chunk.to_string().as_bytes());
        }
        assembly.finish()
    }

    #[expect(clippy::needless_pass_by_value, reason = "calls read better")]
    fn delta(delta: Value) -> Value {
        json!({"id": "c", "model": "m", "choices": [{"index": 0, "delta": delta, "finish_reason": null}]})
    }

    fn output(generation: &Generation) -> Value {
        serde_json::from_str(generation.output.as_ref().unwrap().get()).unwrap()
    }

    #[test]
    fn text_is_joined_and_usage_and_reason_are_kept() {
        let generation = assembled(
            1000,
            &[
                delta(json!({"role": "assistant", "content": "", "refusal": null})),
                delta(json!({"content": "Hel"})),
                delta(json!({"content": "lo", "role": "assistant"})),
                json!({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}),
                json!({"choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 2}}),
            ],
        );
        assert_eq!(
            output(&generation),
            json!({"role": "assistant", "content": "Hello", "refusal": null})
        );
        assert_eq!(generation.finish_reasons, ["stop"]);
        assert_eq!(generation.usage.unwrap().total, 3);
    }

    #[test]
    fn tool_calls_are_joined_by_index() {
        let call = |index, rest: Value| {
            let mut call = json!({"index": index});
            call.as_object_mut()
                .unwrap()
                .extend(rest.as_object().unwrap().clone());
            delta(json!({"tool_calls": [call]}))
        };
        let generation = assembled(
            1000,
            &[
                call(
                    0,
                    json!({"id": "a", "type": "function", "function": {"name": "f", "arguments": ""}}),
                ),
                call(0, json!({"function": {"arguments": "{\"x\":"}})),
                call(
                    1,
                    json!({"id": "b", "function": {"name": "g", "arguments": "{}"}}),
                ),
                call(0, json!({"id": "", "function": {"arguments": "1}"}})),
            ],
        );
        let calls = &output(&generation)["tool_calls"];
        assert_eq!(
            calls[0],
            json!({"index": 0, "id": "a", "type": "function", "function": {"name": "f", "arguments": "{\"x\":1}"}})
        );
        assert_eq!(calls[1]["function"]["name"], "g");
    }

    #[test]
    fn what_was_written_since_the_usage_is_told_also_where_it_was_cut() {
        let mut assembly = Assembly::new(16);
        let call =
            json!([{"index": 0, "id": "a", "function": {"name": "f", "arguments": "12345"}}]);
        for chunk in [
            json!({"choices": [{"delta": {"content": "Hello"}}], "usage": {"prompt_tokens": 9}}),
            delta(json!({"role": "assistant", "reasoning_content": "ab"})),
            delta(json!({ "tool_calls": call })),
        ] {
            assembly.take(chunk.to_string().as_bytes());
        }
        assert_eq!(assembly.untold(), 7);
        assert_eq!(assembly.text(), "Hello");
    }

    #[test]
    fn several_choices_stay_apart() {
        let chunk =
            |index, text| json!({"choices": [{"index": index, "delta": {"content": text}}]});
        let generation = assembled(1000, &[chunk(1, "b"), chunk(0, "a"), chunk(1, "B")]);
        assert_eq!(
            output(&generation),
            json!([{"content": "a"}, {"content": "bB"}])
        );
    }

    #[test]
    fn memory_is_bounded_and_the_cut_is_marked() {
        let chunks: Vec<_> = (0..100)
            .map(|_| delta(json!({"content": "あいうえお"})))
            .collect();
        let generation = assembled(100, &chunks);
        let message = output(&generation);
        assert!(message["content"].as_str().unwrap().len() <= 100);
        assert!(message.get("kaname_cut").is_some());
    }

    #[test]
    fn a_usage_chunk_and_an_error_are_told_apart_from_output() {
        let mut assembly = Assembly::new(100);
        assert!(
            assembly
                .take(br#"{"choices":[],"usage":{"prompt_tokens":1}}"#)
                .only_usage
        );
        let last = assembly
            .take(br#"{"choices":[{"delta":{"content":"x"}}],"usage":{"prompt_tokens":1}}"#);
        assert_eq!(
            last,
            Seen {
                only_usage: false,
                has_output: true,
                error: None
            }
        );
        assert_eq!(
            assembly
                .take(br#"{"error":{"message":"no"}}"#)
                .error
                .as_deref(),
            Some(r#"{"message":"no"}"#)
        );
        assert_eq!(assembly.take(b"not json"), Seen::default());
    }
}
