//! Errors of Bedrock's: of an answer by its status, of a stream by their names.

use serde::Deserialize;

use crate::llm_integration::dialects::{ErrorKind, ProviderError, failure};

const EXCEPTION: &str = "Exception";
const FAILURE: &str = "InternalFailure";

#[derive(Deserialize)]
struct Body {
    #[serde(alias = "Message")]
    message: String,
    /// With a prefix and `#` before the name.
    #[serde(rename = "__type", default)]
    kind: String,
}

pub(super) fn decode(status: u16, body: &[u8]) -> ProviderError {
    let Ok(Body { message, kind }) = serde_json::from_slice(body) else {
        return failure::of_unknown_body(status, body);
    };
    let name = kind.rsplit('#').next().unwrap_or_default();
    let code = Some(name.to_owned()).filter(|name| !name.is_empty());
    let by_status = match status {
        // A model's own failure.
        424 => ErrorKind::Server,
        other => ErrorKind::of_status(other),
    };
    ProviderError {
        kind: refined(of_name(name).unwrap_or(by_status), &message),
        code,
        ..ProviderError::new(by_status, status, message)
    }
}

pub(super) fn is_exception(name: &str) -> bool {
    name.ends_with(EXCEPTION) || name == FAILURE
}

pub(super) fn of_exception(name: &str, data: &[u8]) -> ProviderError {
    let message = match serde_json::from_slice::<Body>(data) {
        Ok(body) => body.message,
        Err(_) => String::from_utf8_lossy(data).into_owned(),
    };
    let kind = refined(of_name(name).unwrap_or(ErrorKind::Server), &message);
    ProviderError {
        code: Some(name.to_owned()),
        ..ProviderError::new(kind, 0, message)
    }
}

/// Names begin with a small letter in streams.
fn of_name(name: &str) -> Option<ErrorKind> {
    Some(match name.to_ascii_lowercase().as_str() {
        "validationexception" => ErrorKind::InvalidRequest,
        "accessdeniedexception" => ErrorKind::Permission,
        "unrecognizedclientexception"
        | "invalidsignatureexception"
        | "expiredtokenexception"
        | "missingauthenticationtokenexception" => ErrorKind::Authentication,
        "resourcenotfoundexception" => ErrorKind::NotFound,
        "throttlingexception" | "modelnotreadyexception" => ErrorKind::RateLimit,
        "servicequotaexceededexception" => ErrorKind::Quota,
        "serviceunavailableexception" => ErrorKind::Overloaded,
        "modeltimeoutexception" => ErrorKind::Timeout,
        "internalserverexception" | "modelerrorexception" | "modelstreamerrorexception" => {
            ErrorKind::Server
        }
        _ => return None,
    })
}

fn refined(kind: ErrorKind, message: &str) -> ErrorKind {
    let is_too_long = ["too long", "exceeds the maximum", "context length"]
        .iter()
        .any(|words| message.contains(words));
    match kind {
        ErrorKind::InvalidRequest if is_too_long => ErrorKind::ContextLength,
        // What an account lacks is told as a missing permission of its key.
        ErrorKind::Permission if message.contains("security token") => ErrorKind::Authentication,
        other => other,
    }
}
