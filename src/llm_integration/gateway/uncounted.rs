//! What a stream used whose provider did not say, or not to the end: counted by tokenizer, and
//! marked estimated.

use std::sync::Arc;

use tokio::task;

use super::{generation::Generation, tries::CallBody};
use crate::llm_integration::{BYTES_PER_TOKEN, Usage, estimate_input, estimate_output};

/// What a stream has said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Said {
    /// As far as it was kept.
    pub text: String,
    /// Bytes of text that came after the last usage, also those that were not kept or not let out.
    pub bytes: u64,
}

/// A stream that is to be counted.
pub(super) struct Uncounted {
    pub body: Arc<CallBody>,
    pub said: Said,
}

impl Uncounted {
    /// The generation with an estimate of what was used.
    pub async fn counted(self, mut generation: Generation) -> Generation {
        let told = generation.usage;
        let model = generation.model.clone();
        // A tokenizer takes its time to load, and for a long text.
        let counting = task::spawn_blocking(move || self.usage(told, model.as_deref()));
        match counting.await {
            Ok(usage) => {
                generation.usage = Some(usage);
                generation.usage_is_estimated = true;
            }
            Err(error) => tracing::error!(%error, "the tokens of a stream were not counted"),
        }
        generation
    }

    /// A usage that was told before the end holds what was read, and what was written until then.
    fn usage(&self, told: Option<Usage>, model: Option<&str>) -> Usage {
        let before = told.unwrap_or_else(|| Usage {
            input: self.input(),
            ..Usage::default()
        });
        let model = model.unwrap_or(&self.body.model);
        let written = estimate_output(&self.said.text, self.said.bytes, model);
        Usage {
            output: before.output.saturating_add(written),
            ..before
        }
        .with_summed_total()
    }

    /// What can not be understood, and passed as it was, is estimated from its length.
    fn input(&self) -> u64 {
        self.body.understood().map_or_else(
            |_| (self.body.bytes.len() as u64).div_ceil(BYTES_PER_TOKEN),
            estimate_input,
        )
    }
}
