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
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
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

pub(in crate::llm_integration) use named;

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
