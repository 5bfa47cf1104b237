//! Tokens in classes that do not overlap, and what they cost.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::ModelPrice;
use crate::kernel::NanoUsd;

/// The `usage` of an answer in OpenAI's form.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct OpenAiUsage {
    prompt_tokens: Option<u64>,
    completion_tokens: Option<u64>,
    total_tokens: Option<u64>,
    prompt_tokens_details: Option<PromptDetails>,
    completion_tokens_details: Option<CompletionDetails>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[expect(clippy::struct_field_names, reason = "the names are OpenAI's")]
struct PromptDetails {
    cached_tokens: Option<u64>,
    cache_write_tokens: Option<u64>,
    audio_tokens: Option<u64>,
    image_tokens: Option<u64>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct CompletionDetails {
    reasoning_tokens: Option<u64>,
    audio_tokens: Option<u64>,
    image_tokens: Option<u64>,
}

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

/// What one call costs, by the classes of [`Usage`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cost {
    pub by_class: BTreeMap<String, NanoUsd>,
    pub total: NanoUsd,
}

impl From<OpenAiUsage> for Usage {
    /// OpenAI's prompt tokens include the cached ones, its completion tokens the reasoning.
    fn from(usage: OpenAiUsage) -> Self {
        let prompt = usage.prompt_tokens.unwrap_or(0);
        let completion = usage.completion_tokens.unwrap_or(0);
        let of_prompt = usage.prompt_tokens_details.unwrap_or_default();
        let of_completion = usage.completion_tokens_details.unwrap_or_default();
        let mut input = prompt;
        let input_cached = take(&mut input, of_prompt.cached_tokens);
        let input_cache_write = take(&mut input, of_prompt.cache_write_tokens);
        let input_audio = take(&mut input, of_prompt.audio_tokens);
        let input_image = take(&mut input, of_prompt.image_tokens);
        let mut output = completion;
        let output_reasoning = take(&mut output, of_completion.reasoning_tokens);
        let output_audio = take(&mut output, of_completion.audio_tokens);
        let output_image = take(&mut output, of_completion.image_tokens);
        Self {
            input,
            input_cached,
            input_cache_write,
            input_audio,
            input_image,
            output,
            output_reasoning,
            output_audio,
            output_image,
            total: usage
                .total_tokens
                .unwrap_or(prompt.saturating_add(completion)),
            ..Self::default()
        }
    }
}

/// Moves tokens of a class out of the class that counted them too.
fn take(from: &mut u64, tokens: Option<u64>) -> u64 {
    let taken = tokens.unwrap_or(0).min(*from);
    *from -= taken;
    taken
}

impl Usage {
    /// Names as Langfuse gives them to OpenAI's usage.
    const fn classes(&self) -> [(&'static str, u64); 12] {
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

    /// Input and output always, the finer classes when they are not zero, and the total.
    pub fn details(&self) -> BTreeMap<String, u64> {
        let always = |name: &str| matches!(name, "input" | "output");
        self.classes()
            .into_iter()
            .filter(|(name, tokens)| always(name) || *tokens > 0)
            .chain([("total", self.total)])
            .map(|(name, tokens)| (name.to_owned(), tokens))
            .collect()
    }

    /// `None` when tokens of a class were used that has no price: part of a cost is no cost.
    pub fn cost(&self, price: &ModelPrice) -> Option<Cost> {
        let mut by_class = BTreeMap::new();
        for (class, tokens) in self.classes() {
            if tokens > 0 {
                let cost = NanoUsd::for_tokens(price.of_class(class)?.amount(), tokens);
                by_class.insert(class.to_owned(), cost);
            }
        }
        let total = by_class.values().copied().sum();
        by_class.insert("total".to_owned(), total);
        Some(Cost { by_class, total })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage(json: &str) -> Usage {
        serde_json::from_str::<OpenAiUsage>(json).unwrap().into()
    }

    fn price(text: &str) -> ModelPrice {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn cached_and_reasoning_tokens_are_counted_once() {
        let usage = usage(
            r#"{"prompt_tokens": 1000, "completion_tokens": 300, "total_tokens": 1300, "unknown": {},
                "prompt_tokens_details": {"cached_tokens": 600, "audio_tokens": null},
                "completion_tokens_details": {"reasoning_tokens": 100}}"#,
        );
        assert_eq!((usage.input, usage.input_cached), (400, 600));
        assert_eq!((usage.output, usage.output_reasoning), (200, 100));
        let price = price("input = '2.50'\ncached_input = '1.25'\noutput = '10'");
        let cost = usage.cost(&price).unwrap();
        // 400 × 2.50 + 600 × 1.25 + 300 × 10 dollars for a million tokens
        assert_eq!(cost.total.nanos(), 1_000_000 + 750_000 + 3_000_000);
        assert_eq!(cost.by_class["output_reasoning_tokens"].nanos(), 1_000_000);
    }

    #[test]
    fn a_cached_price_that_is_not_given_is_the_input_price() {
        let usage =
            usage(r#"{"prompt_tokens": 10, "prompt_tokens_details": {"cached_tokens": 10}}"#);
        let cost = usage.cost(&price("input = '1'\noutput = '1'")).unwrap();
        assert_eq!(cost.total.nanos(), 10_000);
    }

    #[test]
    fn audio_without_an_audio_price_has_no_cost_rather_than_a_wrong_one() {
        let usage = usage(r#"{"prompt_tokens": 10, "prompt_tokens_details": {"audio_tokens": 4}}"#);
        assert_eq!(usage.cost(&price("input = '1'\noutput = '1'")), None);
    }

    #[test]
    fn details_larger_than_their_sum_do_not_underflow() {
        let usage = usage(r#"{"prompt_tokens": 1, "prompt_tokens_details": {"cached_tokens": 5}}"#);
        assert_eq!((usage.input, usage.input_cached), (0, 1));
    }
}
