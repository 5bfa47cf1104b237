//! How each vendor reports what a call used, and what of it counts what.
//!
//! OpenAI's input includes what was read from the cache, and its output the reasoning. Anthropic's
//! input excludes what was read from the cache and written to it.

use serde::Deserialize;

use super::Usage;

/// The `usage` of chat completions and embeddings.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
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
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
pub struct OpenAiResponsesUsage {
    input_tokens: Option<u64>,
    output_tokens: Option<u64>,
    total_tokens: Option<u64>,
    input_tokens_details: Option<OpenAiInput>,
    output_tokens_details: Option<OpenAiOutput>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
#[expect(clippy::struct_field_names, reason = "the names are OpenAI's")]
struct OpenAiInput {
    cached_tokens: Option<u64>,
    cache_write_tokens: Option<u64>,
    audio_tokens: Option<u64>,
    image_tokens: Option<u64>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
#[expect(clippy::struct_field_names, reason = "the names are OpenAI's")]
struct OpenAiOutput {
    reasoning_tokens: Option<u64>,
    audio_tokens: Option<u64>,
    image_tokens: Option<u64>,
}

/// The `usage` of Anthropic's messages; in a stream, that of `message_start` with what
/// `message_delta` says over it.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
pub struct AnthropicUsage {
    input_tokens: Option<u64>,
    output_tokens: Option<u64>,
    cache_read_input_tokens: Option<u64>,
    cache_creation_input_tokens: Option<u64>,
    cache_creation: Option<AnthropicCacheCreation>,
    output_tokens_details: Option<AnthropicOutput>,
    server_tool_use: Option<AnthropicServerTools>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
struct AnthropicCacheCreation {
    ephemeral_1h_input_tokens: Option<u64>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
struct AnthropicOutput {
    thinking_tokens: Option<u64>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
struct AnthropicServerTools {
    web_search_requests: Option<u64>,
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
            output_tokens_details,
            server_tool_use,
        } = later;
        self.input_tokens = input_tokens.or(self.input_tokens);
        self.output_tokens = output_tokens.or(self.output_tokens);
        self.cache_read_input_tokens = cache_read_input_tokens.or(self.cache_read_input_tokens);
        self.cache_creation_input_tokens =
            cache_creation_input_tokens.or(self.cache_creation_input_tokens);
        self.cache_creation = cache_creation.or(self.cache_creation);
        self.output_tokens_details = output_tokens_details.or(self.output_tokens_details);
        self.server_tool_use = server_tool_use.or(self.server_tool_use);
    }
}

impl From<AnthropicUsage> for Usage {
    fn from(usage: AnthropicUsage) -> Self {
        let mut written = usage.cache_creation_input_tokens.unwrap_or(0);
        let for_an_hour = usage
            .cache_creation
            .and_then(|of| of.ephemeral_1h_input_tokens);
        let tools = usage.server_tool_use.unwrap_or_default();
        let mut output = usage.output_tokens.unwrap_or(0);
        let thinking = usage.output_tokens_details.unwrap_or_default();
        Self {
            input: usage.input_tokens.unwrap_or(0),
            input_cached: usage.cache_read_input_tokens.unwrap_or(0),
            input_cache_write_1h: take(&mut written, for_an_hour),
            input_cache_write: written,
            output_reasoning: take(&mut output, thinking.thinking_tokens),
            output,
            web_searches: tools.web_search_requests.unwrap_or(0),
            ..Self::default()
        }
        .with_summed_total()
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
                "output_tokens": 7, "output_tokens_details": {"thinking_tokens": 5}, "server_tool_use": {"web_search_requests": 2}}"#,
        );
        assert_eq!((usage.input, usage.input_cached), (10, 600));
        assert_eq!(
            (usage.input_cache_write, usage.input_cache_write_1h),
            (100, 200)
        );
        assert_eq!((usage.output, usage.output_reasoning), (2, 5));
        assert_eq!((usage.web_searches, usage.total), (2, 917));
    }
}
