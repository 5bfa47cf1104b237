//! What a translation can not carry: refused, or listed as dropped.

use std::fmt;

use serde_json::{Map, Value};

use super::{Leniency, Untranslatable};

/// Fields that only advise: how a cache shall work, what the model had read.
const ADVISORY: &[&str] = &[
    "cache_control",
    "citations",
    "diagnostics",
    "prompt_cache_breakpoint",
    "prompt_cache_key",
    "prompt_cache_options",
    "prompt_cache_retention",
];

/// Collects what one encoding drops.
pub(super) struct Losses {
    leniency: Leniency,
    dropped: Vec<String>,
}

impl Losses {
    pub fn new(leniency: Leniency) -> Self {
        Self {
            leniency,
            dropped: Vec::new(),
        }
    }

    /// `field` can not be carried; `why` says so, and what would be right.
    ///
    /// # Errors
    /// Unless the caller is lenient.
    pub fn lose(
        &mut self,
        field: impl Into<String>,
        why: impl Into<String>,
    ) -> Result<(), Untranslatable> {
        let field = field.into();
        match self.leniency {
            Leniency::Refuse => Err(Untranslatable::new(field, why)),
            Leniency::Drop => {
                self.note(field);
                Ok(())
            }
        }
    }

    /// The same, if there is something to lose.
    pub fn lose_if(&mut self, present: bool, field: &str, why: &str) -> Result<(), Untranslatable> {
        if present {
            self.lose(field, why)
        } else {
            Ok(())
        }
    }

    /// `field` only advises: leaving it out changes what the call costs or shows, not what it asks. So
    /// nobody is refused for it, and it is listed.
    pub fn note(&mut self, field: impl Into<String>) {
        let field = field.into();
        if !self.dropped.contains(&field) {
            self.dropped.push(field);
        }
    }

    /// Every field that only the request's own dialect knows. Those that ask for nothing are no loss.
    pub fn lose_all(
        &mut self,
        prefix: impl fmt::Display,
        fields: &Map<String, Value>,
        whose: &str,
    ) -> Result<(), Untranslatable> {
        for (name, value) in fields {
            if ADVISORY.contains(&name.as_str()) {
                self.note(name.as_str());
            } else if !asks_nothing(name, value) {
                let why = if KEPT_STATE.contains(&name.as_str()) {
                    format!("{whose} keeps nothing between calls; send the whole conversation")
                } else {
                    format!("{whose} has no such field; leave it out")
                };
                self.lose(format!("{prefix}{name}"), why)?;
            }
        }
        Ok(())
    }

    pub fn into_dropped(self) -> Vec<String> {
        self.dropped
    }
}

/// What responses include without being asked, or by a field that is translated.
const ALWAYS_INCLUDED: &[&str] = &[
    "reasoning.encrypted_content",
    "message.output_text.logprobs",
];
/// What only whoever keeps conversations can do.
const KEPT_STATE: &[&str] = &[
    "background",
    "conversation",
    "previous_response_id",
    "prompt",
    "store",
];

/// Whether the value is what everybody does without the field.
fn asks_nothing(name: &str, value: &Value) -> bool {
    match (name, value) {
        (
            "store"
            | "background"
            | "defer_loading"
            | "eager_input_streaming"
            | "is_error"
            | "logprobs",
            Value::Bool(false),
        )
        // Names what another vendor made.
        | ("id", Value::String(_))
        | (_, Value::Null) => true,
        ("speed", Value::String(word)) => word == "standard",
        ("truncation", Value::String(word)) => word == "disabled",
        ("status", Value::String(word)) => word == "completed",
        ("modalities", Value::Array(words)) => words.iter().all(|word| word == "text"),
        ("caller", Value::Object(caller)) => {
            caller.get("type").is_some_and(|kind| kind == "direct")
        }
        ("include", Value::Array(names)) => names.iter().all(|name| {
            let name = name.as_str().unwrap_or_default();
            ALWAYS_INCLUDED.contains(&name)
        }),
        (_, Value::Array(items)) => items.is_empty(),
        _ => false,
    }
}
