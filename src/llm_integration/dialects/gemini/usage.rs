//! Tokens as this dialect counts them: those of the prompt with those of the cache, those of the
//! candidates without those of thoughts.

use serde::Deserialize;

use crate::llm_integration::Usage;

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct GeminiUsage {
    prompt_token_count: u64,
    cached_content_token_count: u64,
    candidates_token_count: u64,
    thoughts_token_count: u64,
    tool_use_prompt_token_count: u64,
    total_token_count: Option<u64>,
    prompt_tokens_details: Vec<OfModality>,
    cache_tokens_details: Vec<OfModality>,
    candidates_tokens_details: Vec<OfModality>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct OfModality {
    modality: String,
    token_count: u64,
}

fn of(details: &[OfModality], modality: &str) -> u64 {
    details
        .iter()
        .filter(|detail| detail.modality == modality)
        .map(|detail| detail.token_count)
        .sum()
}

impl From<GeminiUsage> for Usage {
    fn from(usage: GeminiUsage) -> Self {
        let cached = usage
            .cached_content_token_count
            .min(usage.prompt_token_count);
        let cached_audio = of(&usage.cache_tokens_details, "AUDIO").min(cached);
        let mut rest = usage.prompt_token_count - cached;
        let prompt = &usage.prompt_tokens_details;
        let cached_image = of(&usage.cache_tokens_details, "IMAGE");
        let audio = take(&mut rest, of(prompt, "AUDIO").saturating_sub(cached_audio));
        let image = take(&mut rest, of(prompt, "IMAGE").saturating_sub(cached_image));
        let mut output = usage.candidates_token_count;
        let said = &usage.candidates_tokens_details;
        let output_audio = take(&mut output, of(said, "AUDIO"));
        let output_image = take(&mut output, of(said, "IMAGE"));
        let counted = Self {
            input: rest.saturating_add(usage.tool_use_prompt_token_count),
            input_cached: cached - cached_audio,
            input_audio: audio,
            input_audio_cached: cached_audio,
            input_image: image,
            output,
            output_reasoning: usage.thoughts_token_count,
            output_audio,
            output_image,
            ..Self::default()
        };
        let sum = counted.all_input().saturating_add(counted.all_output());
        Self {
            total: usage.total_token_count.unwrap_or(sum),
            ..counted
        }
    }
}

/// At most what is left.
fn take(rest: &mut u64, tokens: u64) -> u64 {
    let taken = tokens.min(*rest);
    *rest -= taken;
    taken
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn no_token_is_in_two_classes() {
        let usage: GeminiUsage = serde_json::from_value(json!({
            "promptTokenCount": 1000, "cachedContentTokenCount": 400, "candidatesTokenCount": 50,
            "thoughtsTokenCount": 30, "toolUsePromptTokenCount": 20, "totalTokenCount": 1100,
            "promptTokensDetails": [{ "modality": "TEXT", "tokenCount": 600 },
                { "modality": "AUDIO", "tokenCount": 150 }, { "modality": "IMAGE", "tokenCount": 250 }],
            "cacheTokensDetails": [{ "modality": "TEXT", "tokenCount": 350 }, { "modality": "AUDIO", "tokenCount": 50 }],
        }))
        .unwrap();
        let usage = Usage::from(usage);
        assert_eq!((usage.input, usage.input_cached), (270, 350));
        assert_eq!(
            (
                usage.input_audio,
                usage.input_audio_cached,
                usage.input_image
            ),
            (100, 50, 250)
        );
        assert_eq!((usage.output, usage.output_reasoning), (50, 30));
        assert_eq!(usage.all_input() + usage.all_output(), usage.total);
    }
}
