//! Why a try failed, in the words that routes choose by.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

macro_rules! classes {
    ($($(#[$doc:meta])* $variant:ident = $name:literal),+ $(,)?) => {
        /// The class of one try's failure.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum FailureClass { $($(#[$doc])* $variant),+ }

        impl FailureClass {
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The name in a route's `on`, in traces and in metrics.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }
        }
    };
}

classes! {
    /// No connection, or one that broke before the answer's head.
    Connect = "connect",
    /// Nothing came in time.
    Timeout = "timeout",
    /// 429.
    RateLimited = "rate_limit",
    /// 408, 409 and every 5xx, overload among them.
    ServerError = "server_error",
    /// The answer broke off, or is not what its API promises.
    Unreadable = "unreadable",
    /// Not tried: its breaker is open.
    BreakerOpen = "breaker_open",
    /// Not tried: the provider has no place for another call.
    Busy = "busy",
    /// 401 and 403: the provider does not take our key.
    Auth = "auth",
    /// 404: it does not know the model.
    NotFound = "not_found",
    /// The input is too long for the model.
    ContextLength = "context_length",
    /// The provider declined for what the content is.
    ContentFilter = "content_filter",
    /// Not tried: the call can not be said in the provider's form.
    Untranslatable = "untranslatable",
    /// Any other 4xx.
    InvalidRequest = "invalid_request",
}

impl FailureClass {
    /// The class of an HTTP status alone; `None` for one that is no failure.
    pub const fn of_status(status: u16) -> Option<Self> {
        Some(match status {
            0..=399 => return None,
            401 | 403 => Self::Auth,
            404 => Self::NotFound,
            408 | 409 | 500.. => Self::ServerError,
            413 => Self::ContextLength,
            429 => Self::RateLimited,
            _ => Self::InvalidRequest,
        })
    }

    /// Whether the same call may succeed at the same place a moment later.
    pub const fn is_transient(self) -> bool {
        matches!(
            self,
            Self::Connect
                | Self::Timeout
                | Self::RateLimited
                | Self::ServerError
                | Self::Unreadable
        )
    }

    /// Whether it says that the provider is unwell, so that its breaker counts it.
    pub const fn counts_for_breaker(self) -> bool {
        matches!(
            self,
            Self::Connect | Self::Timeout | Self::ServerError | Self::Unreadable
        )
    }
}

impl fmt::Display for FailureClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One reason to go on to the next target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trigger {
    Any,
    Class(FailureClass),
    Status(u16),
}

/// The reasons to go on: [`Triggers::default`] is everything that another provider may not suffer from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Triggers(Vec<Trigger>);

impl Default for Triggers {
    fn default() -> Self {
        use FailureClass as C;
        let classes = [
            C::Connect,
            C::Timeout,
            C::RateLimited,
            C::ServerError,
            C::Unreadable,
            C::BreakerOpen,
            C::Busy,
        ];
        Self(classes.into_iter().map(Trigger::Class).collect())
    }
}

impl Triggers {
    pub fn holds(&self, class: FailureClass, status: Option<u16>) -> bool {
        self.0.iter().any(|trigger| match *trigger {
            Trigger::Any => true,
            Trigger::Class(wanted) => wanted == class,
            Trigger::Status(wanted) => Some(wanted) == status,
        })
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<Trigger> for Triggers {
    fn from_iter<I: IntoIterator<Item = Trigger>>(triggers: I) -> Self {
        Self(triggers.into_iter().collect())
    }
}

impl FromStr for Trigger {
    type Err = String;
    /// The error lists what there is.
    fn from_str(text: &str) -> Result<Self, String> {
        if text == "any" {
            return Ok(Self::Any);
        }
        if let Some(class) = FailureClass::ALL.iter().find(|class| class.name() == text) {
            return Ok(Self::Class(*class));
        }
        if let Ok(status @ 400..=599) = text.parse() {
            return Ok(Self::Status(status));
        }
        let names: Vec<_> = FailureClass::ALL.iter().map(|class| class.name()).collect();
        Err(format!(
            "`{text}` is no reason to go on; there are `any`, a status such as `529`, and {}",
            names.join(", ")
        ))
    }
}

impl Serialize for Trigger {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Any => serializer.serialize_str("any"),
            Self::Class(class) => serializer.serialize_str(class.name()),
            Self::Status(status) => serializer.collect_str(status),
        }
    }
}

impl<'de> Deserialize<'de> for Trigger {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_have_their_class_and_a_class_its_statuses() {
        use FailureClass as C;
        for (status, class) in [
            (200, None),
            (400, Some(C::InvalidRequest)),
            (401, Some(C::Auth)),
            (404, Some(C::NotFound)),
            (408, Some(C::ServerError)),
            (429, Some(C::RateLimited)),
            (500, Some(C::ServerError)),
            (529, Some(C::ServerError)),
        ] {
            assert_eq!(FailureClass::of_status(status), class, "{status}");
        }
    }

    #[test]
    fn triggers_are_classes_statuses_or_anything() {
        let triggers: Triggers = serde_json::from_str(r#"["rate_limit", "418"]"#).unwrap();
        assert!(triggers.holds(FailureClass::RateLimited, Some(429)));
        assert!(triggers.holds(FailureClass::InvalidRequest, Some(418)));
        assert!(!triggers.holds(FailureClass::InvalidRequest, Some(400)));
        let text = serde_json::to_string(&triggers).unwrap();
        assert_eq!(text, r#"["rate_limit","418"]"#);
        let wrong = serde_json::from_str::<Triggers>(r#"["sometimes"]"#).unwrap_err();
        assert!(wrong.to_string().contains("context_length"), "{wrong}");
    }
}
