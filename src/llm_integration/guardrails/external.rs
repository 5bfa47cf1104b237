//! A guard that is a server of somebody's: it is asked about the texts of a call.

use std::time::Duration;

use reqwest::{Client, redirect};
use serde::{Deserialize, Serialize};
use url::Url;

use super::{Phase, WhenUnavailable};
use crate::{
    kernel::error_chain,
    llm_integration::providers::{AddressRules, NotPublic},
};

/// The largest answer of a guard, in bytes.
const MAX_ANSWER_BYTES: usize = 8 * 1024 * 1024;

/// A server that judges texts.
#[derive(Debug)]
pub(super) struct External {
    pub url: Url,
    pub timeout: Duration,
    pub when_unavailable: WhenUnavailable,
}

impl External {
    /// # Errors
    /// Says what would be right.
    pub fn new(
        url: &str,
        timeout_ms: u64,
        when_unavailable: WhenUnavailable,
    ) -> Result<Self, String> {
        let url: Url = url
            .parse()
            .map_err(|error| format!("`url` is no address: {error}"))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err("`url` must begin with http:// or https://".to_owned());
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("`url` must hold no user name and no password".to_owned());
        }
        Ok(Self {
            url,
            timeout: Duration::from_millis(timeout_ms),
            when_unavailable,
        })
    }
}

/// What a server is asked: `{"phase": "input", "texts": ["..."]}`.
#[derive(Serialize)]
struct Question<'a> {
    phase: Phase,
    texts: &'a [String],
}

/// What it answers: `{"allowed": true}`, or `{"allowed": false, "texts": ["..."]}` with as many
/// texts as it was given, for a guard that redacts.
#[derive(Deserialize)]
struct Reply {
    allowed: bool,
    #[serde(default)]
    texts: Option<Vec<String>>,
}

/// What follows from an answer, or from none.
#[derive(Debug)]
pub(super) struct Verdict {
    pub allowed: bool,
    pub reason: &'static str,
    pub texts: Option<Vec<String>>,
}

#[derive(Debug, thiserror::Error)]
enum AskError {
    #[error("the guard did not answer")]
    Http(#[from] reqwest::Error),
    #[error("the guard's address is not one that a project may name")]
    Address(#[from] NotPublic),
    #[error("the guard answered with status {0}")]
    Status(u16),
    #[error("the guard's answer is larger than {MAX_ANSWER_BYTES} bytes")]
    TooLarge,
    #[error("the guard's answer is not as it should be")]
    Unreadable(#[from] serde_json::Error),
    #[error("the guard answered with {0} texts, and was given {1}")]
    Count(usize, usize),
}

/// Asks servers, at public addresses only. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Asker {
    client: Client,
    addresses: AddressRules,
}

impl Asker {
    /// # Errors
    /// When the client can not be built.
    pub fn new(addresses: AddressRules) -> Result<Self, reqwest::Error> {
        let client = Client::builder()
            .no_proxy()
            .redirect(redirect::Policy::none())
            .dns_resolver(std::sync::Arc::new(addresses.clone()))
            .build()?;
        Ok(Self { client, addresses })
    }

    pub async fn ask(&self, guard: &External, phase: Phase, texts: &[String]) -> Verdict {
        let asked = self.reply(guard, phase, texts).await;
        match asked {
            Ok(reply) => Verdict {
                allowed: reply.allowed,
                reason: "the guard that was asked does not allow it",
                texts: reply.texts,
            },
            Err(error) => {
                tracing::warn!(error = error_chain(&error), url = %guard.url, "a guard can not be asked");
                Verdict {
                    allowed: guard.when_unavailable == WhenUnavailable::Allow,
                    reason: "the guard that must be asked can not be asked",
                    texts: None,
                }
            }
        }
    }

    async fn reply(
        &self,
        guard: &External,
        phase: Phase,
        texts: &[String],
    ) -> Result<Reply, AskError> {
        self.addresses.check(&guard.url)?;
        let mut response = self
            .client
            .post(guard.url.clone())
            .timeout(guard.timeout)
            .json(&Question { phase, texts })
            .send()
            .await?;
        if !response.status().is_success() {
            return Err(AskError::Status(response.status().as_u16()));
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            if body.len() + chunk.len() > MAX_ANSWER_BYTES {
                return Err(AskError::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        let reply: Reply = serde_json::from_slice(&body)?;
        match &reply.texts {
            Some(given) if given.len() != texts.len() => {
                Err(AskError::Count(given.len(), texts.len()))
            }
            _ => Ok(reply),
        }
    }
}
