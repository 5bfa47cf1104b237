//! Tokens as this dialect counts them: those of the input without those of the cache.

use serde::Deserialize;

use crate::llm_integration::Usage;

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct BedrockUsage {
    input_tokens: u64,
    output_tokens: u64,
    total_tokens: Option<u64>,
    cache_read_input_tokens: u64,
    cache_write_input_tokens: u64,
    cache_details: Vec<CacheDetail>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct CacheDetail {
    ttl: String,
    input_tokens: u64,
}

impl From<BedrockUsage> for Usage {
    fn from(usage: BedrockUsage) -> Self {
        let written = usage.cache_write_input_tokens;
        let hours = usage
            .cache_details
            .iter()
            .filter(|detail| detail.ttl == "1h");
        let for_an_hour = hours
            .map(|detail| detail.input_tokens)
            .sum::<u64>()
            .min(written);
        let counted = Self {
            input: usage.input_tokens,
            input_cached: usage.cache_read_input_tokens,
            input_cache_write: written - for_an_hour,
            input_cache_write_1h: for_an_hour,
            output: usage.output_tokens,
            ..Self::default()
        };
        let sum = counted.all_input().saturating_add(counted.all_output());
        Self {
            total: usage.total_tokens.unwrap_or(sum),
            ..counted
        }
    }
}
