//! Traces, observations, and the rules by which two reports of one trace become one.

use std::{collections::BTreeMap, str::FromStr};

use serde::{Deserialize, Serialize};

use super::{JsonText, ObservationId, TraceId};
use crate::kernel::{NanoUsd, Timestamp};

/// The environment of what names none.
pub const DEFAULT_ENVIRONMENT: &str = "default";

macro_rules! named {
    ($(#[$meta:meta])* $name:ident { $($variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum $name { $(#[serde(rename = $text)] $variant),+ }

        impl $name {
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }

        impl FromStr for $name {
            type Err = String;
            /// The error lists every known name.
            fn from_str(text: &str) -> Result<Self, String> {
                match text {
                    $($text => Ok(Self::$variant),)+
                    _ => Err([$($text),+].join(", ")),
                }
            }
        }
    };
}

named! {
    /// What an observation observed.
    ObservationKind {
        Span = "SPAN", Generation = "GENERATION", Event = "EVENT", Agent = "AGENT", Tool = "TOOL",
        Chain = "CHAIN", Retriever = "RETRIEVER", Evaluator = "EVALUATOR", Embedding = "EMBEDDING",
        Guardrail = "GUARDRAIL",
    }
}

named! {
    /// How much an observation matters.
    Level { Debug = "DEBUG", Default = "DEFAULT", Warning = "WARNING", Error = "ERROR" }
}

/// One unit of work of an application, and what its observations have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    pub id: TraceId,
    pub started_at: Timestamp,
    pub name: Option<String>,
    pub user_id: Option<String>,
    pub session_id: Option<String>,
    pub release: Option<String>,
    pub version: Option<String>,
    pub environment: String,
    pub public: bool,
    pub tags: Vec<String>,
    pub metadata: JsonText,
    pub input: Option<JsonText>,
    pub output: Option<JsonText>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// One step of a trace: a model call, a span, an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observation {
    pub id: ObservationId,
    pub trace_id: TraceId,
    pub parent_id: Option<ObservationId>,
    pub kind: ObservationKind,
    pub name: Option<String>,
    pub started_at: Timestamp,
    pub ended_at: Option<Timestamp>,
    /// When the first part of the output arrived.
    pub completion_started_at: Option<Timestamp>,
    pub level: Level,
    pub status_message: Option<String>,
    pub environment: String,
    pub version: Option<String>,
    pub model: Option<String>,
    pub model_parameters: JsonText,
    pub prompt_name: Option<String>,
    pub prompt_version: Option<i32>,
    /// Units by class, such as `input` and `output`; the classes do not overlap.
    pub usage: BTreeMap<String, u64>,
    /// Cost by class; empty when it is not known.
    pub cost: BTreeMap<String, NanoUsd>,
    /// `None` when it is not known, which is not the same as free.
    pub total_cost: Option<NanoUsd>,
    pub metadata: JsonText,
    pub input: Option<JsonText>,
    pub output: Option<JsonText>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Trace {
    /// Adds what a later report of the same trace says. Its first name, user and input stay; its
    /// output is the newest.
    #[must_use]
    pub fn merge(self, later: Self) -> Self {
        let mut tags = self.tags;
        tags.extend(later.tags);
        tags.sort_unstable();
        tags.dedup();
        Self {
            id: self.id,
            started_at: self.started_at.min(later.started_at),
            name: self.name.or(later.name),
            user_id: self.user_id.or(later.user_id),
            session_id: self.session_id.or(later.session_id),
            release: self.release.or(later.release),
            version: self.version.or(later.version),
            environment: if self.environment == DEFAULT_ENVIRONMENT {
                later.environment
            } else {
                self.environment
            },
            public: self.public || later.public,
            tags,
            metadata: if self.metadata.get() == "{}" {
                later.metadata
            } else {
                self.metadata
            },
            input: self.input.or(later.input),
            output: later.output.or(self.output),
            created_at: self.created_at,
            updated_at: self.updated_at.max(later.updated_at),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::kernel::Clock;

    fn trace(clock: &Clock, name: Option<&str>, tags: &[&str]) -> Trace {
        Trace {
            id: "0af7651916cd43dd8448eb211c80319c".parse().unwrap(),
            started_at: clock.now(),
            name: name.map(str::to_owned),
            user_id: None,
            session_id: None,
            release: None,
            version: None,
            environment: DEFAULT_ENVIRONMENT.to_owned(),
            public: false,
            tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
            metadata: JsonText::of(&serde_json::json!({})),
            input: None,
            output: name.map(JsonText::string),
            created_at: clock.now(),
            updated_at: clock.now(),
        }
    }

    #[test]
    fn two_reports_keep_the_first_name_the_earliest_start_and_the_newest_output() {
        let clock = Clock::manual(Timestamp::from_unix_micros(0).unwrap());
        let early = trace(&clock, None, &["b"]);
        clock.advance(Duration::from_secs(1));
        let late = trace(&clock, Some("late"), &["a", "b"]);
        let merged = late.clone().merge(early.clone());
        assert_eq!(merged.started_at, early.started_at);
        assert_eq!(merged.name.as_deref(), Some("late"));
        assert_eq!(merged.output, late.output);
        assert_eq!(merged.tags, ["a", "b"]);
    }
}
