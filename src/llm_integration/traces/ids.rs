//! The ids of traces and observations. Clients choose their own, so nearly any text is one.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize};

use crate::kernel::Clock;

/// The longest id, in characters.
const MAX_CHARS: usize = 200;

macro_rules! id {
    ($name:ident, $digits:literal, $doc:literal) => {
        #[doc = $doc]
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// An id that was checked when it was stored.
            pub(in crate::llm_integration) fn stored(id: String) -> Self {
                Self(id)
            }

            /// The id in W3C Trace Context's form: hexadecimal digits, not all zero.
            pub fn w3c(text: &str) -> Option<Self> {
                let is_hex = text.len() == $digits && text.bytes().all(|b| b.is_ascii_hexdigit());
                (is_hex && text.bytes().any(|b| b != b'0')).then(|| Self(text.to_ascii_lowercase()))
            }
        }

        impl FromStr for $name {
            type Err = String;
            /// The error says what would be right.
            fn from_str(text: &str) -> Result<Self, String> {
                if let Some(id) = Self::w3c(text) {
                    return Ok(id);
                }
                let chars = text.chars().count();
                if chars == 0 || chars > MAX_CHARS || text.chars().any(char::is_control) {
                    return Err(format!(
                        "1 to {MAX_CHARS} characters, none of them control characters"
                    ));
                }
                Ok(Self(text.to_owned()))
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?
                    .parse()
                    .map_err(serde::de::Error::custom)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id!(
    TraceId,
    32,
    "The id of a trace: any text that a client chose; 16 bytes in hexadecimal, as W3C Trace Context \
     has it, are in lower case."
);
id!(
    ObservationId,
    16,
    "The id of an observation, unique in its trace: any text that a client chose; 8 bytes in \
     hexadecimal, a span id, are in lower case."
);

enum TraceMarker {}

impl TraceId {
    /// Ids made later sort later, so that they land together in an index.
    pub fn new(clock: &Clock) -> Self {
        Self(clock.new_id::<TraceMarker>().as_uuid().simple().to_string())
    }
}

impl ObservationId {
    pub fn new(clock: &Clock) -> Self {
        let (_, random) = clock.new_id::<TraceMarker>().as_uuid().as_u64_pair();
        Self(format!("{random:016x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hexadecimal_ids_are_in_lower_case_and_others_stay_as_they_were_chosen() {
        let clock = Clock::system();
        let (trace, observation) = (TraceId::new(&clock), ObservationId::new(&clock));
        assert_eq!(trace.as_str().to_uppercase().parse(), Ok(trace));
        assert_eq!(observation.as_str().to_uppercase().parse(), Ok(observation));
        for chosen in ["My Trace/1", "追跡", &"A".repeat(31)] {
            assert_eq!(chosen.parse::<TraceId>().unwrap().as_str(), chosen);
        }
    }

    #[test]
    fn nothing_without_end_or_with_control_characters_is_an_id() {
        for wrong in ["", "a\0b", "a\n", &"x".repeat(201)] {
            assert!(wrong.parse::<TraceId>().is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn w3c_takes_only_its_own_form() {
        for wrong in ["", "xyz", &"0".repeat(32), &"a".repeat(31)] {
            assert!(TraceId::w3c(wrong).is_none(), "{wrong}");
        }
    }
}
