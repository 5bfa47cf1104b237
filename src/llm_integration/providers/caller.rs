//! The headers of a call that matter beyond our own door.

use std::collections::BTreeMap;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

/// What any provider may see of a caller's headers. Never its credentials, which are ours.
const FORWARDED: &[&str] = &["accept", "x-client-request-id", "x-request-id"];
/// What some vendors may see beside [`FORWARDED`]; each says which.
const FORWARDED_BY_VENDOR: &[&str] = &[
    "anthropic-beta",
    "anthropic-version",
    "http-referer",
    "openai-beta",
    "openai-organization",
    "openai-project",
    "x-title",
];
/// Beside those, what the gateway itself reads.
const LINKS: &str = "x-langfuse-";
/// What is asked of the gateway itself.
const OPTIONS: &str = "x-kaname-";
const TRACEPARENT: &str = "traceparent";

/// Header names that answers of providers are passed on with, beside those in [`PASSED_PREFIXES`].
const PASSED: &[&str] = &[
    "content-type",
    "request-id",
    "retry-after",
    "retry-after-ms",
    "x-kaname-cut-texts",
    "x-should-retry",
];
const PASSED_PREFIXES: &[&str] = &["openai-", "anthropic-", "x-ratelimit-"];
/// A provider's own request id: `x-request-id` of our answers is ours.
const PROVIDERS_IDS: &[&str] = &["x-request-id", "x-amzn-requestid", "apim-request-id"];
const PROVIDER_REQUEST_ID: HeaderName = HeaderName::from_static("x-provider-request-id");

/// The headers of one call that are forwarded, or that link it to a prompt and a trace.
#[derive(Clone, Debug, Default)]
pub struct CallerHeaders(BTreeMap<String, String>);

impl CallerHeaders {
    /// Keeps what is known of the headers of a request; names are in lower case.
    pub fn of<'a>(headers: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let known = |name: &str| {
            FORWARDED.contains(&name)
                || FORWARDED_BY_VENDOR.contains(&name)
                || name.starts_with(LINKS)
                || name.starts_with(OPTIONS)
                || name == TRACEPARENT
        };
        let kept = headers.into_iter().filter(|(name, _)| known(name));
        Self(
            kept.map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
        )
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Adds what a vendor to which `vendors` mean something may see.
    pub(super) fn forward(&self, vendors: &'static [&'static str], headers: &mut HeaderMap) {
        for name in FORWARDED.iter().chain(vendors) {
            if let Some(value) = self
                .get(name)
                .and_then(|value| HeaderValue::from_str(value).ok())
            {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
    }
}

/// What a caller sees of a provider's headers.
pub(super) fn passed(provider: &HeaderMap) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in provider {
        let known = PASSED.contains(&name.as_str())
            || PASSED_PREFIXES
                .iter()
                .any(|prefix| name.as_str().starts_with(prefix));
        if known {
            headers.append(name.clone(), value.clone());
        }
    }
    let id = PROVIDERS_IDS.iter().find_map(|name| provider.get(*name));
    if let Some(id) = id {
        headers.insert(PROVIDER_REQUEST_ID, id.clone());
    }
    headers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_of_the_caller_never_leave() {
        let caller = CallerHeaders::of([
            ("authorization", "Bearer sk-ours"),
            ("x-api-key", "sk-ours"),
            ("cookie", "a=b"),
            ("openai-organization", "org-1"),
            ("x-langfuse-trace-id", "abc"),
        ]);
        let mut forwarded = HeaderMap::new();
        caller.forward(&["openai-organization"], &mut forwarded);
        assert_eq!(forwarded.len(), 1);
        assert_eq!(forwarded["openai-organization"], "org-1");
        forwarded.clear();
        caller.forward(&[], &mut forwarded);
        assert_eq!(forwarded.len(), 0, "another vendor learns nothing of it");
        assert_eq!(caller.get("x-langfuse-trace-id"), Some("abc"));
    }

    #[test]
    fn an_answers_retry_and_limit_headers_pass_and_its_cookies_do_not() {
        let mut provider = HeaderMap::new();
        for (name, value) in [
            ("retry-after", "3"),
            ("x-ratelimit-remaining-tokens", "9"),
            ("set-cookie", "secret"),
            ("transfer-encoding", "chunked"),
            ("x-request-id", "req-1"),
        ] {
            provider.insert(
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            );
        }
        let passed = passed(&provider);
        assert_eq!(passed["retry-after"], "3");
        assert_eq!(passed["x-ratelimit-remaining-tokens"], "9");
        assert_eq!(passed["x-provider-request-id"], "req-1");
        assert_eq!(passed.len(), 3);
    }
}
