//! What each call leaves on `/metrics`, in the words of OpenTelemetry's conventions for generative AI.
//!
//! Labels are bounded: a model's name becomes `other` once [`MAX_MODELS`] are known.

use std::{
    collections::HashSet,
    sync::{Arc, LazyLock, PoisonError, RwLock},
    time::Duration,
};

use metrics::{SharedString, histogram};

use crate::llm_integration::Usage;

const MAX_MODELS: usize = 200;
const OTHER: &str = "other";
const NO_PROVIDER: &str = "none";

/// Shared with the labels, which are made anew for each call.
static MODELS: LazyLock<RwLock<HashSet<Arc<str>>>> = LazyLock::new(RwLock::default);

/// One call that has ended.
pub(super) struct Measured<'a> {
    pub operation: &'static str,
    /// `gen_ai.provider.name`; `None` when no provider was reached.
    pub provider: Option<&'static str>,
    pub request_model: &'a str,
    pub response_model: Option<&'a str>,
    /// Why it failed.
    pub error: Option<&'static str>,
    pub took: Duration,
    /// Of a stream.
    pub first_chunk_after: Option<Duration>,
    /// Chunks with output, the first one included.
    pub chunks: u64,
    pub usage: Option<Usage>,
}

pub(super) fn record(call: &Measured<'_>) {
    let mut labels: Vec<(&'static str, SharedString)> = vec![
        ("gen_ai_operation_name", call.operation.into()),
        (
            "gen_ai_provider_name",
            call.provider.unwrap_or(NO_PROVIDER).into(),
        ),
        ("gen_ai_request_model", known(call.request_model)),
    ];
    if let Some(model) = call.response_model {
        labels.push(("gen_ai_response_model", known(model)));
    }
    if let Some(usage) = &call.usage {
        for (kind, tokens) in [("input", usage.all_input()), ("output", usage.all_output())] {
            let mut labels = labels.clone();
            labels.push(("gen_ai_token_type", kind.into()));
            histogram!("gen_ai_client_token_usage", &labels).record(float(tokens));
        }
    }
    if let Some(first) = call.first_chunk_after {
        histogram!(
            "gen_ai_client_operation_time_to_first_chunk_seconds",
            &labels
        )
        .record(first.as_secs_f64());
        if call.chunks > 1 {
            let each = call.took.saturating_sub(first).as_secs_f64() / float(call.chunks - 1);
            histogram!(
                "gen_ai_client_operation_time_per_output_chunk_seconds",
                &labels
            )
            .record(each);
        }
    }
    labels.extend(call.error.map(|error| ("error_type", error.into())));
    histogram!("gen_ai_client_operation_duration_seconds", &labels).record(call.took.as_secs_f64());
}

/// The model's name while there are few enough, so that callers can not make series without end.
fn known(model: &str) -> SharedString {
    let models = MODELS.read().unwrap_or_else(PoisonError::into_inner);
    if let Some(name) = models.get(model) {
        return Arc::clone(name).into();
    }
    let is_full = models.len() >= MAX_MODELS;
    drop(models);
    if is_full {
        return OTHER.into();
    }
    let mut models = MODELS.write().unwrap_or_else(PoisonError::into_inner);
    let name: Arc<str> = model.into();
    models.insert(Arc::clone(&name));
    name.into()
}

#[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
const fn float(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_without_end_become_other() {
        for at in 0..2 * MAX_MODELS {
            known(&format!("model-{at}"));
        }
        assert_eq!(known("one more"), SharedString::from(OTHER));
        assert!(MODELS.read().unwrap().len() <= MAX_MODELS);
    }
}
