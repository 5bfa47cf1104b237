//! Tokens as this dialect tells them: all input in `input_tokens`, cached or not.

use serde_json::{Value, json};

use crate::llm_integration::Usage;

pub(super) fn encode(usage: &Usage) -> Value {
    let (input, output) = (usage.all_input(), usage.all_output());
    json!({
        "input_tokens": input,
        "input_tokens_details": {
            "cached_tokens": usage.input_cached.saturating_add(usage.input_audio_cached),
            "cache_write_tokens": usage.input_cache_write.saturating_add(usage.input_cache_write_1h),
        },
        "output_tokens": output,
        "output_tokens_details": { "reasoning_tokens": usage.output_reasoning },
        "total_tokens": input.saturating_add(output),
    })
}
