//! What a provider keeps for a caller: stored responses, passed on as they are to whom they are.

use std::sync::Arc;

use bytes::Bytes;
use reqwest::Method;

use super::{Gateway, answer::Answer, tries::Tries};
use crate::{
    kernel::{Actor, ProjectId},
    llm_integration::{
        CallerHeaders, LlmError, ProviderName, StoredResponses,
        dialects::Dialect,
        providers::{NotAskable, Origin, Provider},
    },
};

/// Names the provider that keeps the response, where the project did not get it here.
const PROVIDER: &str = "x-kaname-provider";

/// Notes whose a response is that a provider keeps.
pub(super) struct Noting {
    responses: StoredResponses,
    project: ProjectId,
    provider: ProviderName,
}

impl Noting {
    /// `None` where the provider keeps nothing of the answer.
    pub fn of(tries: &Tries, provider: &Provider, dialect: Dialect) -> Option<Self> {
        let is_kept = dialect == Dialect::OpenAiResponses
            && tries.body.surface() == dialect
            && tries.body.kept.keeps;
        is_kept.then(|| Self {
            responses: tries.responses.clone(),
            project: tries.project,
            provider: provider.name.clone(),
        })
    }

    /// Returns once it is durable.
    pub async fn note(self, id: String) {
        self.responses.note(self.project, id, self.provider).await;
    }
}

impl Gateway {
    /// Asks for a response and what is `below` it.
    pub(super) async fn stored(
        &self,
        actor: &Actor,
        method: Method,
        (id, below): (&str, &str),
        headers: &CallerHeaders,
    ) -> Result<Answer, LlmError> {
        let parts = &self.0.tries;
        let provider = self.keeper(actor.project, id, headers).await?;
        let path = format!("/responses/{id}{below}");
        let now = self.0.clock.now();
        let deletes = method == Method::DELETE;
        let request = provider.passed_on(method, &path, headers, Bytes::new(), now);
        let request = request.map_err(|source: NotAskable| LlmError::NotAskable {
            provider: provider.name.clone(),
            source: source.into(),
        })?;
        let client = &parts.providers.client;
        let limit = client.first_byte_timeout;
        let answer = client.fetch(&provider, request, limit).await?;
        if deletes && answer.status == 200 {
            parts.responses.forget(actor.project, id).await?;
        }
        Ok(answer.into())
    }

    /// The provider that keeps the project's response. One of the project's own may keep others, that
    /// were not made here; one of the operator's is shared, and tells a project of its own only.
    async fn keeper(
        &self,
        project: ProjectId,
        id: &str,
        headers: &CallerHeaders,
    ) -> Result<Arc<Provider>, LlmError> {
        let noted = self.0.tries.responses.provider_of(project, id).await?;
        let wanted = headers.get(PROVIDER).or(noted.as_deref());
        let may_keep = |provider: &Arc<Provider>| {
            let is_noted = noted.as_deref() == Some(provider.name.as_str());
            provider.chat_dialects().contains(&Dialect::OpenAiResponses)
                && wanted.is_none_or(|name| provider.name.as_str() == name)
                && (is_noted || provider.origin == Origin::Project)
        };
        let all = self.0.tries.providers.of_project(project).await?;
        all.into_iter()
            .find(may_keep)
            .ok_or_else(|| LlmError::Missing {
                what: "response",
                id: id.to_owned(),
            })
    }
}
