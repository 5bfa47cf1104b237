//! The list of models that a project's providers offer.

use bytes::Bytes;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use serde_json::{Value, json};

use crate::{
    kernel::ProjectId,
    llm_integration::{
        CallerHeaders, LlmError,
        dialects::Dialect,
        providers::{Operation, Provider, Providers, Resolved, WholeAnswer},
        routing::{RouteAlias, RouteTable},
    },
};

/// The project's routes, and every model of every provider. One provider's failure is the answer: a
/// list with models missing would look whole.
pub(super) async fn list(
    providers: &Providers,
    project: ProjectId,
    routes: &RouteTable,
    headers: &CallerHeaders,
) -> Result<WholeAnswer, LlmError> {
    let mut all = providers.of_project(project).await?;
    all.retain(|provider| !provider.is_local() || !provider.models.is_empty());
    if all.is_empty() {
        return Err(LlmError::ProviderNotConfigured {
            model: "*".to_owned(),
            remedy: "set `gateway.openai.api_key` or OPENAI_API_KEY, or another provider's",
        });
    }
    if let [only] = all.as_slice()
        && speaks_openai(only)
        && only.models.is_empty()
        && routes.is_empty()
    {
        let limit = providers.client.first_byte_timeout;
        return providers.list_models(only, headers, limit).await;
    }
    let calls = all.iter().map(|provider| of(providers, provider, headers));
    let mut models: Vec<Value> = routes.aliases().map(of_route).collect();
    for listed in futures::future::try_join_all(calls).await? {
        match listed {
            Listed::Models(found) => models.extend(found),
            Listed::Refused(answer) => return Ok(answer),
        }
    }
    Ok(answer(&json!({ "object": "list", "data": models })))
}

/// One model, from the provider that would be called for it.
pub(super) async fn get(
    providers: &Providers,
    (project, name): (ProjectId, &str),
    routes: &RouteTable,
    headers: &CallerHeaders,
) -> Result<WholeAnswer, LlmError> {
    if let Some(alias) = routes.aliases().find(|alias| alias.as_str() == name) {
        return Ok(answer(&of_route(alias)));
    }
    let Resolved { provider, model } = providers.resolve(project, name).await?;
    if speaks_openai(&provider) {
        return providers.one_model(&provider, &model, headers).await;
    }
    match of(providers, &provider, headers).await? {
        Listed::Refused(answer) => Ok(answer),
        Listed::Models(found) => found
            .into_iter()
            .find(|entry| entry["id"] == model)
            .map(|entry| answer(&entry))
            .ok_or_else(|| LlmError::ModelNotFound {
                model: name.to_owned(),
            }),
    }
}

/// A route as a model of ours.
fn of_route(alias: &RouteAlias) -> Value {
    json!({ "id": alias.as_str(), "object": "model", "created": 0, "owned_by": "kaname" })
}

/// Whether its answers about models are in the form that callers read.
fn speaks_openai(provider: &Provider) -> bool {
    provider.chat_dialects().first() == Some(&Dialect::OpenAiChat)
}

/// What a provider said of its models.
enum Listed {
    Models(Vec<Value>),
    /// Its refusal, as it came.
    Refused(WholeAnswer),
}

/// The models of one provider: those that were configured for it, or else those that it lists.
async fn of(
    providers: &Providers,
    provider: &Provider,
    headers: &CallerHeaders,
) -> Result<Listed, LlmError> {
    let configured = provider.listed_models();
    if !configured.is_empty() || !provider.serves(Operation::Models) {
        return Ok(Listed::Models(configured));
    }
    let limit = providers.client.first_byte_timeout;
    let answer = providers.list_models(provider, headers, limit).await?;
    if answer.status != 200 {
        return Ok(Listed::Refused(answer));
    }
    provider
        .models_of(&answer.body)
        .map(Listed::Models)
        .map_err(|source| LlmError::ModelsUnreadable {
            provider: provider.name.clone(),
            source,
        })
}

fn answer(body: &Value) -> WholeAnswer {
    let json = HeaderValue::from_static("application/json");
    WholeAnswer {
        status: 200,
        headers: HeaderMap::from_iter([(CONTENT_TYPE, json)]),
        body: Bytes::from(body.to_string()),
    }
}
