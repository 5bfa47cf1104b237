//! How each vendor reports what a call used, and what of it counts what.
//!
//! OpenAI's input includes what was read from the cache, and its output the reasoning. Anthropic's
//! and Bedrock's input excludes what was read from the cache and written to it. Gemini's prompt
//! includes the cached part, and its candidates exclude the thoughts.

use serde::Deserialize;

use super::Usage;

/// The `usage` of chat completions and embeddings.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct OpenAiUsage {
    prompt_tokens: Option<u64>,
    completion_tokens: Option<u64>,
    total_tokens: Option<u64>,
    prompt_tokens_details: Option<OpenAiInput>,
    completion_tokens_details: Option<OpenAiOutput>,
    /// `DeepSeek`'s name for what OpenAI has in the details.
    prompt_cache_hit_tokens: Option<u64>,
}

/// The `usage` of a response of OpenAI's Responses API.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct OpenAiResponsesUsage {
    input_tokens: Option<u64>,
    output_tokens: Option<u64>,
    total_tokens: Option<u64>,
    input_tokens_details: Option<OpenAiInput>,
    output_tokens_details: Option<OpenAiOutput>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[expect(clippy::struct_field_names, reason = "the names are OpenAI's")]
struct OpenAiInput {
    cached_tokens: Option<u64>,
    cache_write_tokens: Option<u64>,
    audio_tokens: Option<u64>,
    image_tokens: Option<u64>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[expect(clippy::struct_field_names, reason = "the names are OpenAI's")]
struct OpenAiOutput {
    reasoning_tokens: Option<u64>,
    audio_tokens: Option<u64>,
    image_tokens: Option<u64>,
}

/// The `usage` of Anthropic's messages; in a stream, that of `message_start` with what
/// `message_delta` says over it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct AnthropicUsage {
    input_tokens: Option<u64>,
    output_tokens: Option<u64>,
    cache_read_input_tokens: Option<u64>,
    cache_creation_input_tokens: Option<u64>,
    cache_creation: Option<AnthropicCacheCreation>,
    server_tool_use: Option<AnthropicServerTools>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct AnthropicCacheCreation {
    ephemeral_1h_input_tokens: Option<u64>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct AnthropicServerTools {
    web_search_requests: Option<u64>,
}

/// Gemini's `usageMetadata`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct GeminiUsage {
    prompt_token_count: Option<u64>,
    cached_content_token_count: Option<u64>,
    candidates_token_count: Option<u64>,
    thoughts_token_count: Option<u64>,
    tool_use_prompt_token_count: Option<u64>,
    total_token_count: Option<u64>,
    prompt_tokens_details: Vec<GeminiModality>,
    cache_tokens_details: Vec<GeminiModality>,
    candidates_tokens_details: Vec<GeminiModality>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct GeminiModality {
    modality: String,
    token_count: Option<u64>,
}

/// The `usage` of Bedrock's Converse.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct BedrockUsage {
    input_tokens: Option<u64>,
    output_tokens: Option<u64>,
    total_tokens: Option<u64>,
    cache_read_input_tokens: Option<u64>,
    cache_write_input_tokens: Option<u64>,
    cache_details: Vec<BedrockCacheDetail>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct BedrockCacheDetail {
    ttl: String,
    input_tokens: Option<u64>,
}

/// Moves tokens of a class out of the class that counted them too.
fn take(from: &mut u64, tokens: Option<u64>) -> u64 {
    let taken = tokens.unwrap_or(0).min(*from);
    *from -= taken;
    taken
}

impl From<OpenAiUsage> for Usage {
    fn from(usage: OpenAiUsage) -> Self {
        let mut of_input = usage.prompt_tokens_details.unwrap_or_default();
        of_input.cached_tokens = of_input.cached_tokens.or(usage.prompt_cache_hit_tokens);
        of_openai(
            [
                usage.prompt_tokens,
                usage.completion_tokens,
                usage.total_tokens,
            ],
            &of_input,
            &usage.completion_tokens_details.unwrap_or_default(),
        )
    }
}

impl From<OpenAiResponsesUsage> for Usage {
    fn from(usage: OpenAiResponsesUsage) -> Self {
        of_openai(
            [usage.input_tokens, usage.output_tokens, usage.total_tokens],
            &usage.input_tokens_details.unwrap_or_default(),
            &usage.output_tokens_details.unwrap_or_default(),
        )
    }
}

fn of_openai(
    [input, output, total]: [Option<u64>; 3],
    of_input: &OpenAiInput,
    of_output: &OpenAiOutput,
) -> Usage {
    let (mut input, mut output) = (input.unwrap_or(0), output.unwrap_or(0));
    let total = total.unwrap_or(input.saturating_add(output));
    Usage {
        input_cached: take(&mut input, of_input.cached_tokens),
        input_cache_write: take(&mut input, of_input.cache_write_tokens),
        input_audio: take(&mut input, of_input.audio_tokens),
        input_image: take(&mut input, of_input.image_tokens),
        output_reasoning: take(&mut output, of_output.reasoning_tokens),
        output_audio: take(&mut output, of_output.audio_tokens),
        output_image: take(&mut output, of_output.image_tokens),
        input,
        output,
        total,
        ..Usage::default()
    }
}

impl AnthropicUsage {
    /// Takes over what a later event of the stream says.
    pub fn update(&mut self, later: Self) {
        let Self {
            input_tokens,
            output_tokens,
            cache_read_input_tokens,
            cache_creation_input_tokens,
            cache_creation,
            server_tool_use,
        } = later;
        self.input_tokens = input_tokens.or(self.input_tokens);
        self.output_tokens = output_tokens.or(self.output_tokens);
        self.cache_read_input_tokens = cache_read_input_tokens.or(self.cache_read_input_tokens);
        self.cache_creation_input_tokens =
            cache_creation_input_tokens.or(self.cache_creation_input_tokens);
        self.cache_creation = cache_creation.or(self.cache_creation.take());
        self.server_tool_use = server_tool_use.or(self.server_tool_use.take());
    }
}

impl From<AnthropicUsage> for Usage {
    fn from(usage: AnthropicUsage) -> Self {
        let mut written = usage.cache_creation_input_tokens.unwrap_or(0);
        let for_an_hour = usage
            .cache_creation
            .and_then(|of| of.ephemeral_1h_input_tokens);
        let tools = usage.server_tool_use.unwrap_or_default();
        Self {
            input: usage.input_tokens.unwrap_or(0),
            input_cached: usage.cache_read_input_tokens.unwrap_or(0),
            input_cache_write_1h: take(&mut written, for_an_hour),
            input_cache_write: written,
            output: usage.output_tokens.unwrap_or(0),
            web_searches: tools.web_search_requests.unwrap_or(0),
            ..Self::default()
        }
        .with_summed_total()
    }
}

impl From<GeminiUsage> for Usage {
    fn from(usage: GeminiUsage) -> Self {
        let of = |details: &[GeminiModality], modality: &str| {
            let counts = details.iter().filter(|detail| detail.modality == modality);
            counts.filter_map(|detail| detail.token_count).sum::<u64>()
        };
        let mut input = usage.prompt_token_count.unwrap_or(0);
        let mut cached = usage.cached_content_token_count.unwrap_or(0).min(input);
        input -= cached;
        let cached_audio = take(&mut cached, Some(of(&usage.cache_tokens_details, "AUDIO")));
        let audio = of(&usage.prompt_tokens_details, "AUDIO").saturating_sub(cached_audio);
        let mut output = usage.candidates_token_count.unwrap_or(0);
        let summed = Self {
            input_audio: take(&mut input, Some(audio)),
            input_audio_cached: cached_audio,
            input_cached: cached,
            input: input.saturating_add(usage.tool_use_prompt_token_count.unwrap_or(0)),
            output_audio: take(
                &mut output,
                Some(of(&usage.candidates_tokens_details, "AUDIO")),
            ),
            output_image: take(
                &mut output,
                Some(of(&usage.candidates_tokens_details, "IMAGE")),
            ),
            output,
            output_reasoning: usage.thoughts_token_count.unwrap_or(0),
            ..Self::default()
        }
        .with_summed_total();
        let total = usage.total_token_count.unwrap_or(summed.total);
        Self { total, ..summed }
    }
}

impl From<BedrockUsage> for Usage {
    fn from(usage: BedrockUsage) -> Self {
        let mut written = usage.cache_write_input_tokens.unwrap_or(0);
        let hours = usage
            .cache_details
            .iter()
            .filter(|detail| detail.ttl == "1h");
        let for_an_hour = hours.filter_map(|detail| detail.input_tokens).sum();
        let summed = Self {
            input: usage.input_tokens.unwrap_or(0),
            input_cached: usage.cache_read_input_tokens.unwrap_or(0),
            input_cache_write_1h: take(&mut written, Some(for_an_hour)),
            input_cache_write: written,
            output: usage.output_tokens.unwrap_or(0),
            ..Self::default()
        }
        .with_summed_total();
        let total = usage.total_tokens.unwrap_or(summed.total);
        Self { total, ..summed }
    }
}

#[cfg(test)]
mod tests {
    use serde::de::DeserializeOwned;

    use super::*;

    fn usage<T: DeserializeOwned + Into<Usage>>(json: &str) -> Usage {
        serde_json::from_str::<T>(json).unwrap().into()
    }

    #[test]
    fn openai_counts_cached_and_reasoning_tokens_within_its_sums() {
        let usage = usage::<OpenAiUsage>(
            r#"{"prompt_tokens": 1000, "completion_tokens": 300, "total_tokens": 1300, "unknown": {},
                "prompt_tokens_details": {"cached_tokens": 600, "audio_tokens": null},
                "completion_tokens_details": {"reasoning_tokens": 100}}"#,
        );
        assert_eq!((usage.input, usage.input_cached), (400, 600));
        assert_eq!(
            (usage.output, usage.output_reasoning, usage.total),
            (200, 100, 1300)
        );
    }

    #[test]
    fn details_larger_than_their_sum_do_not_underflow() {
        let usage = usage::<OpenAiUsage>(
            r#"{"prompt_tokens": 1, "prompt_tokens_details": {"cached_tokens": 5}}"#,
        );
        assert_eq!((usage.input, usage.input_cached), (0, 1));
    }

    #[test]
    fn anthropic_counts_the_cache_beside_its_input() {
        let usage = usage::<AnthropicUsage>(
            r#"{"input_tokens": 10, "cache_read_input_tokens": 600, "cache_creation_input_tokens": 300,
                "cache_creation": {"ephemeral_5m_input_tokens": 100, "ephemeral_1h_input_tokens": 200},
                "output_tokens": 7, "server_tool_use": {"web_search_requests": 2}}"#,
        );
        assert_eq!((usage.input, usage.input_cached), (10, 600));
        assert_eq!(
            (usage.input_cache_write, usage.input_cache_write_1h),
            (100, 200)
        );
        assert_eq!((usage.web_searches, usage.total), (2, 917));
    }

    #[test]
    fn gemini_counts_the_cache_within_its_prompt_and_thoughts_beside_its_candidates() {
        let usage = usage::<GeminiUsage>(
            r#"{"promptTokenCount": 100, "cachedContentTokenCount": 60, "candidatesTokenCount": 20,
                "thoughtsTokenCount": 30, "totalTokenCount": 150,
                "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 70}, {"modality": "AUDIO", "tokenCount": 30}],
                "cacheTokensDetails": [{"modality": "AUDIO", "tokenCount": 10}]}"#,
        );
        assert_eq!((usage.input, usage.input_audio), (20, 20));
        assert_eq!((usage.input_cached, usage.input_audio_cached), (50, 10));
        assert_eq!(
            (usage.output, usage.output_reasoning, usage.total),
            (20, 30, 150)
        );
    }

    #[test]
    fn bedrock_counts_the_cache_beside_its_input() {
        let usage = usage::<BedrockUsage>(
            r#"{"inputTokens": 10, "outputTokens": 5, "totalTokens": 115, "cacheReadInputTokens": 60,
                "cacheWriteInputTokens": 40, "cacheDetails": [{"ttl": "1h", "inputTokens": 15}]}"#,
        );
        assert_eq!((usage.input, usage.input_cached), (10, 60));
        assert_eq!(
            (usage.input_cache_write, usage.input_cache_write_1h),
            (25, 15)
        );
    }
}
