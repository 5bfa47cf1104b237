//! Puts the events of a streamed answer together to the answer they spell.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Answer, Choice, Content, Delta, Event, Part, PartStart, Thinking, ToolUse};

/// Choices of one answer, and parts of one choice, that are put together.
const MAX_CHOICES: usize = 128;
const MAX_PARTS: usize = 1024;
const CITATIONS: &str = "citations";

/// Keeps a bounded amount of text; what is beyond the limit is cut and said so.
#[derive(Debug, Default)]
pub struct Assembler {
    answer: Answer,
    choices: BTreeMap<usize, Assembled>,
    /// Bytes of text that may still be kept.
    room: usize,
    cut: bool,
}

#[derive(Debug, Default)]
struct Assembled {
    parts: BTreeMap<usize, Part>,
    /// Arguments of the tools that the provider runs, by the part of their call.
    arguments: BTreeMap<usize, String>,
    rest: Choice,
}

impl Assembler {
    /// Keeps at most about `limit` bytes of text.
    pub fn new(limit: usize) -> Self {
        Self {
            room: limit,
            ..Self::default()
        }
    }

    /// Whether something was left out for want of room.
    pub fn is_cut(&self) -> bool {
        self.cut
    }

    pub const fn has_usage(&self) -> bool {
        self.answer.usage.is_some()
    }

    /// What the model wrote, as far as it was kept.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for part in self
            .choices
            .values()
            .flat_map(|choice| choice.parts.values())
        {
            match &part.content {
                Content::Text(more) | Content::Refusal(more) => text.push_str(more),
                Content::Thinking(thinking) => text.push_str(&thinking.text),
                Content::ToolUse(call) => text.push_str(&call.arguments),
                _ => {}
            }
        }
        text
    }

    pub fn take(&mut self, event: Event) {
        match event {
            Event::Start {
                id,
                model,
                created,
                service_tier,
            } => {
                let answer = &mut self.answer;
                answer.id = id.or(answer.id.take());
                answer.model = model.or(answer.model.take());
                answer.created = created.or(answer.created);
                answer.service_tier = service_tier.or(answer.service_tier.take());
            }
            Event::PartStart {
                choice,
                part,
                start,
            } => self.start(choice, part, start),
            Event::Delta {
                choice,
                part,
                delta,
            } => self.continue_part(choice, part, delta),
            Event::Logprobs { choice, logprobs } => self.logprobs(choice, logprobs),
            Event::Stop { choice, reason } => {
                if let Some(choice) = self.choice(choice) {
                    choice.rest.stop = Some(reason);
                }
            }
            Event::Usage(usage) => self.answer.usage = Some(usage),
            Event::PartEnd { .. } | Event::Error(_) | Event::Ping => {}
        }
    }

    pub fn finish(self) -> Answer {
        let choices = self.choices.into_values().map(Assembled::finish);
        Answer {
            choices: choices.collect(),
            ..self.answer
        }
    }

    fn choice(&mut self, index: usize) -> Option<&mut Assembled> {
        if index < MAX_CHOICES {
            Some(self.choices.entry(index).or_default())
        } else {
            self.cut = true;
            None
        }
    }

    fn start(&mut self, choice: usize, part: usize, start: PartStart) {
        let content = match start {
            PartStart::Text => Content::Text(String::new()),
            PartStart::Thinking => Content::Thinking(Thinking::default()),
            PartStart::Refusal => Content::Refusal(String::new()),
            PartStart::RedactedThinking(data) => {
                if !self.has_room(data.len()) {
                    return;
                }
                Content::RedactedThinking(data)
            }
            PartStart::ToolUse { id, name, custom } => Content::ToolUse(ToolUse {
                id,
                name,
                arguments: String::new(),
                custom,
            }),
            PartStart::Opaque(opaque) => {
                if !self.has_room(opaque.value.to_string().len()) {
                    return;
                }
                Content::Opaque(opaque)
            }
        };
        let Some(choice) = self.choice(choice) else {
            return;
        };
        if choice.parts.len() < MAX_PARTS {
            choice.parts.insert(part, Part::of(content));
        } else {
            self.cut = true;
        }
    }

    fn continue_part(&mut self, choice: usize, index: usize, delta: Delta) {
        if let Delta::Citation(citation) = delta {
            return self.cite(choice, index, citation);
        }
        let Some(choice) = self.choices.get_mut(&choice) else {
            return;
        };
        let Some(part) = choice.parts.get_mut(&index) else {
            return;
        };
        let (slot, more) = match (&mut part.content, delta) {
            (Content::Text(text), Delta::Text(more))
            | (Content::Refusal(text), Delta::Refusal(more)) => (text, more),
            (Content::ToolUse(call), Delta::Arguments(more)) => (&mut call.arguments, more),
            (Content::Opaque(_), Delta::Arguments(more)) => {
                (choice.arguments.entry(index).or_default(), more)
            }
            (Content::Thinking(thinking), Delta::Thinking(more)) => (&mut thinking.text, more),
            (Content::Thinking(thinking), Delta::Signature(more)) => {
                (thinking.signature.get_or_insert_default(), more)
            }
            _ => return,
        };
        let fits = more.floor_char_boundary(self.room);
        slot.push_str(&more[..fits]);
        self.room -= fits;
        self.cut |= fits < more.len();
    }

    fn cite(&mut self, choice: usize, index: usize, citation: Value) {
        if !self.has_room(citation.to_string().len()) {
            return;
        }
        let choice = self.choices.get_mut(&choice);
        if let Some(part) = choice.and_then(|choice| choice.parts.get_mut(&index)) {
            let list = part
                .extra
                .entry(CITATIONS)
                .or_insert_with(|| Value::Array(Vec::new()));
            if let Value::Array(list) = list {
                list.push(citation);
            }
        }
    }

    /// Lists of tokens are continued.
    fn logprobs(&mut self, choice: usize, logprobs: Value) {
        if !self.has_room(logprobs.to_string().len()) {
            return;
        }
        let Some(choice) = self.choice(choice) else {
            return;
        };
        let Some(Value::Object(known)) = &mut choice.rest.logprobs else {
            choice.rest.logprobs = Some(logprobs);
            return;
        };
        let Value::Object(more) = logprobs else {
            return;
        };
        for (name, value) in more {
            match (known.get_mut(&name), value) {
                (Some(Value::Array(known)), Value::Array(more)) => known.extend(more),
                (_, value) => {
                    known.insert(name, value);
                }
            }
        }
    }

    fn has_room(&mut self, bytes: usize) -> bool {
        let fits = bytes <= self.room;
        self.room = self.room.saturating_sub(bytes);
        self.cut |= !fits;
        fits
    }
}

impl Assembled {
    fn finish(mut self) -> Choice {
        for (index, arguments) in self.arguments {
            if let Some(Content::Opaque(opaque)) =
                self.parts.get_mut(&index).map(|part| &mut part.content)
            {
                let input = serde_json::from_str(&arguments).unwrap_or(Value::String(arguments));
                opaque.value["input"] = input;
            }
        }
        for part in self.parts.values_mut() {
            if let Content::ToolUse(call) = &mut part.content
                && call.arguments.is_empty()
                && !call.custom
            {
                call.arguments.push_str("{}");
            }
        }
        Choice {
            parts: self.parts.into_values().collect(),
            ..self.rest
        }
    }
}
