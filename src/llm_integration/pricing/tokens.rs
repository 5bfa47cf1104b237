//! Tokens counted here, where a provider did not say: a stream that ended early.
//!
//! OpenAI's own encodings count, loaded when first asked for (about 10 MB each that stay in memory).
//! For the models of other vendors they are an approximation: the count is always marked estimated.

use bpe_openai::{Tokenizer, cl100k_base, o200k_base};

use crate::llm_integration::dialects::chat::{Content, Part, Request, Tool};

/// What each message takes beside its text.
const TOKENS_PER_MESSAGE: u64 = 4;
/// An image of medium size; vendors count between 85 and 1,600.
const TOKENS_PER_IMAGE: u64 = 765;
/// Text that is encoded; what is beyond is extrapolated.
const MAX_ENCODED_BYTES: usize = 1024 * 1024;
/// About how many bytes of text make a token of English, where no text is there to encode.
pub const BYTES_PER_TOKEN: u64 = 4;

/// Models of the generations before `gpt-4o`.
const CL100K: [&str; 5] = [
    "gpt-3.5",
    "gpt-4-",
    "gpt-35",
    "text-embedding-",
    "davinci-002",
];

/// About how many tokens the model reads.
pub fn estimate_input(request: &Request) -> u64 {
    let tokenizer = tokenizer(&request.model);
    let mut tokens = parts(tokenizer, &request.system);
    for message in &request.messages {
        tokens += TOKENS_PER_MESSAGE + parts(tokenizer, &message.parts);
    }
    for tool in &request.tools {
        tokens += count(tokenizer, tool.name());
        if let Tool::Function {
            description,
            parameters,
            ..
        } = tool
        {
            tokens += description
                .as_deref()
                .map_or(0, |text| count(tokenizer, text));
            let schema = parameters.as_ref().map(ToString::to_string);
            tokens += schema.map_or(0, |text| count(tokenizer, &text));
        }
    }
    tokens
}

/// About how many tokens the model wrote in `bytes` of text, of which `kept` is known.
pub fn estimate_output(kept: &str, bytes: u64, model: &str) -> u64 {
    extrapolated(tokenizer(model), kept, bytes)
}

/// About how many tokens a text is to the model.
pub fn estimate_text(text: &str, model: &str) -> u64 {
    count(tokenizer(model), text)
}

fn parts(tokenizer: &Tokenizer, parts_of: &[Part]) -> u64 {
    parts_of
        .iter()
        .map(|part| match &part.content {
            Content::Text(text) | Content::Refusal(text) => count(tokenizer, text),
            Content::Thinking(thinking) => count(tokenizer, &thinking.text),
            Content::ToolUse(call) => {
                count(tokenizer, &call.name) + count(tokenizer, &call.arguments)
            }
            Content::ToolResult(result) => parts(tokenizer, &result.parts),
            Content::Image(_) => TOKENS_PER_IMAGE,
            Content::RedactedThinking(_)
            | Content::Audio { .. }
            | Content::Document(_)
            | Content::Opaque(_) => 0,
        })
        .sum()
}

fn count(tokenizer: &Tokenizer, text: &str) -> u64 {
    extrapolated(tokenizer, text, text.len() as u64)
}

fn extrapolated(tokenizer: &Tokenizer, text: &str, bytes: u64) -> u64 {
    let encoded = &text[..text.floor_char_boundary(MAX_ENCODED_BYTES)];
    if encoded.is_empty() {
        return bytes.div_ceil(BYTES_PER_TOKEN);
    }
    let tokens = tokenizer.count(encoded) as u64;
    if encoded.len() as u64 == bytes {
        return tokens;
    }
    tokens.saturating_mul(bytes).div_ceil(encoded.len() as u64)
}

fn tokenizer(model: &str) -> &'static Tokenizer {
    let name = model.rsplit('/').next().unwrap_or(model);
    if name == "gpt-4" || CL100K.iter().any(|old| name.starts_with(old)) {
        cl100k_base()
    } else {
        o200k_base()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::llm_integration::dialects::Dialect;

    #[test]
    fn tokens_are_those_of_the_models_encoding() {
        let tokens = |text: &str, model| estimate_output(text, text.len() as u64, model);
        assert_eq!(tokens("Hello, world!", "gpt-4o"), 4);
        assert_eq!(tokens("Hello, world!", "openai/gpt-4"), 4);
        let text = "日本語のテキスト";
        assert!(tokens(text, "gpt-4o") < tokens(text, "gpt-4-turbo"));
        assert_eq!(tokens("", "claude-sonnet-4-5"), 0);
    }

    #[test]
    fn all_that_a_model_reads_is_counted() {
        let body = br#"{"model":"gpt-4o","messages":[{"role":"system","content":"Be brief."},
            {"role":"user","content":"Hello, world!"}]}"#;
        let request = Dialect::OpenAiChat.decode_request(body).unwrap();
        let tokens = estimate_input(&request);
        assert!((10..20).contains(&tokens), "{tokens}");
    }

    #[test]
    fn a_very_long_text_and_what_was_not_kept_are_extrapolated() {
        let text = "word ".repeat(1_000_000);
        let tokens = estimate_output(&text, text.len() as u64, "gpt-4o");
        assert!((990_000..1_010_000).contains(&tokens), "{tokens}");
        assert_eq!(estimate_output("Hello, world!", 26, "gpt-4o"), 8);
        assert_eq!(estimate_output("", 9, "gpt-4o"), 3);
    }
}
