//! What a provider keeps for a caller: stored responses, passed on as they are.

use bytes::Bytes;
use reqwest::Method;

use super::{Gateway, answer::Answer};
use crate::{
    kernel::Actor,
    llm_integration::{
        CallerHeaders, LlmError,
        dialects::Dialect,
        providers::{NotAskable, Provider},
    },
};

/// Names the provider that keeps the response; without it, the first that has such an API.
const PROVIDER: &str = "x-kaname-provider";

impl Gateway {
    /// Asks for `path`, below a provider's responses.
    pub(super) async fn stored(
        &self,
        actor: &Actor,
        method: Method,
        path: &str,
        headers: &CallerHeaders,
    ) -> Result<Answer, LlmError> {
        let providers = &self.0.tries.providers;
        let wanted = headers.get(PROVIDER);
        let speaks = |provider: &Provider| {
            provider.chat_dialects().contains(&Dialect::OpenAiResponses)
                && wanted.is_none_or(|name| provider.name.as_str() == name)
        };
        let all = providers.of_project(actor.project).await?;
        let Some(provider) = all.into_iter().find(|provider| speaks(provider)) else {
            return Err(LlmError::ProviderNotConfigured {
                model: wanted.unwrap_or("responses").to_owned(),
                remedy: "name a provider that keeps responses in the header `x-kaname-provider`",
            });
        };
        let path = format!("/responses/{path}");
        let now = self.0.clock.now();
        let request = provider.passed_on(method, &path, headers, Bytes::new(), now);
        let request = request.map_err(|source: NotAskable| LlmError::NotAskable {
            provider: provider.name.clone(),
            source: source.into(),
        })?;
        let client = &providers.client;
        let limit = client.first_byte_timeout;
        client
            .fetch(&provider, request, limit)
            .await
            .map(Answer::from)
    }
}
