//! What a call says of the cache, in the header `x-kaname-cache`.

use std::{str::FromStr, time::Duration};

use super::Namespace;

/// The longest that an answer is kept.
const MAX_TTL: Duration = Duration::from_hours(30 * 24);

/// `no-store`, or a list such as `ttl=60, namespace=faq, single-flight`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CacheControl {
    /// Neither read nor store.
    NoStore,
    Store {
        /// `None`: as long as the settings say.
        ttl: Option<Duration>,
        namespace: Option<Namespace>,
        /// Of equal calls at the same time one is made, and the others wait for its answer.
        single_flight: bool,
    },
}

impl FromStr for CacheControl {
    type Err = String;
    /// The error says what would be right.
    fn from_str(text: &str) -> Result<Self, String> {
        let words: Vec<_> = text.split(',').map(str::trim).collect();
        if words.contains(&"no-store") {
            return match words.as_slice() {
                ["no-store"] => Ok(Self::NoStore),
                _ => Err("`no-store` stands alone".to_owned()),
            };
        }
        let (mut ttl, mut namespace, mut single_flight) = (None, None, false);
        for word in words {
            match word.split_once('=') {
                Some(("ttl", seconds)) => ttl = Some(duration(seconds)?),
                Some(("namespace", name)) => namespace = Some(name.parse()?),
                None if word == "single-flight" => single_flight = true,
                _ => {
                    return Err(format!(
                        "`{word}` is not known; there are `no-store`, `ttl=<seconds>`, \
                         `namespace=<name>` and `single-flight`"
                    ));
                }
            }
        }
        Ok(Self::Store {
            ttl,
            namespace,
            single_flight,
        })
    }
}

fn duration(seconds: &str) -> Result<Duration, String> {
    let parsed = seconds.parse().ok().map(Duration::from_secs);
    parsed
        .filter(|ttl| (Duration::from_secs(1)..=MAX_TTL).contains(ttl))
        .ok_or_else(|| {
            format!(
                "`ttl` is `{seconds}`; it takes 1 to {} seconds",
                MAX_TTL.as_secs()
            )
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_is_read_and_what_is_not_known_is_refused_by_name() {
        assert_eq!("no-store".parse(), Ok(CacheControl::NoStore));
        let Ok(CacheControl::Store {
            ttl,
            namespace,
            single_flight,
        }) = "ttl=60, namespace=faq, single-flight".parse()
        else {
            panic!("it is read");
        };
        assert_eq!(ttl, Some(Duration::from_mins(1)));
        assert_eq!(namespace, Some("faq".parse().unwrap()));
        assert!(single_flight);
        for wrong in [
            "",
            "ttl=0",
            "ttl=99999999",
            "ttl",
            "namespace=a b",
            "max-age=1",
            "no-store, ttl=1",
        ] {
            assert!(wrong.parse::<CacheControl>().is_err(), "{wrong}");
        }
    }
}
