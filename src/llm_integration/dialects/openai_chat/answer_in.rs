//! A provider's whole answer, read. Fields that are not of the answer itself are ignored.

use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use super::errors;
use crate::llm_integration::{
    OpenAiUsage, Usage,
    dialects::{
        Unreadable,
        chat::{Answer, Choice, Content, Part, StopReason, Thinking, ToolUse},
    },
};

#[derive(Deserialize)]
struct Completion<'a> {
    id: Option<String>,
    model: Option<String>,
    created: Option<i64>,
    service_tier: Option<String>,
    #[serde(default)]
    choices: Vec<CompletionChoice>,
    usage: Option<OpenAiUsage>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct CompletionChoice {
    #[serde(default)]
    message: Message,
    finish_reason: Option<String>,
    logprobs: Option<Value>,
}

#[derive(Deserialize, Default)]
struct Message {
    content: Option<String>,
    refusal: Option<String>,
    reasoning_content: Option<String>,
    /// `OpenRouter`'s name for it, a string; others have objects here.
    reasoning: Option<Value>,
    thinking_blocks: Option<Vec<ThinkingBlock>>,
    tool_calls: Option<Vec<Call>>,
    function_call: Option<Function>,
}

#[derive(Deserialize)]
struct ThinkingBlock {
    #[serde(default)]
    thinking: String,
    signature: Option<String>,
    data: Option<String>,
}

#[derive(Deserialize)]
struct Call {
    #[serde(default)]
    id: String,
    function: Option<Function>,
    custom: Option<Custom>,
}

#[derive(Deserialize)]
struct Function {
    name: String,
    #[serde(default)]
    arguments: String,
}

#[derive(Deserialize)]
struct Custom {
    name: String,
    #[serde(default)]
    input: String,
}

pub(super) fn decode(body: &[u8]) -> Result<Answer, Unreadable> {
    let completion: Completion<'_> = serde_json::from_slice(body).map_err(Unreadable::new)?;
    if let Some(error) = completion.error.filter(|error| error.get() != "null") {
        return Err(Unreadable::new(
            errors::decode_in_stream(error.get()).message,
        ));
    }
    if completion.choices.is_empty() {
        return Err(Unreadable::new("it has no `choices`"));
    }
    Ok(Answer {
        id: completion.id,
        model: completion.model,
        created: completion.created,
        choices: completion.choices.into_iter().map(choice).collect(),
        usage: completion.usage.map(Usage::from),
        service_tier: completion.service_tier,
    })
}

fn choice(choice: CompletionChoice) -> Choice {
    let CompletionChoice {
        message,
        finish_reason,
        logprobs,
    } = choice;
    let stop = finish_reason.map(|reason| stop_reason(&reason, message.refusal.as_deref()));
    Choice {
        parts: parts(message),
        stop,
        logprobs,
    }
}

/// A word as canonical reason. A refusal in the message stands for itself.
pub(super) fn stop_reason(word: &str, refusal: Option<&str>) -> StopReason {
    match word {
        "stop" if refusal.is_some_and(|refusal| !refusal.is_empty()) => StopReason::Refusal(None),
        "stop" => StopReason::End,
        "length" => StopReason::MaxTokens,
        "tool_calls" | "function_call" => StopReason::ToolUse,
        "content_filter" => StopReason::ContentFilter,
        other => StopReason::Other(other.to_owned()),
    }
}

fn parts(message: Message) -> Vec<Part> {
    let Message {
        content,
        refusal,
        reasoning_content,
        reasoning,
        thinking_blocks,
        tool_calls,
        function_call,
    } = message;
    let reasoning = reasoning_content.or_else(|| reasoning?.as_str().map(str::to_owned));
    let mut parts = Vec::new();
    match thinking_blocks {
        Some(blocks) => parts.extend(blocks.into_iter().map(|block| match block.data {
            Some(data) => Content::RedactedThinking(data),
            None => Content::Thinking(Thinking {
                text: block.thinking,
                signature: block.signature,
            }),
        })),
        None => parts.extend(filled(reasoning).map(|text| {
            Content::Thinking(Thinking {
                text,
                signature: None,
            })
        })),
    }
    parts.extend(filled(content).map(Content::Text));
    parts.extend(filled(refusal).map(Content::Refusal));
    let calls = tool_calls.into_iter().flatten();
    parts.extend(calls.filter_map(tool_use).map(Content::ToolUse));
    parts.extend(function_call.map(|call| {
        // The old form has one call and no id for it.
        Content::ToolUse(ToolUse {
            id: format!("call_{}", call.name),
            name: call.name,
            arguments: call.arguments,
            custom: false,
        })
    }));
    parts.into_iter().map(Part::of).collect()
}

fn filled(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

fn tool_use(call: Call) -> Option<ToolUse> {
    let (name, arguments, custom) = match (call.function, call.custom) {
        (Some(function), _) => (function.name, function.arguments, false),
        (None, Some(custom)) => (custom.name, custom.input, true),
        (None, None) => return None,
    };
    Some(ToolUse {
        id: call.id,
        name,
        arguments,
        custom,
    })
}
