//! What is different from vendor to vendor; one small file in `vendors` for each.

use std::fmt;

use reqwest::{
    Method, Request,
    header::{HeaderMap, HeaderValue},
};
use serde_json::Value;

use super::{Ask, EmbeddingDialect, Manners, Operation};
use crate::{kernel::Timestamp, llm_integration::dialects::Dialect, platform::config::SecretText};

/// Where an operation is asked.
pub(super) struct Target {
    pub method: Method,
    pub url: String,
}

impl Target {
    pub fn get(url: String) -> Self {
        let method = Method::GET;
        Self { method, url }
    }

    pub fn post(url: String) -> Self {
        let method = Method::POST;
        Self { method, url }
    }
}

/// Credentials that can not be made into headers.
#[derive(Debug, thiserror::Error)]
pub enum CredentialsError {
    #[error("the key holds characters that no header can carry")]
    NotAHeader,
    #[error("the request can not be signed")]
    Unsignable(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// One vendor's API. Chat bodies themselves are the business of `dialects`.
pub(super) trait Adapter: fmt::Debug + Send + Sync {
    /// The dialects in which it takes a chat, the best first. Any other is translated to that one.
    fn chat_dialects(&self) -> &'static [Dialect];

    /// `None` when it does not serve the operation.
    fn target(&self, ask: &Ask<'_>) -> Option<Target>;

    /// The address of anything else below its base address.
    fn below_base(&self, path: &str) -> String;

    fn manners(&self, operation: Operation) -> Manners {
        let _ = operation;
        Manners::OPENAI
    }

    /// `None` when it has no embeddings, or none of this model.
    fn embeddings(&self, model: &str) -> Option<EmbeddingDialect> {
        let _ = model;
        Some(EmbeddingDialect::OpenAi)
    }

    /// The model as its bodies name it.
    fn upstream_model<'a>(&'a self, model: &'a str) -> &'a str {
        model
    }

    /// Headers of the caller's that mean something to this vendor.
    fn forwarded(&self) -> &'static [&'static str];

    /// Adds the credentials, and signs where the vendor wants that. Nothing is changed afterwards.
    fn authorize(
        &self,
        request: &mut Request,
        body: &[u8],
        now: Timestamp,
    ) -> Result<(), CredentialsError>;

    /// The entries of a list of models, in OpenAI's form.
    fn models(&self, list: &[u8], owner: &str) -> Result<Vec<Value>, serde_json::Error>;
}

/// A header that holds a secret, and is not printed.
pub(super) fn secret_header(text: &str) -> Result<HeaderValue, CredentialsError> {
    let mut value = HeaderValue::from_str(text).map_err(|_| CredentialsError::NotAHeader)?;
    value.set_sensitive(true);
    Ok(value)
}

/// `Authorization: Bearer`, when there is a key.
pub(super) fn bearer(
    headers: &mut HeaderMap,
    key: Option<&SecretText>,
) -> Result<(), CredentialsError> {
    if let Some(key) = key {
        let value = secret_header(&format!("Bearer {}", key.expose()))?;
        headers.insert(reqwest::header::AUTHORIZATION, value);
    }
    Ok(())
}

const HEX_DIGITS: &[u8; 16] = b"0123456789ABCDEF";

/// A model's name as one segment of a path, whatever it holds.
pub(super) fn segment(model: &str) -> String {
    let mut encoded = String::with_capacity(model.len());
    for byte in model.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            for digit in [byte >> 4, byte & 15] {
                encoded.push(char::from(HEX_DIGITS[usize::from(digit)]));
            }
        }
    }
    encoded
}
