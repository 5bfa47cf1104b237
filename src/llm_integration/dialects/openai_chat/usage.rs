//! Tokens as this dialect counts them: all input in `prompt_tokens`, cached or not.

use serde_json::{Value, json};

use crate::llm_integration::Usage;

pub(super) fn encode(usage: &Usage) -> Value {
    let (input, output) = (usage.all_input(), usage.all_output());
    json!({
        "prompt_tokens": input,
        "completion_tokens": output,
        "total_tokens": input.saturating_add(output),
        "prompt_tokens_details": {
            "cached_tokens": usage.input_cached,
            "cache_write_tokens": usage.input_cache_write.saturating_add(usage.input_cache_write_1h),
            "audio_tokens": usage.input_audio,
            "image_tokens": usage.input_image,
        },
        "completion_tokens_details": {
            "reasoning_tokens": usage.output_reasoning,
            "audio_tokens": usage.output_audio,
        },
    })
}
