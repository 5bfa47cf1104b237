//! What became of each try of a call, for its trace and for metrics.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use serde::Serialize;

use crate::llm_integration::routing::FailureClass;

/// Tries that a trace tells of.
const MAX_NOTES: usize = 100;
const MAX_MESSAGE_CHARS: usize = 300;

/// The tries of one call, shared by those that run side by side.
#[derive(Clone, Default)]
pub(in super::super) struct TryLog(Arc<Mutex<Vec<TryNote>>>);

#[derive(Clone, Debug, PartialEq, Serialize)]
pub(in super::super) struct TryNote {
    pub provider: String,
    pub model: String,
    /// `ok`, the class of the failure, or `cancelled`.
    pub outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub hedge: bool,
    pub took_ms: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

impl TryNote {
    pub fn ok(provider: &str, model: &str, hedge: bool, took: Duration) -> Self {
        Self {
            provider: provider.to_owned(),
            model: model.to_owned(),
            outcome: "ok",
            status: None,
            hedge,
            took_ms: took.as_secs_f64() * 1000.0,
            message: None,
        }
    }

    #[must_use]
    pub fn failed(mut self, class: FailureClass, status: Option<u16>, message: &str) -> Self {
        self.outcome = class.name();
        self.status = status;
        let message = message.chars().filter(|c| *c != '\0');
        self.message = Some(message.take(MAX_MESSAGE_CHARS).collect());
        self
    }

    #[must_use]
    pub const fn cancelled(mut self) -> Self {
        self.outcome = "cancelled";
        self
    }
}

impl TryLog {
    pub fn add(&self, note: TryNote) {
        let mut notes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if notes.len() < MAX_NOTES {
            notes.push(note);
        }
    }

    pub fn notes(&self) -> Vec<TryNote> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Tries that reached, or began to reach, a provider.
    pub fn count(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}
