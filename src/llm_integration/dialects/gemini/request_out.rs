//! A request for a provider, written.

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::{content_out, tool_out};
use crate::llm_integration::dialects::{
    Encoded, Leniency, Losses, Untranslatable,
    chat::{Effort, ReasoningSummary, Request, ResponseFormat, ThinkingMode},
};

/// Whose the dialect is, in messages to people.
pub(super) const WHOSE: &str = "Gemini";
const JSON: &str = "application/json";
const MAX_STOPS: usize = 5;
/// As much thinking as the model finds right.
const DYNAMIC_BUDGET: i64 = -1;

pub(super) fn encode(request: &Request, leniency: Leniency) -> Result<Encoded, Untranslatable> {
    let mut losses = Losses::new(leniency);
    let mut body = Map::new();
    let conversation = content_out::encode(request, &mut losses)?;
    if !conversation.system.is_empty() {
        let instruction = json!({ "parts": conversation.system });
        body.insert("systemInstruction".to_owned(), instruction);
    }
    body.insert("contents".to_owned(), conversation.contents.into());
    tool_out::encode(request, &mut body, &mut losses)?;
    let config = generation_config(request, &mut losses)?;
    if !config.is_empty() {
        body.insert("generationConfig".to_owned(), config.into());
    }
    if let Some(tier) = service_tier(request, &mut losses)? {
        body.insert("serviceTier".to_owned(), tier.into());
    }
    only_others(request, &mut losses)?;
    losses.lose_all("", &request.extra, WHOSE)?;
    Ok(Encoded {
        body: Bytes::from(Value::Object(body).to_string()),
        dropped: losses.into_dropped(),
    })
}

fn generation_config(
    request: &Request,
    losses: &mut Losses,
) -> Result<Map<String, Value>, Untranslatable> {
    let sampling = &request.sampling;
    let mut config = Map::new();
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            config.insert(name.to_owned(), value);
        }
    };
    put("temperature", sampling.temperature.map(Value::from));
    put("topP", sampling.top_p.map(Value::from));
    put("topK", sampling.top_k.map(Value::from));
    put(
        "frequencyPenalty",
        sampling.frequency_penalty.map(Value::from),
    );
    put(
        "presencePenalty",
        sampling.presence_penalty.map(Value::from),
    );
    put("seed", sampling.seed.map(Value::from));
    put("maxOutputTokens", request.max_tokens.map(Value::from));
    put(
        "candidateCount",
        request.n.filter(|n| *n > 1).map(Value::from),
    );
    if let Some(logprobs) = request.logprobs {
        put("responseLogprobs", Some(true.into()));
        put("logprobs", logprobs.top.map(Value::from));
    }
    if !request.stop.is_empty() {
        put("stopSequences", Some(json!(request.stop)));
    }
    match &request.response_format {
        None | Some(ResponseFormat::Text) => {}
        Some(ResponseFormat::Json) => put("responseMimeType", Some(JSON.into())),
        Some(ResponseFormat::JsonSchema { schema, .. }) => {
            put("responseMimeType", Some(JSON.into()));
            put("responseJsonSchema", Some(schema.clone()));
        }
    }
    put("thinkingConfig", thinking(request, losses));
    losses.lose_if(
        request.stop.len() > MAX_STOPS,
        "stop",
        "Gemini takes at most 5 sequences",
    )?;
    Ok(config)
}

/// Gemini 3 and later know levels, the ones before budgets of tokens.
fn thinking(request: &Request, losses: &mut Losses) -> Option<Value> {
    let reasoning = &request.reasoning;
    let mut config = Map::new();
    let knows_budgets = knows_budgets(&request.model);
    match (reasoning.mode, reasoning.effort) {
        (Some(ThinkingMode::Off), _) | (None, Some(Effort::None)) if knows_budgets => {
            config.insert("thinkingBudget".to_owned(), 0.into());
        }
        (Some(ThinkingMode::Off), _) | (None, Some(Effort::None)) => {
            // It can not be turned off.
            losses.note("reasoning_effort");
            config.insert("thinkingLevel".to_owned(), "MINIMAL".into());
        }
        (Some(ThinkingMode::Budget(budget)), _) if knows_budgets => {
            config.insert("thinkingBudget".to_owned(), budget.into());
        }
        (Some(ThinkingMode::Budget(budget)), None) => {
            let level = level(Effort::of_budget(budget));
            config.insert("thinkingLevel".to_owned(), level.into());
        }
        (_, Some(effort)) if knows_budgets => {
            config.insert("thinkingBudget".to_owned(), effort.budget().into());
        }
        (_, Some(effort)) => {
            config.insert("thinkingLevel".to_owned(), level(effort).into());
        }
        (Some(_), None) if knows_budgets => {
            config.insert("thinkingBudget".to_owned(), DYNAMIC_BUDGET.into());
        }
        (_, None) => {}
    }
    let is_on = !matches!(reasoning.mode, None | Some(ThinkingMode::Off));
    let shown = match reasoning.summary {
        None => is_on,
        Some(summary) => summary != ReasoningSummary::Omitted,
    };
    if shown {
        config.insert("includeThoughts".to_owned(), true.into());
    }
    (!config.is_empty()).then(|| config.into())
}

const fn level(effort: Effort) -> &'static str {
    match effort {
        Effort::None | Effort::Minimal => "MINIMAL",
        Effort::Low => "LOW",
        Effort::Medium => "MEDIUM",
        Effort::High | Effort::XHigh | Effort::Max => "HIGH",
    }
}

fn knows_budgets(model: &str) -> bool {
    let name = model.rsplit('/').next().unwrap_or(model);
    name.starts_with("gemini-2") || name.starts_with("gemini-1")
}

/// Each vendor has its own names of tiers.
fn service_tier<'a>(
    request: &'a Request,
    losses: &mut Losses,
) -> Result<Option<&'a str>, Untranslatable> {
    match request.service_tier.as_deref() {
        None | Some("auto") => Ok(None),
        Some("default" | "standard" | "standard_only") => Ok(Some("standard")),
        Some(tier @ ("flex" | "priority")) => Ok(Some(tier)),
        Some(tier) => {
            losses.lose("service_tier", format!("{WHOSE} has no tier `{tier}`"))?;
            Ok(None)
        }
    }
}

/// What only other vendors do.
fn only_others(request: &Request, losses: &mut Losses) -> Result<(), Untranslatable> {
    if request.user.is_some() {
        losses.note("user");
    }
    losses.lose_if(
        !request.sampling.logit_bias.is_empty(),
        "logit_bias",
        "Gemini has no such setting; leave it out",
    )?;
    losses.lose_if(
        request
            .verbosity
            .as_ref()
            .is_some_and(|word| word != "medium"),
        "verbosity",
        "Gemini's models are told in words how long to answer",
    )
}
