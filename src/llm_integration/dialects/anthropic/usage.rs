//! Tokens as this dialect counts them: `input_tokens` without those of the cache.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::llm_integration::Usage;

/// What a whole answer says, or one event of a stream; later events repeat what has changed.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct AnthropicUsage {
    input_tokens: Option<u64>,
    output_tokens: Option<u64>,
    cache_creation_input_tokens: Option<u64>,
    cache_read_input_tokens: Option<u64>,
    cache_creation: Option<CacheCreation>,
    output_tokens_details: Option<OutputDetails>,
    server_tool_use: Option<ServerTools>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
struct CacheCreation {
    ephemeral_1h_input_tokens: u64,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
struct OutputDetails {
    thinking_tokens: u64,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
struct ServerTools {
    web_search_requests: u64,
}

impl AnthropicUsage {
    /// What `later` says goes before what was said.
    pub fn update(&mut self, later: Self) {
        *self = Self {
            input_tokens: later.input_tokens.or(self.input_tokens),
            output_tokens: later.output_tokens.or(self.output_tokens),
            cache_creation_input_tokens: later
                .cache_creation_input_tokens
                .or(self.cache_creation_input_tokens),
            cache_read_input_tokens: later
                .cache_read_input_tokens
                .or(self.cache_read_input_tokens),
            cache_creation: later.cache_creation.or(self.cache_creation),
            output_tokens_details: later.output_tokens_details.or(self.output_tokens_details),
            server_tool_use: later.server_tool_use.or(self.server_tool_use),
        };
    }
}

impl From<AnthropicUsage> for Usage {
    fn from(usage: AnthropicUsage) -> Self {
        let written = usage.cache_creation_input_tokens.unwrap_or(0);
        let of_written = usage.cache_creation.unwrap_or_default();
        let for_an_hour = of_written.ephemeral_1h_input_tokens.min(written);
        let output = usage.output_tokens.unwrap_or(0);
        let thinking = usage.output_tokens_details.unwrap_or_default();
        let thinking = thinking.thinking_tokens.min(output);
        let counted = Self {
            input: usage.input_tokens.unwrap_or(0),
            input_cached: usage.cache_read_input_tokens.unwrap_or(0),
            input_cache_write: written - for_an_hour,
            input_cache_write_1h: for_an_hour,
            output: output - thinking,
            output_reasoning: thinking,
            web_searches: usage
                .server_tool_use
                .unwrap_or_default()
                .web_search_requests,
            ..Self::default()
        };
        Self {
            total: counted.all_input().saturating_add(counted.all_output()),
            ..counted
        }
    }
}

pub(super) fn encode(usage: &Usage) -> Value {
    let written = usage
        .input_cache_write
        .saturating_add(usage.input_cache_write_1h);
    let cached = usage.input_cached.saturating_add(usage.input_audio_cached);
    let mut encoded = json!({
        "input_tokens": usage.all_input().saturating_sub(written).saturating_sub(cached),
        "output_tokens": usage.all_output(),
        "cache_creation_input_tokens": written,
        "cache_read_input_tokens": cached,
        "cache_creation": {
            "ephemeral_5m_input_tokens": usage.input_cache_write,
            "ephemeral_1h_input_tokens": usage.input_cache_write_1h,
        },
    });
    if usage.output_reasoning > 0 {
        encoded["output_tokens_details"] = json!({ "thinking_tokens": usage.output_reasoning });
    }
    if usage.web_searches > 0 {
        encoded["server_tool_use"] =
            json!({ "web_search_requests": usage.web_searches, "web_fetch_requests": 0 });
    }
    encoded
}
