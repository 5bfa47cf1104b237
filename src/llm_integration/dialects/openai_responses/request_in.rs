//! A client's request, read.

use serde_json::{Map, Value};

use super::item_in;
use crate::llm_integration::dialects::{
    Dialect, Fields, Path, Untranslatable,
    chat::{
        Logprobs, Opaque, Reasoning, ReasoningSummary, Request, ResponseFormat, Sampling, Tool,
        ToolChoice,
    },
    openai_chat::{request_in, tool_in},
};

/// What `include` asks for the probabilities of tokens by.
const LOGPROBS: &str = "message.output_text.logprobs";

pub(super) fn decode(body: &[u8]) -> Result<Request, Untranslatable> {
    let mut fields = Fields::of_body(body)?;
    let (system, messages) = item_in::decode_all(&mut fields)?;
    let (response_format, verbosity) = text(&mut fields)?;
    let safety_identifier = fields.text("safety_identifier")?;
    let user = fields.text("user")?;
    let logprobs = logprobs(&mut fields)?;
    let mut request = Request {
        dialect: Dialect::OpenAiResponses,
        model: fields.needed_text("model")?,
        system,
        messages,
        tools: tools(&mut fields)?,
        tool_choice: tool_choice(&mut fields)?,
        parallel_tool_calls: fields.bool("parallel_tool_calls")?,
        response_format,
        sampling: Sampling {
            temperature: fields.number("temperature")?,
            top_p: fields.number("top_p")?,
            ..Sampling::default()
        },
        max_tokens: fields.whole("max_output_tokens")?,
        reasoning: reasoning(&mut fields)?,
        logprobs,
        user: safety_identifier.or_else(|| user.clone()),
        metadata: fields.object("metadata")?.unwrap_or_default(),
        service_tier: fields.text("service_tier")?,
        verbosity,
        stream: fields.bool("stream")?.unwrap_or(false),
        stream_usage: true,
        ..Request::default()
    };
    // About bytes that a translation writes anew.
    fields.take("stream_options");
    request.extra = fields.rest();
    if request.user != user
        && let Some(user) = user
    {
        request.extra.insert("user".to_owned(), user.into());
    }
    Ok(request)
}

/// `include` stays: to OpenAI it goes as it is, and what others always tell asks nothing of them.
fn logprobs(fields: &mut Fields<'_>) -> Result<Option<Logprobs>, Untranslatable> {
    let top = fields.whole("top_logprobs")?;
    let included = fields
        .peek("include")
        .and_then(Value::as_array)
        .is_some_and(|names| names.iter().any(|name| name == LOGPROBS));
    Ok((included || top.is_some_and(|top| top > 0)).then_some(Logprobs { top }))
}

type TextSettings = (Option<ResponseFormat>, Option<String>);

fn text(fields: &mut Fields<'_>) -> Result<TextSettings, Untranslatable> {
    let root = fields.path;
    let path = root.field("text");
    let Some(text) = fields.take("text") else {
        return Ok((None, None));
    };
    let mut text = Fields::of(text, path)?;
    let verbosity = text.text("verbosity")?;
    let format = text
        .take("format")
        .map(|format| response_format(format, path.field("format")));
    Ok((format.transpose()?, verbosity))
}

fn response_format(format: Value, path: Path<'_>) -> Result<ResponseFormat, Untranslatable> {
    let mut format = Fields::of(format, path)?;
    match format.needed_text("type")?.as_str() {
        "text" => Ok(ResponseFormat::Text),
        "json_object" => Ok(ResponseFormat::Json),
        "json_schema" => request_in::json_schema(format),
        _ => Err(path.field("type").wrong("text, json_object or json_schema")),
    }
}

fn reasoning(fields: &mut Fields<'_>) -> Result<Reasoning, Untranslatable> {
    let root = fields.path;
    let path = root.field("reasoning");
    let Some(reasoning) = fields.take("reasoning") else {
        return Ok(Reasoning::default());
    };
    let mut reasoning = Fields::of(reasoning, path)?;
    let effort = request_in::effort(&mut reasoning, "effort")?;
    let older = reasoning.text("generate_summary")?;
    let summary = reasoning.text("summary")?.or(older);
    let summary = summary.map(|summary| match summary.as_str() {
        "auto" => Ok(ReasoningSummary::Auto),
        "concise" => Ok(ReasoningSummary::Concise),
        "detailed" => Ok(ReasoningSummary::Detailed),
        _ => Err(path.field("summary").wrong("auto, concise or detailed")),
    });
    let decoded = Reasoning {
        mode: None,
        effort,
        summary: summary.transpose()?,
    };
    let rest = reasoning.rest();
    if !rest.is_empty() {
        // Only OpenAI knows them.
        fields.put_back("reasoning", rest.into());
    }
    Ok(decoded)
}

fn tools(fields: &mut Fields<'_>) -> Result<Vec<Tool>, Untranslatable> {
    let root = fields.path;
    let list = root.field("tools");
    let tools = fields.list("tools")?.unwrap_or_default();
    let tools = tools.into_iter().enumerate().map(|(at, tool)| {
        let mut tool = Fields::of(tool, list.item(at))?;
        let kind = tool.needed_text("type")?;
        match kind.as_str() {
            "function" => tool_in::function_tool(tool, Map::new()),
            "custom" => tool_in::custom_tool(tool),
            _ => {
                let mut value = tool.rest();
                value.shift_insert(0, "type".to_owned(), kind.clone().into());
                Ok(Tool::BuiltIn(Opaque {
                    dialect: Dialect::OpenAiResponses,
                    kind,
                    value: value.into(),
                }))
            }
        }
    });
    tools.collect()
}

fn tool_choice(fields: &mut Fields<'_>) -> Result<Option<ToolChoice>, Untranslatable> {
    let root = fields.path;
    let path = root.field("tool_choice");
    let choice = match fields.take("tool_choice") {
        None => return Ok(None),
        Some(Value::String(word)) => return tool_in::word_choice(&word, path).map(Some),
        Some(choice) => choice,
    };
    let mut choice = Fields::of(choice, path)?;
    match choice.needed_text("type")?.as_str() {
        "function" | "custom" => Ok(Some(ToolChoice::Named(choice.needed_text("name")?))),
        "allowed_tools" => tool_in::allowed(choice, |tool| tool.get("name")?.as_str()).map(Some),
        _ => Err(path
            .field("type")
            .wrong("function, custom or allowed_tools; tools that OpenAI runs are its own")),
    }
}
