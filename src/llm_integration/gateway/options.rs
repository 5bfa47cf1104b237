//! What a call asks of the gateway itself, in `x-kaname-` headers.

use std::time::Duration;

use crate::llm_integration::{CallerHeaders, LlmError, cache::CacheControl, dialects::Leniency};

pub(super) const DROP_PARAMS: &str = "x-kaname-drop-params";
const CACHE: &str = "x-kaname-cache";
const ATTEMPTS: &str = "x-kaname-attempts";
const TIMEOUT: &str = "x-kaname-timeout-ms";
const MAX_ATTEMPTS: u32 = 10;
const MAX_TIMEOUT: u64 = 24 * 60 * 60 * 1000;

/// One call's wishes; what it does not say, its route says, or the settings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct CallOptions {
    pub drop_params: Option<bool>,
    pub cache: Option<CacheControl>,
    /// Tries of one target, the first one included.
    pub attempts: Option<u32>,
    pub total_timeout: Option<Duration>,
}

impl CallOptions {
    /// # Errors
    /// [`LlmError::InvalidCall`], naming the header and what it takes.
    pub fn parse(headers: &CallerHeaders) -> Result<Self, LlmError> {
        Ok(Self {
            drop_params: headers.get(DROP_PARAMS).map(boolean).transpose()?,
            cache: headers.get(CACHE).map(cache).transpose()?,
            attempts: headers
                .get(ATTEMPTS)
                .map(|text| number(ATTEMPTS, text, MAX_ATTEMPTS.into()))
                .transpose()?
                .and_then(|attempts| u32::try_from(attempts).ok()),
            total_timeout: headers
                .get(TIMEOUT)
                .map(|text| number(TIMEOUT, text, MAX_TIMEOUT))
                .transpose()?
                .map(Duration::from_millis),
        })
    }

    pub fn leniency(&self, route_drops: bool) -> Leniency {
        if self.drop_params.unwrap_or(route_drops) {
            Leniency::Drop
        } else {
            Leniency::Refuse
        }
    }
}

fn boolean(text: &str) -> Result<bool, LlmError> {
    match text {
        "true" | "1" => Ok(true),
        "false" | "0" => Ok(false),
        _ => Err(wrong(DROP_PARAMS, "true or false")),
    }
}

fn number(header: &str, text: &str, most: u64) -> Result<u64, LlmError> {
    match text.parse() {
        Ok(number) if (1..=most).contains(&number) => Ok(number),
        _ => Err(wrong(header, &format!("1 to {most}"))),
    }
}

fn cache(text: &str) -> Result<CacheControl, LlmError> {
    text.parse().map_err(|what: String| wrong(CACHE, &what))
}

fn wrong(header: &str, takes: &str) -> LlmError {
    LlmError::InvalidCall {
        what: format!("the header `{header}` takes: {takes}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(headers: &[(&str, &str)]) -> Result<CallOptions, LlmError> {
        CallOptions::parse(&CallerHeaders::of(headers.iter().copied()))
    }

    #[test]
    fn what_is_asked_for_is_understood() {
        assert_eq!(parse(&[]).unwrap(), CallOptions::default());
        let options = parse(&[
            (DROP_PARAMS, "true"),
            (CACHE, "ttl=60, namespace=tests"),
            (ATTEMPTS, "2"),
            (TIMEOUT, "1500"),
        ])
        .unwrap();
        assert_eq!(options.leniency(false), Leniency::Drop);
        assert_eq!(options.attempts, Some(2));
        assert_eq!(options.total_timeout, Some(Duration::from_millis(1500)));
        let Some(CacheControl::Store { ttl, namespace, .. }) = options.cache else {
            panic!("{:?}", options.cache);
        };
        assert_eq!(ttl, Some(Duration::from_mins(1)));
        assert_eq!(namespace.unwrap().as_str(), "tests");
        let no_store = parse(&[(CACHE, "no-store"), (DROP_PARAMS, "false")]).unwrap();
        assert_eq!(no_store.cache, Some(CacheControl::NoStore));
        assert_eq!(no_store.leniency(true), Leniency::Refuse);
    }

    #[test]
    fn anything_else_is_refused_by_the_headers_name() {
        for (name, value) in [
            (DROP_PARAMS, "yes"),
            (CACHE, "60"),
            (CACHE, "namespace=a b"),
            (CACHE, "ttl=0"),
            (ATTEMPTS, "0"),
            (ATTEMPTS, "11"),
            (TIMEOUT, "soon"),
        ] {
            let error = parse(&[(name, value)]).unwrap_err().to_string();
            assert!(error.contains(name), "{error}");
        }
    }
}
