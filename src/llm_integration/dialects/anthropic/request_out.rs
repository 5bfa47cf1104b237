//! A request for a provider, written.

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::{message_out, models, tool_out};
use crate::llm_integration::dialects::{
    Dialect, Encoded, Leniency, Losses, Untranslatable,
    chat::{Effort, ReasoningSummary, Request, ResponseFormat, ThinkingMode},
};

/// Whose the dialect is, in messages to people.
pub(super) const WHOSE: &str = "Anthropic";
/// What an answer may have where the request names no limit, which this vendor needs. Less for
/// models that can not write as much.
pub(in super::super) const DEFAULT_MAX_TOKENS: u64 = 16_384;
/// The vendor's least budget for thinking.
const MIN_THINKING_TOKENS: u64 = 1_024;
const MAX_TEMPERATURE: f64 = 1.0;

pub(super) fn encode(request: &Request, leniency: Leniency) -> Result<Encoded, Untranslatable> {
    let mut losses = Losses::new(leniency);
    let mut body = Map::new();
    let max_tokens = max_tokens(request);
    body.insert("model".to_owned(), request.model.as_str().into());
    body.insert("max_tokens".to_owned(), max_tokens.into());
    if let Some(system) = message_out::system(request, &mut losses)? {
        body.insert("system".to_owned(), system);
    }
    let messages = message_out::encode_all(request, &mut losses)?;
    body.insert("messages".to_owned(), messages);
    tool_out::encode(request, &mut body, &mut losses)?;
    sampling(request, &mut body, &mut losses)?;
    let thinking = thinking(request, max_tokens, &mut losses);
    if let Some(thinking) = thinking.thinking {
        body.insert("thinking".to_owned(), thinking);
    }
    output(request, thinking.effort, &mut body, &mut losses)?;
    if !request.stop.is_empty() {
        body.insert("stop_sequences".to_owned(), json!(request.stop));
    }
    metadata(request, &mut body);
    if let Some(tier) = service_tier(request, &mut losses)? {
        body.insert("service_tier".to_owned(), tier.into());
    }
    only_others(request, &mut losses)?;
    if request.stream {
        body.insert("stream".to_owned(), true.into());
    }
    if request.dialect == Dialect::Anthropic {
        body.extend(request.extra.clone());
    } else {
        losses.lose_all("", &known_by_others(request), WHOSE)?;
    }
    Ok(Encoded {
        body: Bytes::from(Value::Object(body).to_string()),
        dropped: losses.into_dropped(),
    })
}

fn max_tokens(request: &Request) -> u64 {
    let most = models::answer_limit(&request.model).unwrap_or(DEFAULT_MAX_TOKENS);
    let mut chosen = most.min(DEFAULT_MAX_TOKENS);
    if let Some(ThinkingMode::Budget(budget)) = request.reasoning.mode {
        chosen = chosen.saturating_add(budget);
    }
    request.max_tokens.unwrap_or(chosen)
}

/// OpenAI has two names for the user; the second one says nothing new.
fn known_by_others(request: &Request) -> Map<String, Value> {
    let mut extra = request.extra.clone();
    extra.retain(|name, _| name != "user");
    extra
}

fn sampling(
    request: &Request,
    body: &mut Map<String, Value>,
    losses: &mut Losses,
) -> Result<(), Untranslatable> {
    let sampling = &request.sampling;
    if let Some(temperature) = sampling.temperature {
        if temperature > MAX_TEMPERATURE {
            losses.lose(
                "temperature",
                format!("{WHOSE}'s goes from 0 to {MAX_TEMPERATURE}"),
            )?;
        } else {
            body.insert("temperature".to_owned(), temperature.into());
        }
    }
    if let Some(top_p) = sampling.top_p {
        body.insert("top_p".to_owned(), top_p.into());
    }
    if let Some(top_k) = sampling.top_k {
        body.insert("top_k".to_owned(), top_k.into());
    }
    let none = "Anthropic's models have no such setting; leave it out";
    let asks = |penalty: Option<f64>| penalty.is_some_and(|penalty| penalty != 0.0);
    losses.lose_if(asks(sampling.frequency_penalty), "frequency_penalty", none)?;
    losses.lose_if(asks(sampling.presence_penalty), "presence_penalty", none)?;
    losses.lose_if(sampling.seed.is_some(), "seed", none)?;
    losses.lose_if(!sampling.logit_bias.is_empty(), "logit_bias", none)
}

struct ThinkingWords {
    thinking: Option<Value>,
    effort: Option<Effort>,
}

/// Newer models think as much as they find right, steered by an effort; older ones know budgets.
fn thinking(request: &Request, max_tokens: u64, losses: &mut Losses) -> ThinkingWords {
    let reasoning = &request.reasoning;
    let display = match reasoning.summary {
        None => None,
        Some(ReasoningSummary::Omitted) => Some("omitted"),
        Some(_) => Some("summarized"),
    };
    let words = |mut thinking: Value, effort| {
        if let Some(display) = display {
            thinking["display"] = display.into();
        }
        let thinking = Some(thinking);
        ThinkingWords { thinking, effort }
    };
    let off = json!({ "type": "disabled" });
    match (reasoning.mode, reasoning.effort) {
        (Some(ThinkingMode::Off), effort) => ThinkingWords {
            thinking: Some(off),
            effort: effort.filter(|effort| *effort != Effort::None),
        },
        (Some(ThinkingMode::Budget(budget)), effort) => words(
            json!({ "type": "enabled", "budget_tokens": budget }),
            effort,
        ),
        (Some(ThinkingMode::Adaptive), effort) => words(json!({ "type": "adaptive" }), effort),
        (Some(ThinkingMode::BetweenTools), effort) => {
            words(json!({ "type": "between_tools" }), effort)
        }
        // Anthropic's own clients ask for thinking apart from the effort.
        (None, effort) if request.dialect == Dialect::Anthropic => ThinkingWords {
            thinking: None,
            effort,
        },
        (None, None) => ThinkingWords {
            thinking: None,
            effort: None,
        },
        (None, Some(Effort::None)) => ThinkingWords {
            thinking: Some(off),
            effort: None,
        },
        (None, Some(effort)) if models::knows_budgets_only(&request.model) => {
            // Half is left for the answer.
            let most = max_tokens / 2;
            let budget = effort.budget().unwrap_or(MIN_THINKING_TOKENS).min(most);
            if budget < MIN_THINKING_TOKENS {
                // So short an answer leaves no room for thinking.
                losses.note("reasoning_effort");
                return words_of_none();
            }
            words(json!({ "type": "enabled", "budget_tokens": budget }), None)
        }
        (None, Some(effort)) => words(json!({ "type": "adaptive" }), Some(effort)),
    }
}

const fn words_of_none() -> ThinkingWords {
    ThinkingWords {
        thinking: None,
        effort: None,
    }
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
            "Anthropic has no mode for any JSON; give the schema, as `json_schema`",
        )?,
        Some(ResponseFormat::JsonSchema { schema, .. }) => {
            let format = json!({ "type": "json_schema", "schema": schema });
            config.insert("format".to_owned(), format);
        }
    }
    if !config.is_empty() {
        body.insert("output_config".to_owned(), config.into());
    }
    Ok(())
}

fn metadata(request: &Request, body: &mut Map<String, Value>) {
    let mut metadata = Map::new();
    if let Some(user) = &request.user {
        metadata.insert("user_id".to_owned(), user.as_str().into());
    }
    if request.dialect == Dialect::Anthropic {
        metadata.extend(request.metadata.clone());
    }
    if !metadata.is_empty() {
        body.insert("metadata".to_owned(), metadata.into());
    }
}

/// Each vendor has its own names of tiers.
fn service_tier<'a>(
    request: &'a Request,
    losses: &mut Losses,
) -> Result<Option<&'a str>, Untranslatable> {
    match request.service_tier.as_deref() {
        Some(tier) if request.dialect == Dialect::Anthropic => Ok(Some(tier)),
        None | Some("auto") => Ok(None),
        Some("default") => Ok(Some("standard_only")),
        Some(tier) => {
            losses.lose("service_tier", format!("{WHOSE} has no tier `{tier}`"))?;
            Ok(None)
        }
    }
}

/// What only other vendors do.
fn only_others(request: &Request, losses: &mut Losses) -> Result<(), Untranslatable> {
    losses.lose_if(
        request.n.is_some_and(|n| n > 1),
        "n",
        "Anthropic gives one answer for each call; call again for another",
    )?;
    losses.lose_if(
        request.logprobs.is_some(),
        "logprobs",
        "Anthropic does not tell the probabilities of tokens",
    )?;
    losses.lose_if(
        request
            .verbosity
            .as_ref()
            .is_some_and(|word| word != "medium"),
        "verbosity",
        "Anthropic's models are told in words how long to answer",
    )
}
