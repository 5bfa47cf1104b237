//! When a provider says that another try makes sense.

use std::time::Duration;

use chrono::DateTime;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use serde::Deserialize;

use crate::kernel::Timestamp;

const RETRY_AFTER_MS: &str = "retry-after-ms";

/// How long a provider asks to wait: OpenAI's milliseconds, HTTP's seconds or date, or Google's
/// `retryDelay` in the body.
pub fn retry_after(headers: &HeaderMap, body: &[u8], now: Timestamp) -> Option<Duration> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let seconds = |text: &str| Duration::try_from_secs_f64(text.parse().ok()?).ok();
    if let Some(wait) = text(RETRY_AFTER_MS).and_then(seconds) {
        return Some(wait / 1000);
    }
    if let Some(value) = text(RETRY_AFTER.as_str()) {
        let until = |date: &str| {
            let time = DateTime::parse_from_rfc2822(date).ok()?;
            Some(Timestamp::from(time.to_utc()).since(now))
        };
        return seconds(value).or_else(|| until(value));
    }
    let delay = delay_of_google(body)?;
    seconds(delay.strip_suffix('s')?)
}

/// `error.details[].retryDelay` of a `google.rpc.RetryInfo`, as in `"3.5s"`.
fn delay_of_google(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Body {
        error: Error,
    }
    #[derive(Deserialize)]
    struct Error {
        details: Vec<Detail>,
    }
    #[derive(Deserialize)]
    struct Detail {
        #[serde(rename = "retryDelay")]
        retry_delay: Option<String>,
    }
    let body: Body = serde_json::from_slice(body).ok()?;
    body.error
        .details
        .into_iter()
        .find_map(|detail| detail.retry_delay)
}

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderName, HeaderValue};

    use super::*;

    #[test]
    fn every_vendors_way_of_saying_it_is_understood() {
        let now = Timestamp::from_unix_micros(1_784_000_000_000_000).unwrap();
        let of = |pairs: &[(&'static str, &'static str)], body: &str| {
            let headers = pairs
                .iter()
                .map(|(name, value)| {
                    (
                        HeaderName::from_static(name),
                        HeaderValue::from_static(value),
                    )
                })
                .collect();
            retry_after(&headers, body.as_bytes(), now)
        };
        let seconds = |seconds| Some(Duration::from_secs_f64(seconds));
        assert_eq!(of(&[("retry-after", "3")], ""), seconds(3.0));
        assert_eq!(
            of(&[("retry-after", "3"), ("retry-after-ms", "1500")], ""),
            seconds(1.5)
        );
        assert_eq!(
            of(&[("retry-after", "Tue, 14 Jul 2026 03:33:30 GMT")], ""),
            seconds(10.0)
        );
        let google = r#"{"error":{"code":429,"details":[{"@type":"type.googleapis.com/google.rpc.QuotaFailure"},
            {"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"31.5s"}]}}"#;
        assert_eq!(of(&[], google), seconds(31.5));
        for wrong in ["soon", "-1", "NaN", "inf"] {
            assert_eq!(of(&[("retry-after", wrong)], ""), None, "{wrong}");
        }
        assert_eq!(of(&[], r#"{"error":"x"}"#), None);
    }
}
