//! A request for a provider, written.

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::{message_out, tool_out};
use crate::llm_integration::dialects::{
    Encoded, Leniency, Losses, Untranslatable,
    anthropic::knows_budgets_only,
    chat::{Effort, Request, ResponseFormat, ThinkingMode},
};

/// Whose the dialect is, in messages to people.
pub(super) const WHOSE: &str = "Bedrock";
/// Anthropic's least budget for thinking.
const MIN_THINKING_TOKENS: u64 = 1_024;
const DEFAULT_SCHEMA_NAME: &str = "answer";

pub(super) fn encode(request: &Request, leniency: Leniency) -> Result<Encoded, Untranslatable> {
    let mut losses = Losses::new(leniency);
    let mut body = Map::new();
    let system = message_out::system(request, &mut losses)?;
    if !system.is_empty() {
        body.insert("system".to_owned(), system.into());
    }
    let messages = message_out::encode_all(request, &mut losses)?;
    body.insert("messages".to_owned(), messages.into());
    let inference = inference(request);
    if !inference.is_empty() {
        body.insert("inferenceConfig".to_owned(), inference.into());
    }
    tool_out::encode(request, &mut body, &mut losses)?;
    let thinking = thinking(request, &mut losses);
    let mut of_model = Map::new();
    if let Some(thinking) = thinking.of_claude {
        of_model.insert("thinking".to_owned(), thinking);
    }
    if let Some(top_k) = request.sampling.top_k {
        if is_claude(&request.model) {
            of_model.insert("top_k".to_owned(), top_k.into());
        } else {
            losses.lose("top_k", "on Bedrock only Anthropic's models have it")?;
        }
    }
    if !of_model.is_empty() {
        body.insert("additionalModelRequestFields".to_owned(), of_model.into());
    }
    output(request, thinking.effort, &mut body, &mut losses)?;
    if let Some(tier) = service_tier(request, &mut losses)? {
        body.insert("serviceTier".to_owned(), json!({ "type": tier }));
    }
    only_others(request, &mut losses)?;
    losses.lose_all("", &request.extra, WHOSE)?;
    Ok(Encoded {
        body: Bytes::from(Value::Object(body).to_string()),
        dropped: losses.into_dropped(),
    })
}

fn inference(request: &Request) -> Map<String, Value> {
    let sampling = &request.sampling;
    let mut config = Map::new();
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            config.insert(name.to_owned(), value);
        }
    };
    put("maxTokens", request.max_tokens.map(Value::from));
    put("temperature", sampling.temperature.map(Value::from));
    put("topP", sampling.top_p.map(Value::from));
    if !request.stop.is_empty() {
        put("stopSequences", Some(json!(request.stop)));
    }
    config
}

#[derive(Default)]
struct ThinkingWords {
    /// In the words of Anthropic, whose models take it beside Bedrock's own fields.
    of_claude: Option<Value>,
    effort: Option<Effort>,
}

fn thinking(request: &Request, losses: &mut Losses) -> ThinkingWords {
    let reasoning = &request.reasoning;
    let effort = reasoning.effort.filter(|effort| *effort != Effort::None);
    if !is_claude(&request.model) {
        if reasoning.mode.is_some_and(|mode| mode != ThinkingMode::Off) && effort.is_none() {
            losses.note("thinking");
        }
        return ThinkingWords {
            of_claude: None,
            effort,
        };
    }
    let budgets_only = knows_budgets_only(&request.model);
    let enabled = |budget: u64| json!({ "type": "enabled", "budget_tokens": budget });
    match (reasoning.mode, effort) {
        (Some(ThinkingMode::Off), _) | (None, None) => ThinkingWords::default(),
        (Some(ThinkingMode::Budget(budget)), effort) => ThinkingWords {
            of_claude: Some(enabled(budget)),
            effort: effort.filter(|_| !budgets_only),
        },
        (_, Some(effort)) if budgets_only => {
            // The budget is part of what the answer may have.
            let most = request
                .max_tokens
                .map_or(u64::MAX, |most| most.saturating_sub(1));
            let budget = effort.budget().unwrap_or(MIN_THINKING_TOKENS).min(most);
            if budget < MIN_THINKING_TOKENS {
                losses.note("reasoning_effort");
                return ThinkingWords::default();
            }
            ThinkingWords {
                of_claude: Some(enabled(budget)),
                effort: None,
            }
        }
        (_, effort) => ThinkingWords {
            of_claude: Some(json!({ "type": "adaptive" })),
            effort,
        },
    }
}

fn is_claude(model: &str) -> bool {
    model.contains("claude")
}

fn output(
    request: &Request,
    effort: Option<Effort>,
    body: &mut Map<String, Value>,
    losses: &mut Losses,
) -> Result<(), Untranslatable> {
    let mut config = Map::new();
    if let Some(effort) = effort {
        let name = match effort {
            Effort::None | Effort::Minimal => Effort::Low.name(),
            other => other.name(),
        };
        config.insert("effort".to_owned(), name.into());
    }
    match &request.response_format {
        None | Some(ResponseFormat::Text) => {}
        Some(ResponseFormat::Json) => losses.lose(
            "response_format",
            "Bedrock has no mode for any JSON; give the schema, as `json_schema`",
        )?,
        Some(ResponseFormat::JsonSchema {
            name,
            description,
            schema,
            ..
        }) => {
            let name = if name.is_empty() {
                DEFAULT_SCHEMA_NAME
            } else {
                name
            };
            // The schema is text there.
            let mut definition = json!({ "name": name, "schema": schema.to_string() });
            if let Some(description) = description {
                definition["description"] = description.as_str().into();
            }
            let structure = json!({ "jsonSchema": definition });
            let format = json!({ "type": "json_schema", "structure": structure });
            config.insert("textFormat".to_owned(), format);
        }
    }
    if !config.is_empty() {
        body.insert("outputConfig".to_owned(), config.into());
    }
    Ok(())
}

/// Each vendor has its own names of tiers.
fn service_tier<'a>(
    request: &'a Request,
    losses: &mut Losses,
) -> Result<Option<&'a str>, Untranslatable> {
    match request.service_tier.as_deref() {
        None | Some("auto") => Ok(None),
        Some("default" | "standard" | "standard_only") => Ok(Some("default")),
        Some(tier @ ("flex" | "priority" | "reserved")) => Ok(Some(tier)),
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
    let sampling = &request.sampling;
    let none = "Bedrock has no such setting; leave it out";
    let asks = |penalty: Option<f64>| penalty.is_some_and(|penalty| penalty != 0.0);
    losses.lose_if(asks(sampling.frequency_penalty), "frequency_penalty", none)?;
    losses.lose_if(asks(sampling.presence_penalty), "presence_penalty", none)?;
    losses.lose_if(sampling.seed.is_some(), "seed", none)?;
    losses.lose_if(!sampling.logit_bias.is_empty(), "logit_bias", none)?;
    losses.lose_if(
        request.n.is_some_and(|n| n > 1),
        "n",
        "Bedrock gives one answer for each call; call again for another",
    )?;
    losses.lose_if(
        request.logprobs.is_some(),
        "logprobs",
        "Bedrock does not tell the probabilities of tokens",
    )?;
    losses.lose_if(
        request
            .verbosity
            .as_ref()
            .is_some_and(|word| word != "medium"),
        "verbosity",
        "Bedrock's models are told in words how long to answer",
    )
}
