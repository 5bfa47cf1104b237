//! How many tokens an input has: the provider's own count where it has one, or an estimate of ours.

use bytes::Bytes;
use reqwest::header::HeaderMap;
use serde_json::json;

use super::{
    Gateway,
    answer::{self, Answer, AnswerBody, retold},
    options::CallOptions,
    request::{Asking, CallRequest},
    tries::TryLog,
};
use crate::{
    kernel::Actor,
    llm_integration::{
        CallerHeaders, LlmError,
        dialects::{Dialect, chat},
        estimate_input,
        providers::{Ask, Operation, Resolved},
        routing::{Plan, Target},
    },
};

/// Marks a count that is an estimate of ours.
const ESTIMATED: &str = "x-kaname-estimated";

impl Gateway {
    /// Counts the input of a call that is not made.
    pub(super) async fn count(
        &self,
        actor: &Actor,
        surface: Dialect,
        headers: &CallerHeaders,
        bytes: Bytes,
    ) -> Result<Answer, LlmError> {
        let options = CallOptions::parse(headers)?;
        let request = CallRequest::read(Asking::Chat(surface), bytes, headers, 0)?;
        let table = self.0.table(actor.project).await?;
        let route = table.get(&request.model);
        let body = self.body(&request, &options, route)?;
        let tries = self.tries(actor, (body, &options, headers), route, TryLog::default());
        let plan = match route {
            None => Plan::of(Target::default()),
            Some(route) => self.plan(actor, &request, (&table, route), &tries).await?,
        };
        let Some(first) = plan.candidates.first() else {
            let alias = request.model;
            return Err(LlmError::NoRouteApplies { alias });
        };
        let Resolved { provider, model } = tries.resolve(&first.target).await?;
        let operation = Operation::CountTokens(surface);
        if provider.dialect_for(surface) != surface || !provider.serves(operation) {
            return Ok(estimate(surface, tries.body.understood()?));
        }
        let mut prepared = tries
            .body
            .prepare(&provider, &model, &first.target.params)?;
        let ask = Ask {
            operation,
            model: &model,
            stream: false,
        };
        let body = prepared.bodies.pop().unwrap_or_default();
        let request = tries.providers.request(&provider, &ask, headers, body)?;
        let client = &tries.providers.client;
        let limit = client.first_byte_timeout;
        let counted = client.fetch(&provider, request, limit).await?;
        let mut answer = Answer::from(counted);
        answer
            .about
            .push((answer::PROVIDER, provider.name.to_string()));
        answer.about.push((answer::MODEL, model));
        Ok(answer)
    }
}

fn estimate(surface: Dialect, request: &chat::Request) -> Answer {
    let tokens = estimate_input(request);
    let body = match surface {
        Dialect::OpenAiResponses => {
            json!({ "object": "response.input_tokens", "input_tokens": tokens })
        }
        _ => json!({ "input_tokens": tokens }),
    };
    Answer {
        status: 200,
        headers: retold(HeaderMap::new(), "application/json"),
        about: vec![(ESTIMATED, "true".to_owned())],
        body: AnswerBody::Whole(body.to_string().into()),
    }
}
