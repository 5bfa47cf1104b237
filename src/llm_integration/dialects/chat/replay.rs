//! A whole answer told as a stream: a cached answer to a client that asked for one.

use super::{Answer, Choice, Content, Delta, Event, Part, PartStart};

impl Answer {
    /// The events that spell this answer, each part in one piece.
    pub fn into_events(self) -> Vec<Event> {
        let mut events = vec![Event::Start {
            id: self.id,
            model: self.model,
            created: self.created,
            service_tier: self.service_tier,
        }];
        for (choice, answered) in self.choices.into_iter().enumerate() {
            let Choice {
                parts,
                stop,
                logprobs,
            } = answered;
            for (part, content) in parts.into_iter().enumerate() {
                replay_part(choice, part, content, &mut events);
            }
            events.extend(logprobs.map(|logprobs| Event::Logprobs { choice, logprobs }));
            events.extend(stop.map(|reason| Event::Stop { choice, reason }));
        }
        events.extend(self.usage.map(Event::Usage));
        events
    }
}

fn replay_part(choice: usize, part: usize, content: Part, events: &mut Vec<Event>) {
    let mut deltas = Vec::new();
    let start = match content.content {
        Content::Text(text) => {
            deltas.push(Delta::Text(text));
            PartStart::Text
        }
        Content::Refusal(text) => {
            deltas.push(Delta::Refusal(text));
            PartStart::Refusal
        }
        Content::Thinking(thinking) => {
            deltas.push(Delta::Thinking(thinking.text));
            deltas.extend(thinking.signature.map(Delta::Signature));
            PartStart::Thinking
        }
        Content::RedactedThinking(data) => PartStart::RedactedThinking(data),
        Content::ToolUse(call) => {
            deltas.push(Delta::Arguments(call.arguments));
            PartStart::ToolUse {
                id: call.id,
                name: call.name,
                custom: call.custom,
            }
        }
        Content::Opaque(opaque) => PartStart::Opaque(opaque),
        // Models do not answer with these.
        Content::Image(_)
        | Content::Audio { .. }
        | Content::Document(_)
        | Content::ToolResult(_) => return,
    };
    if let Some(serde_json::Value::Array(citations)) = content.extra.get("citations") {
        deltas.extend(citations.iter().cloned().map(Delta::Citation));
    }
    events.push(Event::PartStart {
        choice,
        part,
        start,
    });
    let deltas = deltas.into_iter().map(|delta| Event::Delta {
        choice,
        part,
        delta,
    });
    events.extend(deltas);
    events.push(Event::PartEnd { choice, part });
}
