//! OpenTelemetry's conventions for generative AI, the present names and those up to 1.36.

use std::time::Duration;

use serde_json::{Value as Json, json, value::RawValue};

use super::{
    attributes::Attributes,
    flattened,
    kind::named,
    view::{EventView, Io, SpanView},
};
use crate::{
    interop::otlp::wire::Value,
    kernel::Timestamp,
    llm_integration::{JsonText, ObservationKind},
};

const INPUT_MESSAGES: &str = "gen_ai.input.messages";
const OUTPUT_MESSAGES: &str = "gen_ai.output.messages";
const SYSTEM_INSTRUCTIONS: &str = "gen_ai.system_instructions";
/// Prefixes of messages in the old, flattened form.
pub const PROMPT: &str = "gen_ai.prompt.";
pub const COMPLETION: &str = "gen_ai.completion.";

/// Events that carry inputs and outputs: they are not shown a second time.
pub const CONTENT_EVENTS: &[&str] = &[
    "gen_ai.system.message",
    "gen_ai.user.message",
    "gen_ai.assistant.message",
    "gen_ai.tool.message",
    "gen_ai.choice",
    "gen_ai.content.prompt",
    "gen_ai.content.completion",
    "gen_ai.client.inference.operation.details",
];

pub fn kind(view: &SpanView<'_>) -> Option<ObservationKind> {
    use ObservationKind as K;
    const KINDS: &[(&str, K)] = &[
        ("chat", K::Generation),
        ("completion", K::Generation),
        ("text_completion", K::Generation),
        ("generate_content", K::Generation),
        ("generate", K::Generation),
        ("embeddings", K::Embedding),
        ("invoke_agent", K::Agent),
        ("create_agent", K::Agent),
        ("execute_tool", K::Tool),
        ("retrieval", K::Retriever),
        ("invoke_workflow", K::Chain),
    ];
    named(view.attributes.text("gen_ai.operation.name")?, KINDS)
}

/// Some libraries name the tool and not the operation.
pub fn tool_kind(view: &SpanView<'_>) -> Option<ObservationKind> {
    const KEYS: &[&str] = &["gen_ai.tool.name", "gen_ai.tool.call.id"];
    view.attributes.first(KEYS).map(|_| ObservationKind::Tool)
}

/// When the first chunk of a stream came, told as seconds from the start.
pub fn first_chunk_at(view: &SpanView<'_>) -> Option<Timestamp> {
    let waited = view.attributes.get("gen_ai.response.time_to_first_chunk")?;
    let wait = Duration::try_from_secs_f64(waited.as_f64()?).ok()?;
    Some(view.started_at.plus(wait))
}

/// One event a message, as conventions up to 1.36 have it.
pub fn message_events(view: &SpanView<'_>) -> Option<Io> {
    let role_of = |event: &EventView| {
        let role = event.name.strip_prefix("gen_ai.")?.strip_suffix(".message");
        role.map(str::to_owned)
    };
    let inputs: Vec<Json> = view
        .events
        .iter()
        .filter_map(|event| Some(message(&event.attributes, Some(role_of(event)?))))
        .collect();
    let choices = view.events.iter().filter(|e| e.name == "gen_ai.choice");
    let mut outputs: Vec<Json> = choices.map(|e| message(&e.attributes, None)).collect();
    let input = (!inputs.is_empty()).then(|| JsonText::of(&inputs));
    let output = match outputs.len() {
        0 => None,
        1 => outputs.pop().map(|one| JsonText::of(&one)),
        _ => Some(JsonText::of(&outputs)),
    };
    Io::of(input, output)
}

/// An event's attributes as a message; JSON within text becomes JSON.
fn message(attributes: &Attributes, role: Option<String>) -> Json {
    let mut object = serde_json::Map::new();
    if let Some(role) = role {
        object.insert("role".to_owned(), role.into());
    }
    for (key, value) in attributes.iter() {
        let value = value.map(Value::captured_structure);
        object.insert(key.to_owned(), json!(value));
    }
    object.into()
}

/// One event each for all that went in and all that came out.
pub fn content_events(view: &SpanView<'_>) -> Option<Io> {
    let captured = |event, key| {
        let attributes = &view.event(event)?.attributes;
        let named = attributes.meaningful(key).map(Value::captured);
        named.or_else(|| Some(JsonText::of(attributes)))
    };
    Io::of(
        captured("gen_ai.content.prompt", "gen_ai.prompt"),
        captured("gen_ai.content.completion", "gen_ai.completion"),
    )
}

/// `gen_ai.prompt.0.role` and so on.
pub fn flattened(view: &SpanView<'_>) -> Option<Io> {
    let list = |prefix| flattened::list(view.attributes, prefix, &[]);
    Io::of(list(PROMPT), list(COMPLETION))
}

/// Messages of the present conventions, on the span or on its event of details.
pub fn messages(view: &SpanView<'_>) -> Option<Io> {
    let details = view.event("gen_ai.client.inference.operation.details");
    let places = [Some(view.attributes), details.map(|e| &e.attributes)];
    places.into_iter().flatten().find_map(|attributes| {
        let messages = attributes.meaningful(INPUT_MESSAGES).map(Value::captured);
        let instructions = attributes.meaningful(SYSTEM_INSTRUCTIONS);
        let input = match instructions {
            Some(said) => Some(with_instructions(said, messages.as_ref())),
            None => messages,
        };
        let output = attributes.meaningful(OUTPUT_MESSAGES).map(Value::captured);
        Io::of(input, output)
    })
}

/// The instructions as system messages before the others, unless those have one.
fn with_instructions(said: &Value, messages: Option<&JsonText>) -> JsonText {
    let present = messages.map_or("[]", JsonText::get);
    let Ok(present) = serde_json::from_str::<Vec<&RawValue>>(present) else {
        return messages.cloned().unwrap_or_else(|| JsonText::of(said));
    };
    let is_system = |message: &&RawValue| {
        serde_json::from_str::<Json>(message.get()).is_ok_and(|m| m["role"] == "system")
    };
    if present.iter().any(is_system) {
        return messages.cloned().unwrap_or_else(|| JsonText::of(said));
    }
    let system = system_messages(said).into_iter().map(|m| JsonText::of(&m));
    let others = present.iter().map(JsonText::of);
    JsonText::of(&system.chain(others).collect::<Vec<_>>())
}

/// Whole messages stay what they are; parts of text are joined to one message.
fn system_messages(said: &Value) -> Vec<Json> {
    let text = said.captured();
    let parts = match serde_json::from_str(text.get()) {
        Ok(Json::Array(parts)) => parts,
        Ok(Json::String(text)) => return vec![json!({ "role": "system", "content": text })],
        _ => return vec![json!({ "role": "system", "content": said.shown() })],
    };
    if !parts.is_empty() && parts.iter().all(|part| part["parts"].is_array()) {
        let whole = parts.into_iter().map(|mut message| {
            if message["role"].is_null() {
                message["role"] = "system".into();
            }
            message
        });
        return whole.collect();
    }
    let texts: Vec<String> = parts.iter().filter_map(text_of_part).collect();
    match texts.join("\n") {
        joined if joined.is_empty() => Vec::new(),
        joined => vec![json!({ "role": "system", "content": joined })],
    }
}

/// Also of a message that stands between parts.
fn text_of_part(part: &Json) -> Option<String> {
    let nested = |parts: &Vec<Json>| {
        let texts: Vec<String> = parts.iter().filter_map(text_of_part).collect();
        texts.join("\n")
    };
    part.as_str()
        .or_else(|| part["content"].as_str())
        .map(str::to_owned)
        .or_else(|| part["parts"].as_array().map(nested))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(instructions: &str, messages: &str) -> Json {
        let said = Value::Text(instructions.to_owned());
        let messages = Value::Text(messages.to_owned()).captured();
        let found = with_instructions(&said, Some(&messages));
        serde_json::from_str(found.get()).unwrap()
    }

    #[test]
    fn instructions_stand_before_the_messages_in_every_form_that_libraries_send() {
        let user = r#"[{"role":"user","content":"Hi"}]"#;
        let expected = json!([{ "role": "system", "content": "Be brief." }, { "role": "user", "content": "Hi" }]);
        assert_eq!(
            input(r#"[{"type":"text","content":"Be brief."}]"#, user),
            expected
        );
        assert_eq!(input("Be brief.", user), expected);
        assert_eq!(input(r#""Be brief.""#, user), expected);
        let whole = input(r#"[{"role":"system","parts":[{"type":"text"}]}]"#, user);
        assert_eq!(
            whole[0],
            json!({ "role": "system", "parts": [{ "type": "text" }] })
        );
        let own = r#"[{"role":"system","content":"Mine"}]"#;
        assert_eq!(
            input("Be brief.", own),
            json!([{ "role": "system", "content": "Mine" }])
        );
        assert_eq!(
            input("[42, null]", user),
            json!([{ "role": "user", "content": "Hi" }])
        );
    }
}
