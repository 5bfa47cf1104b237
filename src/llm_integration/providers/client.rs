//! Calls to providers over one pool of connections, each within its limits.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::{
    Client, RequestBuilder, Response,
    header::{CONTENT_TYPE, HeaderMap, HeaderValue},
    redirect,
};
use tokio::time;

use super::{CallerHeaders, Provider, caller};
use crate::{
    kernel::ProjectId,
    llm_integration::{GatewaySettings, LlmError},
    platform::{config::ConfigError, tls},
};

/// How long an idle connection to a provider is kept: shorter than common servers' 60 s.
const IDLE_CONNECTION: Duration = Duration::from_secs(50);
const CLAUDE: &str = "claude";

/// The configured providers, and the client that calls them. Cheap to clone.
#[derive(Clone)]
pub struct Providers {
    client: Client,
    openai: Option<Provider>,
    anthropic: Option<Provider>,
    first_byte_timeout: Duration,
    pub(crate) idle_timeout: Duration,
    pub(crate) response_limit: usize,
}

/// A provider's whole answer.
pub struct WholeAnswer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Providers {
    /// # Errors
    /// When an address in the settings is not one, or the client can not be built.
    pub fn new(settings: &GatewaySettings) -> Result<Self, ConfigError> {
        Ok(Self {
            client: client(settings)?,
            openai: Provider::openai(&settings.openai)?,
            anthropic: Provider::anthropic(&settings.anthropic)?,
            first_byte_timeout: settings.first_byte_timeout(),
            idle_timeout: settings.idle_timeout(),
            response_limit: settings.response_limit_bytes,
        })
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Provider> {
        self.openai.iter().chain(&self.anthropic)
    }

    pub(crate) fn is_configured(&self, name: &str) -> bool {
        self.all().any(|provider| provider.name == name)
    }

    /// Every provider that a project's calls can reach.
    pub(crate) async fn names(&self, _project: ProjectId) -> Result<Vec<String>, LlmError> {
        Ok(self
            .all()
            .map(|provider| provider.name.to_owned())
            .collect())
    }

    /// Models that begin with `claude` are Anthropic's, all others OpenAI's. A server of the
    /// operator's own may serve any model, so without a key for Anthropic it is asked.
    pub(crate) fn for_model(&self, model: &str) -> Result<&Provider, LlmError> {
        let is_claude = model.starts_with(CLAUDE);
        let own_server = self.openai.as_ref().filter(|provider| provider.is_custom());
        let (found, remedy) = if is_claude {
            (
                self.anthropic.as_ref().or(own_server),
                "set `gateway.anthropic.api_key` or ANTHROPIC_API_KEY",
            )
        } else {
            (
                self.openai.as_ref(),
                "set `gateway.openai.api_key` or OPENAI_API_KEY, or, for a server of your own, \
                 `gateway.openai.base_url` or OPENAI_BASE_URL",
            )
        };
        found.ok_or_else(|| LlmError::ProviderNotConfigured {
            model: model.to_owned(),
            remedy,
        })
    }

    /// Sends a body; returns when the answer's head has come.
    pub(crate) async fn post(
        &self,
        provider: &Provider,
        path: &str,
        headers: &CallerHeaders,
        body: Bytes,
    ) -> Result<Response, LlmError> {
        let request = self
            .client
            .post(provider.url(path))
            .headers(headers.forwarded())
            .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
            .body(body);
        self.send(provider, provider.authorize(request)).await
    }

    /// Fetches something small, whole, with the credentials of the provider's own API.
    pub(crate) async fn get(
        &self,
        provider: &Provider,
        path: &str,
        headers: &CallerHeaders,
    ) -> Result<WholeAnswer, LlmError> {
        let request = self
            .client
            .get(provider.url(path))
            .headers(headers.forwarded());
        let response = self
            .send(provider, provider.authorize_native(request))
            .await?;
        let (status, headers) = (response.status().as_u16(), passed_headers(&response));
        let body = self.read_whole(provider, response).await?;
        Ok(WholeAnswer {
            status,
            headers,
            body,
        })
    }

    async fn send(
        &self,
        provider: &Provider,
        request: RequestBuilder,
    ) -> Result<Response, LlmError> {
        match time::timeout(self.first_byte_timeout, request.send()).await {
            Ok(sent) => sent.map_err(|error| failed(provider, error)),
            Err(_) => Err(LlmError::ProviderTimeout {
                provider: provider.name,
                waited: self.first_byte_timeout,
            }),
        }
    }

    /// An answer's body, as long as it keeps coming and stays within the limit.
    pub(crate) async fn read_whole(
        &self,
        provider: &Provider,
        mut response: Response,
    ) -> Result<Bytes, LlmError> {
        let mut body = BytesMut::new();
        loop {
            let chunk = time::timeout(self.idle_timeout, response.chunk()).await;
            let Ok(chunk) = chunk else {
                return Err(LlmError::ProviderTimeout {
                    provider: provider.name,
                    waited: self.idle_timeout,
                });
            };
            let Some(chunk) = chunk.map_err(|error| failed(provider, error))? else {
                return Ok(body.freeze());
            };
            if body.len() + chunk.len() > self.response_limit {
                let limit = self.response_limit;
                return Err(LlmError::AnswerTooLarge {
                    provider: provider.name,
                    limit,
                });
            }
            body.extend_from_slice(&chunk);
        }
    }
}

fn client(settings: &GatewaySettings) -> Result<Client, ConfigError> {
    tls::install_crypto_provider();
    let builder = || {
        Client::builder()
            .connect_timeout(settings.connect_timeout())
            .tcp_nodelay(true)
            .pool_idle_timeout(IDLE_CONNECTION)
            .pool_max_idle_per_host(usize::MAX)
            // Answers pass as they are, so they must come as they are.
            .no_gzip()
            .redirect(redirect::Policy::none())
    };
    // A host without CA certificates can still serve, and call models on its own network.
    let built = builder().build().or_else(|error| {
        tracing::warn!(%error, "no CA certificates are found: providers can not be called over https");
        builder().tls_certs_only([]).build()
    });
    built.map_err(|error| {
        ConfigError::Rejected(format!("the HTTP client can not be built: {error}"))
    })
}

/// What the caller sees of an answer's headers.
pub(crate) fn passed_headers(response: &Response) -> HeaderMap {
    caller::passed(response.headers())
}

/// The address is left out: it can hold an operator's internal names.
fn failed(provider: &Provider, error: reqwest::Error) -> LlmError {
    LlmError::ProviderFailed {
        provider: provider.name,
        source: error.without_url(),
    }
}
