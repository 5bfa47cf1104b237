//! A provider's whole answer, read.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{signature, usage::GeminiUsage};
use crate::llm_integration::{
    Usage,
    dialects::{
        Dialect, Unreadable,
        chat::{
            Answer, Choice, Content, Image, Opaque, Part, Source, StopReason, Thinking, ToolUse,
        },
    },
};

/// A whole answer, or what one event of a stream adds to it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Response {
    #[serde(default)]
    pub candidates: Vec<Candidate>,
    pub prompt_feedback: Option<PromptFeedback>,
    pub usage_metadata: Option<GeminiUsage>,
    pub model_version: Option<String>,
    #[serde(rename = "responseId")]
    pub id: Option<String>,
    pub create_time: Option<DateTime<Utc>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Candidate {
    pub content: Option<CandidateContent>,
    pub finish_reason: Option<String>,
    pub finish_message: Option<String>,
    #[serde(default)]
    pub index: usize,
    pub logprobs_result: Option<LogprobsResult>,
}

#[derive(Deserialize)]
pub(super) struct CandidateContent {
    #[serde(default)]
    pub parts: Vec<CandidatePart>,
}

/// One of these is given; what is not known here stays in `rest`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CandidatePart {
    text: Option<String>,
    #[serde(default)]
    thought: bool,
    thought_signature: Option<String>,
    function_call: Option<FunctionCall>,
    inline_data: Option<InlineData>,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

#[derive(Deserialize)]
struct FunctionCall {
    id: Option<String>,
    name: String,
    #[serde(default)]
    args: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct InlineData {
    mime_type: String,
    data: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PromptFeedback {
    pub block_reason: Option<String>,
    block_reason_message: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LogprobsResult {
    #[serde(default)]
    chosen_candidates: Vec<TokenLogprob>,
    #[serde(default)]
    top_candidates: Vec<TopCandidates>,
}

#[derive(Deserialize)]
struct TopCandidates {
    #[serde(default)]
    candidates: Vec<TokenLogprob>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TokenLogprob {
    #[serde(default)]
    token: String,
    log_probability: Option<f64>,
}

pub(super) fn decode(body: &[u8]) -> Result<Answer, Unreadable> {
    let response: Response = serde_json::from_slice(body).map_err(Unreadable::new)?;
    let mut ids = Ids::new(response.id.as_deref());
    let mut choices: Vec<Choice> = response
        .candidates
        .into_iter()
        .map(|candidate| choice(candidate, &mut ids))
        .collect();
    if choices.is_empty()
        && let Some(feedback) = &response.prompt_feedback
    {
        choices.push(Choice {
            stop: Some(feedback.refusal()),
            ..Choice::default()
        });
    }
    Ok(Answer {
        id: response.id,
        model: response.model_version,
        created: response.create_time.map(|time| time.timestamp()),
        choices,
        usage: response.usage_metadata.map(Usage::from),
        service_tier: None,
    })
}

/// Names for calls that have none.
pub(super) struct Ids {
    prefix: String,
    given: usize,
}

impl Ids {
    pub fn new(response_id: Option<&str>) -> Self {
        let known = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        let prefix = response_id.unwrap_or_default().chars().filter(known);
        Self {
            prefix: prefix.collect(),
            given: 0,
        }
    }

    fn next(&mut self) -> String {
        self.given += 1;
        format!("call_{}_{}", self.prefix, self.given)
    }
}

fn choice(candidate: Candidate, ids: &mut Ids) -> Choice {
    let parts = candidate.content.map(|content| content.parts);
    let mut joined: Vec<Part> = Vec::new();
    for part in parts.unwrap_or_default() {
        let Some(content) = content(part, ids) else {
            continue;
        };
        // Text comes in pieces that mean nothing.
        match (joined.last_mut().map(|part| &mut part.content), content) {
            (Some(Content::Text(text)), Content::Text(more)) => text.push_str(&more),
            (Some(Content::Thinking(thinking)), Content::Thinking(more)) => {
                thinking.text.push_str(&more.text);
            }
            (_, content) => joined.push(Part::of(content)),
        }
    }
    let calls = joined
        .iter()
        .any(|part| matches!(part.content, Content::ToolUse(_)));
    Choice {
        stop: candidate
            .finish_reason
            .map(|word| stop_reason(&word, calls, candidate.finish_message)),
        logprobs: candidate.logprobs_result.as_ref().map(logprobs),
        parts: joined,
    }
}

/// `None` for a part that says nothing, such as one that only carries a signature.
pub(super) fn content(part: CandidatePart, ids: &mut Ids) -> Option<Content> {
    let CandidatePart {
        text,
        thought,
        thought_signature,
        function_call,
        inline_data,
        rest,
    } = part;
    if let Some(FunctionCall { id, name, args }) = function_call {
        let id = id.unwrap_or_else(|| ids.next());
        return Some(Content::ToolUse(ToolUse {
            id: signature::in_id(id, thought_signature.as_deref()),
            name,
            arguments: Value::Object(args).to_string(),
            custom: false,
        }));
    }
    if let Some(InlineData { mime_type, data }) = inline_data {
        let media_type = mime_type;
        return Some(match media_type.strip_prefix("audio/") {
            Some(format) => Content::Audio {
                data,
                format: format.to_owned(),
            },
            None => Content::Image(Image {
                source: Source::Base64 { media_type, data },
                detail: None,
            }),
        });
    }
    match text {
        Some(text) if text.is_empty() => None,
        Some(text) if thought => Some(Content::Thinking(Thinking {
            text,
            signature: None,
        })),
        Some(text) => Some(Content::Text(text)),
        None => {
            let kind = rest.keys().next()?.clone();
            Some(Content::Opaque(Opaque {
                dialect: Dialect::Gemini,
                kind,
                value: rest.into(),
            }))
        }
    }
}

pub(super) fn stop_reason(word: &str, calls: bool, message: Option<String>) -> StopReason {
    match word {
        "STOP" if calls => StopReason::ToolUse,
        "STOP" => StopReason::End,
        "MAX_TOKENS" => StopReason::MaxTokens,
        "SAFETY"
        | "RECITATION"
        | "LANGUAGE"
        | "BLOCKLIST"
        | "PROHIBITED_CONTENT"
        | "SPII"
        | "IMAGE_SAFETY"
        | "IMAGE_PROHIBITED_CONTENT"
        | "IMAGE_RECITATION"
        | "MODEL_ARMOR" => StopReason::ContentFilter,
        other => StopReason::Other(message.unwrap_or_else(|| other.to_ascii_lowercase())),
    }
}

impl PromptFeedback {
    /// Why there is no answer.
    pub fn refusal(&self) -> StopReason {
        let reason = self.block_reason.as_deref().unwrap_or("OTHER");
        let text = match &self.block_reason_message {
            Some(message) => format!("the prompt was blocked ({reason}): {message}"),
            None => format!("the prompt was blocked ({reason})"),
        };
        StopReason::Refusal(Some(text))
    }
}

/// In OpenAI's form.
pub(super) fn logprobs(result: &LogprobsResult) -> Value {
    let entry = |token: &TokenLogprob| json!({ "token": token.token, "logprob": token.log_probability, "bytes": token.token.as_bytes() });
    let tops = result.top_candidates.iter().map(Some);
    let tops = tops.chain(std::iter::repeat(None));
    let content = result
        .chosen_candidates
        .iter()
        .zip(tops)
        .map(|(chosen, top)| {
            let mut content = entry(chosen);
            let tops = top.map(|top| top.candidates.iter().map(entry).collect::<Vec<_>>());
            content["top_logprobs"] = tops.unwrap_or_default().into();
            content
        });
    json!({ "content": content.collect::<Vec<_>>() })
}
