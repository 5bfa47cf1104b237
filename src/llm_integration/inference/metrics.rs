//! What models of this process leave on `/metrics`.

use std::time::Duration;

use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};

use super::{
    ModelName,
    model::{Batch, Part},
};

/// The series of one loaded model.
pub(super) struct Measures {
    texts: Counter,
    tokens: Counter,
    padding: Counter,
    batches: Histogram,
    waits: Histogram,
    loaded: Gauge,
}

impl Measures {
    pub fn new(model: &ModelName, device: &str) -> Self {
        let labels = [("model", model.to_string()), ("device", device.to_owned())];
        let loaded = gauge!("inference_models_loaded", &labels);
        loaded.increment(1.0);
        Self {
            texts: counter!("inference_texts_total", &labels),
            tokens: counter!("inference_tokens_total", &labels),
            padding: counter!("inference_padding_tokens_total", &labels),
            batches: histogram!("inference_batch_seconds", &labels),
            waits: histogram!("inference_wait_seconds", &labels),
            loaded,
        }
    }

    /// How long a request waited until it was looked at.
    pub fn waited(&self, time: Duration) {
        self.waits.record(time);
    }

    pub fn ran(&self, batch: &Batch, took: Duration) {
        let tokens: usize = batch
            .parts
            .iter()
            .map(|Part { input, .. }| input.ids.len())
            .sum();
        self.texts.increment(batch.parts.len() as u64);
        self.tokens.increment(tokens as u64);
        let padding = batch.parts.len() * batch.length - tokens;
        self.padding.increment(padding as u64);
        self.batches.record(took);
    }
}

impl Drop for Measures {
    fn drop(&mut self) {
        self.loaded.decrement(1.0);
    }
}

/// A model was loaded.
pub(super) fn loaded(model: &ModelName, took: Duration) {
    histogram!("inference_load_seconds", "model" => model.to_string()).record(took);
}

/// A request was not done: `overloaded`, `timeout` or `failed`.
pub(super) fn refused(model: &ModelName, why: &'static str) {
    counter!("inference_refused_total", "model" => model.to_string(), "reason" => why).increment(1);
}

/// How many tokens wait, or are being worked on.
pub(super) fn waiting(model: &ModelName, tokens: usize) {
    #[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
    let tokens = tokens as f64;
    gauge!("inference_waiting_tokens", "model" => model.to_string()).set(tokens);
}
