//! Tokens as this dialect tells them: `input_tokens` without those of the cache.

use serde_json::{Value, json};

use crate::llm_integration::Usage;

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
