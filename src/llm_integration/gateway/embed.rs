//! A call for embeddings: admitted, asked in the provider's words, counted and traced like any other.

use bytes::Bytes;
use reqwest::header::HeaderMap;
use tracing::Instrument;

use super::{
    Gateway,
    answer::{self, Answer, AnswerBody, retold},
    call::{Call, Failure as Failed},
    draft::Routed,
    generation::Generation,
    request::CallRequest,
};
use crate::{
    kernel::{Actor, Failure, Permission},
    llm_integration::{
        CallerHeaders, JsonText, LlmError,
        dialects::Dialect,
        embeddings::{self, EmbeddingRequest, Embeddings},
        providers::{
            Ask, EmbeddingDialect, NotAskable, Operation, Provider, Resolved, WholeAnswer,
        },
    },
};

/// How much of a refusal's body is said in the trace's status.
const REFUSAL_CHARS: usize = 500;

/// What a provider made of a call.
enum Outcome {
    Answered(Answer, Box<Generation>),
    /// Its refusal, and what the trace says of it.
    Refused(Answer, String),
}

impl Gateway {
    /// Embeds texts with the model that the body names. Whatever becomes of it is traced.
    ///
    /// # Errors
    /// A failure of ours. A provider's own is an answer.
    pub async fn embed(
        &self,
        actor: &Actor,
        headers: &CallerHeaders,
        body: Bytes,
    ) -> Result<Answer, Failure> {
        actor.require(Permission::GatewayCall)?;
        let asked = EmbeddingRequest::parse(&body).map_err(LlmError::from)?;
        let limit = self.0.capture_limit;
        let request = CallRequest::read(Dialect::OpenAiChat, body.clone(), headers, limit)?;
        let table = self.0.table(actor.project).await?;
        let ledger = self.ledger(actor).await;
        let held = self.admit(actor, &request, &table, &ledger).await?;
        let mut call = Call::begin(ledger, &request, Routed::default(), held);
        call.is_for_embeddings(&asked.model, JsonText::capture_bytes(&body, limit));
        let span = call.span();
        async {
            let providers = &self.0.tries.providers;
            let resolved = match providers.resolve(actor.project, &asked.model).await {
                Ok(resolved) => resolved,
                Err(error) => return Err(fail(call, error).await),
            };
            call.asked(&resolved.provider, &resolved.model);
            let about = vec![
                (answer::TRACE_ID, call.trace_id().as_str().to_owned()),
                (answer::PROVIDER, resolved.provider.name.to_string()),
                (answer::MODEL, resolved.model.clone()),
            ];
            let (mut answer, ended) = match self.ask(&resolved, &asked, headers, body).await {
                Err(error) => return Err(fail(call, error).await),
                Ok(Outcome::Answered(answer, generation)) => {
                    (answer, call.end(*generation, None).await)
                }
                Ok(Outcome::Refused(answer, message)) => {
                    let class = "provider_refused";
                    let failed = Failed {
                        class,
                        message,
                        is_reported: false,
                    };
                    (answer, call.end(Generation::default(), Some(failed)).await)
                }
            };
            // An answer names its trace where there will be one.
            let about = about.into_iter().skip(usize::from(ended.is_err()));
            answer.about = about.collect();
            Ok(answer)
        }
        .instrument(span)
        .await
    }

    async fn ask(
        &self,
        Resolved { provider, model }: &Resolved,
        asked: &EmbeddingRequest,
        headers: &CallerHeaders,
        body: Bytes,
    ) -> Result<Outcome, LlmError> {
        let not_served = || LlmError::NotAskable {
            provider: provider.name.clone(),
            source: std::sync::Arc::new(NotAskable::NotServed),
        };
        let dialect = provider
            .embeddings(model)
            .filter(|_| provider.serves(Operation::Embeddings))
            .ok_or_else(not_served)?;
        let named = provider.upstream_model(model);
        let bodies = if dialect == EmbeddingDialect::OpenAi && named == asked.model {
            vec![body]
        } else {
            embeddings::encode(dialect, asked, named)?
        };
        let ask = Ask {
            operation: Operation::Embeddings,
            model,
            stream: false,
        };
        let providers = &self.0.tries.providers;
        let mut answers: Vec<WholeAnswer> = Vec::with_capacity(bodies.len());
        for body in bodies {
            let request = providers.request(provider, &ask, headers, body)?;
            let limit = providers.client.first_byte_timeout;
            let answer = providers.client.fetch(provider, request, limit).await?;
            if answer.status != 200 {
                return Ok(refused(provider, dialect, answer));
            }
            answers.push(answer);
        }
        let unreadable = |source| LlmError::EmbeddingsUnreadable {
            provider: provider.name.clone(),
            source,
        };
        let bodies: Vec<Bytes> = answers.iter().map(|answer| answer.body.clone()).collect();
        let embedded = embeddings::decode(dialect, &bodies).map_err(unreadable)?;
        let generation = Generation {
            model: embedded.model.clone(),
            usage: embedded.usage,
            ..Generation::default()
        };
        let headers = answers
            .pop()
            .map_or_else(HeaderMap::new, |last| last.headers);
        let body = match bodies.as_slice() {
            [one] if dialect == EmbeddingDialect::OpenAi && embedded.are_in(asked.format) => {
                one.clone()
            }
            _ => Embeddings::encode(embedded, asked.format, &asked.model).map_err(unreadable)?,
        };
        let answer = Answer {
            status: 200,
            headers: retold(headers, "application/json"),
            about: Vec::new(),
            body: AnswerBody::Whole(body),
        };
        Ok(Outcome::Answered(answer, Box::new(generation)))
    }
}

/// A refusal passes as it is where its form is the caller's, and is told in that form elsewhere.
fn refused(provider: &Provider, dialect: EmbeddingDialect, answer: WholeAnswer) -> Outcome {
    let error = provider.refusal(answer.status, &answer.body);
    let said: String = error.message.chars().take(REFUSAL_CHARS).collect();
    let message = format!("{} answered {}: {said}", provider.name, answer.status);
    if dialect == EmbeddingDialect::OpenAi {
        return Outcome::Refused(answer.into(), message);
    }
    let (status, body) = Dialect::OpenAiChat.encode_error(&error, "");
    let answer = Answer {
        status,
        headers: retold(answer.headers, "application/json"),
        about: Vec::new(),
        body: AnswerBody::Whole(body),
    };
    Outcome::Refused(answer, message)
}

async fn fail(mut call: Call, error: LlmError) -> Failure {
    let failed = Failed {
        class: match &error {
            LlmError::ProviderTimeout { .. } => "timeout",
            _ => "provider_failed",
        },
        message: error.to_string(),
        is_reported: false,
    };
    // The record's fate is logged and counted where it is decided; the caller gets this error.
    let _stored = call.end(Generation::default(), Some(failed)).await;
    error.into()
}
