//! The list of models that the configured providers offer.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json, value::RawValue};

use crate::llm_integration::{
    CallerHeaders, LlmError,
    providers::{Dialect, Provider, Providers, WholeAnswer},
};

/// OpenAI's list, or Anthropic's: only `data` is common.
#[derive(Deserialize)]
struct ModelList<'a> {
    #[serde(borrow)]
    data: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct AnthropicModel {
    id: String,
    #[serde(default)]
    created_at: Option<chrono::DateTime<chrono::Utc>>,
}

/// Models of Anthropic's in one answer, its maximum.
const ANTHROPIC_PAGE: &str = "/models?limit=1000";

/// Every model of every provider. One provider's failure is the answer: a list with models missing
/// would look whole.
pub(super) async fn list(
    providers: &Providers,
    headers: &CallerHeaders,
) -> Result<WholeAnswer, LlmError> {
    let calls = providers.all().map(|provider| async move {
        let answer = match provider.dialect {
            Dialect::OpenAi => providers.get(provider, "/models", headers).await?,
            Dialect::Anthropic => providers.get(provider, ANTHROPIC_PAGE, headers).await?,
        };
        Ok::<_, LlmError>((provider, answer))
    });
    let mut answers = futures::future::try_join_all(calls).await?;
    match answers.as_slice() {
        [] => return Err(none_configured()),
        [(provider, _)] if provider.dialect == Dialect::OpenAi => return Ok(answers.remove(0).1),
        _ => {}
    }
    if let Some(failed) = answers.iter().position(|(_, answer)| answer.status != 200) {
        return Ok(answers.swap_remove(failed).1);
    }
    let mut models: Vec<Value> = Vec::new();
    for (provider, answer) in &answers {
        models.extend(models_of(provider, &answer.body)?);
    }
    let body = json!({ "object": "list", "data": models }).to_string();
    let (_, first) = answers.swap_remove(0);
    Ok(WholeAnswer {
        body: Bytes::from(body),
        ..first
    })
}

/// One model, from the provider that would be called for it.
pub(super) async fn get(
    providers: &Providers,
    model: &str,
    headers: &CallerHeaders,
) -> Result<WholeAnswer, LlmError> {
    let provider = providers.for_model(model)?;
    let mut path = url::Url::parse("http://path/models").expect("a constant address");
    // A model's name can hold slashes; a segment of its own keeps it inside its path.
    path.path_segments_mut()
        .expect("an http address has segments")
        .push(model);
    let answer = providers.get(provider, path.path(), headers).await?;
    if answer.status != 200 || provider.dialect == Dialect::OpenAi {
        return Ok(answer);
    }
    let body = in_openais_form(provider, &answer.body)?.to_string();
    Ok(WholeAnswer {
        body: Bytes::from(body),
        ..answer
    })
}

fn none_configured() -> LlmError {
    LlmError::ProviderNotConfigured {
        model: "*".to_owned(),
        remedy: "set `gateway.openai.api_key` or OPENAI_API_KEY, or `gateway.anthropic.api_key` or ANTHROPIC_API_KEY",
    }
}

fn models_of(provider: &Provider, body: &[u8]) -> Result<Vec<Value>, LlmError> {
    let list: ModelList<'_> =
        serde_json::from_slice(body).map_err(|source| unreadable(provider, source))?;
    list.data
        .into_iter()
        .map(|model| match provider.dialect {
            Dialect::OpenAi => {
                serde_json::from_str(model.get()).map_err(|source| unreadable(provider, source))
            }
            Dialect::Anthropic => in_openais_form(provider, model.get().as_bytes()),
        })
        .collect()
}

fn in_openais_form(provider: &Provider, model: &[u8]) -> Result<Value, LlmError> {
    let AnthropicModel { id, created_at } =
        serde_json::from_slice(model).map_err(|source| unreadable(provider, source))?;
    let created = created_at.map_or(0, |time| time.timestamp());
    Ok(json!({ "id": id, "object": "model", "created": created, "owned_by": provider.name }))
}

fn unreadable(provider: &Provider, source: serde_json::Error) -> LlmError {
    LlmError::ModelsUnreadable {
        provider: provider.name,
        source,
    }
}
