//! A client's request, read.

use serde_json::{Map, Value};

use super::{block_in, tool_in};
use crate::llm_integration::dialects::{
    Dialect, Fields, Path, SCHEMA_NAME, Untranslatable,
    chat::{
        Content, Effort, Message, Part, Reasoning, ReasoningSummary, Request, ResponseFormat, Role,
        Sampling, ThinkingMode,
    },
};

pub(super) fn decode(body: &[u8]) -> Result<Request, Untranslatable> {
    let mut fields = Fields::of_body(body)?;
    let (tool_choice, parallel_tool_calls) = tool_in::decode_choice(&mut fields)?;
    let (effort, response_format) = output(&mut fields)?;
    let (mode, summary) = thinking(&mut fields)?;
    let (user, metadata) = metadata(&mut fields)?;
    Ok(Request {
        dialect: Dialect::Anthropic,
        model: fields.needed_text("model")?,
        system: system(&mut fields)?,
        messages: messages(&mut fields)?,
        tools: tool_in::decode_all(&mut fields)?,
        tool_choice,
        parallel_tool_calls,
        response_format,
        sampling: Sampling {
            temperature: fields.number("temperature")?,
            top_p: fields.number("top_p")?,
            top_k: fields.whole("top_k")?,
            ..Sampling::default()
        },
        // Needed for an answer, and not for counting tokens, whose requests are read here too.
        max_tokens: fields.whole("max_tokens")?,
        stop: fields.texts("stop_sequences")?,
        reasoning: Reasoning {
            mode,
            effort,
            summary,
        },
        user,
        metadata,
        service_tier: fields.text("service_tier")?,
        stream: fields.bool("stream")?.unwrap_or(false),
        // Its streams always tell the usage.
        stream_usage: true,
        extra: fields.rest(),
        ..Request::default()
    })
}

fn system(fields: &mut Fields<'_>) -> Result<Vec<Part>, Untranslatable> {
    block_in::contents(fields, "system")
}

fn messages(fields: &mut Fields<'_>) -> Result<Vec<Message>, Untranslatable> {
    let root = fields.path;
    let list = root.field("messages");
    let items = fields
        .list("messages")?
        .ok_or_else(|| fields.missing("messages", "a list"))?;
    let messages = items.into_iter().enumerate().map(|(at, item)| {
        let path = list.item(at);
        let mut message = Fields::of(item, path)?;
        let role = match message.needed_text("role")?.as_str() {
            "user" => Role::User,
            "assistant" => Role::Assistant,
            "system" => Role::System,
            _ => return Err(path.field("role").wrong("user, assistant or system")),
        };
        let parts = block_in::contents(&mut message, "content")?;
        Ok(Message {
            role,
            name: None,
            parts,
            extra: message.rest(),
        })
    });
    messages.collect()
}

/// `output_config`, and its older form `output_format`.
fn output(
    fields: &mut Fields<'_>,
) -> Result<(Option<Effort>, Option<ResponseFormat>), Untranslatable> {
    let root = fields.path;
    let older = fields.take("output_format");
    let Some(config) = fields.take("output_config") else {
        let format = older.map(|format| json_schema(format, root.field("output_format")));
        return Ok((None, format.transpose()?));
    };
    let path = root.field("output_config");
    let mut config = Fields::of(config, path)?;
    let effort = config.text("effort")?;
    let effort = effort.map(|effort| {
        Effort::named(&effort).ok_or_else(|| {
            path.field("effort")
                .wrong("low, medium, high, xhigh or max")
        })
    });
    let format = config.take("format").or(older);
    let format = format.map(|format| json_schema(format, path.field("format")));
    if let Some(name) = config.rest().keys().next() {
        return Err(path.field(name).wrong("left out: it is not known here"));
    }
    Ok((effort.transpose()?, format.transpose()?))
}

fn json_schema(format: Value, path: Path<'_>) -> Result<ResponseFormat, Untranslatable> {
    let mut format = Fields::of(format, path)?;
    if format.needed_text("type")? != "json_schema" {
        return Err(path.field("type").wrong("json_schema"));
    }
    let schema = format
        .object("schema")?
        .ok_or_else(|| format.missing("schema", "an object"))?;
    Ok(ResponseFormat::JsonSchema {
        name: SCHEMA_NAME.to_owned(),
        description: None,
        schema: Value::Object(schema),
        // This vendor's answers always follow it.
        strict: Some(true),
    })
}

type Thinking = (Option<ThinkingMode>, Option<ReasoningSummary>);

fn thinking(fields: &mut Fields<'_>) -> Result<Thinking, Untranslatable> {
    let root = fields.path;
    let path = root.field("thinking");
    let Some(thinking) = fields.take("thinking") else {
        return Ok((None, None));
    };
    let mut thinking = Fields::of(thinking, path)?;
    let mode = match thinking.needed_text("type")?.as_str() {
        "disabled" => ThinkingMode::Off,
        "adaptive" => ThinkingMode::Adaptive,
        "between_tools" => ThinkingMode::BetweenTools,
        "enabled" => {
            let budget = thinking.whole("budget_tokens")?;
            ThinkingMode::Budget(
                budget.ok_or_else(|| thinking.missing("budget_tokens", "a whole number"))?,
            )
        }
        _ => {
            return Err(path
                .field("type")
                .wrong("enabled, disabled, adaptive or between_tools"));
        }
    };
    let display = thinking.text("display")?;
    let summary = display.map(|display| match display.as_str() {
        "summarized" => Ok(ReasoningSummary::Auto),
        "omitted" => Ok(ReasoningSummary::Omitted),
        _ => Err(path.field("display").wrong("summarized or omitted")),
    });
    Ok((Some(mode), summary.transpose()?))
}

fn metadata(
    fields: &mut Fields<'_>,
) -> Result<(Option<String>, Map<String, Value>), Untranslatable> {
    let root = fields.path;
    let Some(metadata) = fields.take("metadata") else {
        return Ok((None, Map::new()));
    };
    let mut metadata = Fields::of(metadata, root.field("metadata"))?;
    let user = metadata.text("user_id")?;
    Ok((user, metadata.rest()))
}

/// Whether a part is nothing but a text without a character, which this vendor refuses.
pub(super) fn is_empty_text(part: &Part) -> bool {
    matches!(&part.content, Content::Text(text) if text.is_empty())
}
