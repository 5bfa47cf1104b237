//! Calls to providers over pools of connections, each within its limits.

use std::{sync::Arc, time::Duration};

use bytes::{Bytes, BytesMut};
use reqwest::{Body, Client, Request, Response, header::HeaderMap, redirect};
use tokio::time;
use url::Url;

use super::{AddressRules, Origin, Provider, ProviderKind, caller};
use crate::{
    llm_integration::{
        GatewaySettings, LlmError,
        inference::{self, Inference},
    },
    platform::{config::ConfigError, tls},
};

/// How long an idle connection to a provider is kept: shorter than common servers' 60 s.
const IDLE_CONNECTION: Duration = Duration::from_secs(50);

/// Sends requests to providers. Cheap to clone.
#[derive(Clone)]
pub struct ProviderClient {
    /// For providers of the operator's.
    trusted: Client,
    /// For those of projects: it connects to public addresses only.
    guarded: Client,
    addresses: AddressRules,
    /// For models of this process.
    inference: Inference,
    pub(crate) first_byte_timeout: Duration,
    pub(crate) idle_timeout: Duration,
    pub(crate) response_limit: usize,
}

/// A provider's whole answer.
pub struct WholeAnswer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl ProviderClient {
    /// # Errors
    /// When a client can not be built.
    pub fn new(settings: &GatewaySettings, inference: Inference) -> Result<Self, ConfigError> {
        tls::install_crypto_provider();
        let addresses = AddressRules::new(&settings.provider_private_hosts);
        Ok(Self {
            trusted: client(settings, None)?,
            guarded: client(settings, Some(&addresses))?,
            addresses,
            inference,
            first_byte_timeout: settings.first_byte_timeout(),
            idle_timeout: settings.idle_timeout(),
            response_limit: settings.response_limit_bytes,
        })
    }

    /// Sends a request; returns when the answer's head has come, whatever its status.
    ///
    /// # Errors
    /// When the provider can not be reached, or sent nothing for `limit`.
    pub(crate) async fn send(
        &self,
        provider: &Provider,
        request: Request,
        limit: Duration,
    ) -> Result<Response, LlmError> {
        let sent = async {
            let client = match provider.origin {
                Origin::Settings if provider.kind == ProviderKind::Local => {
                    return Ok(self.ask_inference(&request).await);
                }
                Origin::Settings => &self.trusted,
                Origin::Project => {
                    self.check(provider, request.url())?;
                    &self.guarded
                }
            };
            let sent = client.execute(request).await;
            sent.map_err(|error| failed(provider, error))
        };
        match time::timeout(limit, sent).await {
            Ok(sent) => sent,
            Err(_) => Err(LlmError::ProviderTimeout {
                provider: provider.name.clone(),
                waited: limit,
            }),
        }
    }

    async fn ask_inference(&self, request: &Request) -> Response {
        let body = request.body().and_then(Body::as_bytes);
        let path = request.url().path();
        let answer = inference::serve(&self.inference, path, body.unwrap_or_default()).await;
        answer.into()
    }

    /// Whether a project may name this provider's address.
    ///
    /// # Errors
    /// [`LlmError::ProviderRefused`] for one inside the operator's network.
    pub(super) fn check_address(&self, provider: &Provider) -> Result<(), LlmError> {
        let url = provider.address().map_err(|source| LlmError::NotAskable {
            provider: provider.name.clone(),
            source: Arc::new(source),
        })?;
        self.check(provider, &url)
    }

    fn check(&self, provider: &Provider, url: &Url) -> Result<(), LlmError> {
        self.addresses
            .check(url)
            .map_err(|source| LlmError::ProviderRefused {
                provider: provider.name.clone(),
                source: Arc::new(source),
            })
    }

    /// Sends a request and reads its answer.
    pub(crate) async fn fetch(
        &self,
        provider: &Provider,
        request: Request,
        limit: Duration,
    ) -> Result<WholeAnswer, LlmError> {
        let response = self.send(provider, request, limit).await?;
        let (status, headers) = (response.status().as_u16(), passed_headers(&response));
        let body = self.read_whole(provider, response).await?;
        Ok(WholeAnswer {
            status,
            headers,
            body,
        })
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
                    provider: provider.name.clone(),
                    waited: self.idle_timeout,
                });
            };
            let Some(chunk) = chunk.map_err(|error| failed(provider, error))? else {
                return Ok(body.freeze());
            };
            if body.len() + chunk.len() > self.response_limit {
                let limit = self.response_limit;
                return Err(LlmError::AnswerTooLarge {
                    provider: provider.name.clone(),
                    limit,
                });
            }
            body.extend_from_slice(&chunk);
        }
    }
}

fn client(
    settings: &GatewaySettings,
    addresses: Option<&AddressRules>,
) -> Result<Client, ConfigError> {
    let builder = || {
        let builder = Client::builder()
            .connect_timeout(settings.connect_timeout())
            .tcp_nodelay(true)
            .pool_idle_timeout(IDLE_CONNECTION)
            .pool_max_idle_per_host(usize::MAX)
            // Answers pass as they are, so they must come as they are.
            .no_gzip()
            .redirect(redirect::Policy::none());
        match addresses {
            // A proxy would resolve names itself, without our rules.
            Some(rules) => builder.dns_resolver(Arc::new(rules.clone())).no_proxy(),
            None => builder,
        }
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
        provider: provider.name.clone(),
        source: error.without_url(),
    }
}
