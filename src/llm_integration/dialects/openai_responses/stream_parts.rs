//! The items of a stream that is being written, and the events that tell of each.

use serde_json::{Value, json};

use super::{
    answer_out::{arguments, item, item_id, text_part},
    item_out,
};
use crate::llm_integration::dialects::{
    Dialect,
    chat::{Content, Delta, Part, PartStart, Thinking, ToolUse},
};

/// One item in progress.
pub(super) struct Item {
    /// Where it stands in the output.
    pub index: usize,
    id: String,
    part: Part,
}

/// An event without its number.
pub(super) type Told = (&'static str, Value);

impl Item {
    /// `None` for what this dialect does not tell of.
    pub fn start(start: &PartStart, context_id: &str, index: usize) -> Option<Self> {
        let (prefix, content) = match start {
            PartStart::Text => ("msg", Content::Text(String::new())),
            PartStart::Refusal => ("msg", Content::Refusal(String::new())),
            PartStart::Thinking => ("rs", Content::Thinking(Thinking::default())),
            PartStart::RedactedThinking(data) => ("rs", Content::RedactedThinking(data.clone())),
            PartStart::ToolUse { id, name, custom } => {
                let call = ToolUse {
                    id: id.clone(),
                    name: name.clone(),
                    arguments: String::new(),
                    custom: *custom,
                };
                (if *custom { "ctc" } else { "fc" }, Content::ToolUse(call))
            }
            PartStart::Opaque(opaque) if opaque.dialect == Dialect::OpenAiResponses => {
                ("item", Content::Opaque(opaque.clone()))
            }
            PartStart::Opaque(_) => return None,
        };
        Some(Self {
            index,
            id: item_id(prefix, context_id, index),
            part: Part::of(content),
        })
    }

    pub fn begin(&self) -> Vec<Told> {
        let (id, index) = (&self.id, self.index);
        let item = match &self.part.content {
            Content::Text(_) | Content::Refusal(_) => json!({ "type": "message", "id": id,
                "status": "in_progress", "role": "assistant", "content": [] }),
            Content::ToolUse(call) if call.custom => json!({ "type": "custom_tool_call", "id": id,
                "status": "in_progress", "call_id": call.id, "name": call.name, "input": "" }),
            Content::ToolUse(call) => json!({ "type": "function_call", "id": id,
                "status": "in_progress", "call_id": call.id, "name": call.name, "arguments": "" }),
            Content::Opaque(opaque) => opaque.value.clone(),
            _ => json!({ "type": "reasoning", "id": id, "summary": [] }),
        };
        let mut told = vec![(
            "response.output_item.added",
            json!({ "output_index": index, "item": item }),
        )];
        match &self.part.content {
            Content::Text(_) | Content::Refusal(_) => told.push((
                "response.content_part.added",
                json!({ "item_id": id, "output_index": index, "content_index": 0,
                    "part": self.content(&json!([])) }),
            )),
            Content::Thinking(_) => told.push((
                "response.reasoning_summary_part.added",
                json!({ "item_id": id, "output_index": index, "summary_index": 0,
                    "part": { "type": "summary_text", "text": "" } }),
            )),
            _ => {}
        }
        told
    }

    /// How many bytes are kept of the delta, and the event that tells of it.
    pub fn continue_with(&mut self, delta: &Delta) -> (usize, Option<Told>) {
        let (id, index) = (&self.id, self.index);
        let (slot, text, name) = match (&mut self.part.content, delta) {
            (Content::Text(slot), Delta::Text(text)) => (slot, text, "response.output_text.delta"),
            (Content::Refusal(slot), Delta::Refusal(text)) => {
                (slot, text, "response.refusal.delta")
            }
            (Content::ToolUse(call), Delta::Arguments(text)) if call.custom => (
                &mut call.arguments,
                text,
                "response.custom_tool_call_input.delta",
            ),
            (Content::ToolUse(call), Delta::Arguments(text)) => (
                &mut call.arguments,
                text,
                "response.function_call_arguments.delta",
            ),
            (Content::Thinking(thinking), Delta::Thinking(text)) => (
                &mut thinking.text,
                text,
                "response.reasoning_summary_text.delta",
            ),
            (Content::Thinking(thinking), Delta::Signature(text)) => {
                thinking.signature.get_or_insert_default().push_str(text);
                return (text.len(), None);
            }
            _ => return (0, None),
        };
        slot.push_str(text);
        let mut told = json!({ "item_id": id, "output_index": index, "delta": text });
        match delta {
            Delta::Text(_) => {
                told["content_index"] = 0.into();
                told["logprobs"] = json!([]);
            }
            Delta::Refusal(_) => told["content_index"] = 0.into(),
            Delta::Thinking(_) => told["summary_index"] = 0.into(),
            _ => {}
        }
        (text.len(), Some((name, told)))
    }

    /// The events that end it, and the item as the response will hold it.
    pub fn end(&self, context_id: &str, logprobs: &Value) -> (Vec<Told>, Value) {
        let (id, index) = (&self.id, self.index);
        let mut told = Vec::new();
        match &self.part.content {
            Content::Text(text) => {
                told.push((
                    "response.output_text.done",
                    json!({ "item_id": id,
                    "output_index": index, "content_index": 0, "text": text,
                    "logprobs": logprobs }),
                ));
                told.push(self.part_done(logprobs));
            }
            Content::Refusal(text) => {
                told.push((
                    "response.refusal.done",
                    json!({ "item_id": id,
                    "output_index": index, "content_index": 0, "refusal": text }),
                ));
                told.push(self.part_done(logprobs));
            }
            Content::ToolUse(call) if call.custom => {
                told.push((
                    "response.custom_tool_call_input.done",
                    json!({ "item_id": id,
                    "output_index": index, "input": call.arguments }),
                ));
            }
            Content::ToolUse(call) => {
                told.push((
                    "response.function_call_arguments.done",
                    json!({ "item_id": id,
                    "output_index": index, "name": call.name,
                    "arguments": arguments(&call.arguments) }),
                ));
            }
            Content::Thinking(thinking) => {
                let part = json!({ "type": "summary_text", "text": thinking.text });
                told.push((
                    "response.reasoning_summary_text.done",
                    json!({ "item_id": id,
                    "output_index": index, "summary_index": 0, "text": thinking.text }),
                ));
                told.push((
                    "response.reasoning_summary_part.done",
                    json!({ "item_id": id,
                    "output_index": index, "summary_index": 0, "part": part }),
                ));
            }
            _ => {}
        }
        let item = item(&self.part, context_id, index, logprobs).unwrap_or_default();
        told.push((
            "response.output_item.done",
            json!({ "output_index": index, "item": item }),
        ));
        (told, item)
    }

    fn part_done(&self, logprobs: &Value) -> Told {
        let part = self.content(logprobs);
        let done = json!({ "item_id": self.id, "output_index": self.index, "content_index": 0,
            "part": part });
        ("response.content_part.done", done)
    }

    fn content(&self, logprobs: &Value) -> Value {
        if let Content::Refusal(text) = &self.part.content {
            return json!({ "type": "refusal", "refusal": text });
        }
        let text: String = item_out::texts(std::slice::from_ref(&self.part)).collect();
        text_part(&text, None, logprobs)
    }
}
