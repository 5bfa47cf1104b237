//! Tokens of one call in classes that do not overlap.

use std::collections::BTreeMap;

use super::{Cost, ModelPrice};

/// Tokens of one call. No token is in two classes, so the classes add up to the total.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Text that the provider read anew.
    pub input: u64,
    /// Read from the provider's cache.
    pub input_cached: u64,
    /// Written to the provider's cache, to be kept for five minutes or as long as the provider likes.
    pub input_cache_write: u64,
    /// Written to the provider's cache, to be kept for an hour.
    pub input_cache_write_1h: u64,
    pub input_audio: u64,
    /// Audio read from the provider's cache.
    pub input_audio_cached: u64,
    /// Images, where the provider counts them apart.
    pub input_image: u64,
    pub output: u64,
    pub output_reasoning: u64,
    pub output_audio: u64,
    pub output_image: u64,
    /// Searches of the web that the provider made; not tokens, and not part of the total.
    pub web_searches: u64,
    /// What the provider says; it can differ from the sum.
    pub total: u64,
}

impl Usage {
    /// What it costs at the usual price for an input of its length: an estimate, for a call of which
    /// no more is known. A call that was made is counted with [`super::PriceTable::cost`].
    pub fn cost(&self, price: &ModelPrice) -> Option<Cost> {
        price.cost(None, &self.named().collect())
    }

    /// By the names that observations have, without the total.
    pub(super) fn named(&self) -> impl Iterator<Item = (&'static str, u64)> {
        [
            ("input", self.input),
            ("input_cached_tokens", self.input_cached),
            ("input_cache_write_tokens", self.input_cache_write),
            ("input_cache_write_1h_tokens", self.input_cache_write_1h),
            ("input_audio_tokens", self.input_audio),
            ("input_audio_cached_tokens", self.input_audio_cached),
            ("input_image_tokens", self.input_image),
            ("output", self.output),
            ("output_reasoning_tokens", self.output_reasoning),
            ("output_audio_tokens", self.output_audio),
            ("output_image_tokens", self.output_image),
            ("web_searches", self.web_searches),
        ]
        .into_iter()
    }

    /// Input of every class.
    pub const fn all_input(&self) -> u64 {
        self.input
            .saturating_add(self.input_cached)
            .saturating_add(self.input_cache_write)
            .saturating_add(self.input_cache_write_1h)
            .saturating_add(self.input_audio)
            .saturating_add(self.input_audio_cached)
            .saturating_add(self.input_image)
    }

    /// Output of every class.
    pub const fn all_output(&self) -> u64 {
        self.output
            .saturating_add(self.output_reasoning)
            .saturating_add(self.output_audio)
            .saturating_add(self.output_image)
    }

    /// As it is, with the sum of its tokens for the total: for a vendor that says none.
    #[must_use]
    pub const fn with_summed_total(self) -> Self {
        Self {
            total: self.all_input().saturating_add(self.all_output()),
            ..self
        }
    }

    /// Input and output always, the finer classes when they are not zero, and the total.
    pub fn details(&self) -> BTreeMap<String, u64> {
        let always = |name: &str| matches!(name, "input" | "output");
        self.named()
            .filter(|(name, units)| always(name) || *units > 0)
            .chain([(super::cost::TOTAL, self.total)])
            .map(|(name, units)| (name.to_owned(), units))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::llm_integration::pricing::Class;

    #[test]
    fn every_count_goes_by_the_name_of_a_class() {
        for (name, _) in Usage::default().named() {
            assert!(!matches!(Class::named(name), Class::Own(_)), "{name}");
        }
    }
}
