//! What the fields of a request mean, in each surface's words.

use super::Asking;
use crate::llm_integration::dialects::Dialect;

/// The names of what a trace records of a request.
pub(super) struct Shape {
    /// The input itself.
    pub main: &'static str,
    /// What belongs to the input beside it.
    pub inputs: &'static [&'static str],
    /// What is recorded as the model's parameters.
    pub parameters: &'static [&'static str],
    /// What bounds the output; the first that is there counts.
    pub output_limits: &'static [&'static str],
}

const CHAT: Shape = Shape {
    main: "messages",
    inputs: &["tools", "tool_choice", "functions", "function_call"],
    parameters: &[
        "audio",
        "frequency_penalty",
        "logit_bias",
        "logprobs",
        "max_completion_tokens",
        "max_tokens",
        "modalities",
        "n",
        "parallel_tool_calls",
        "presence_penalty",
        "reasoning_effort",
        "response_format",
        "seed",
        "service_tier",
        "stop",
        "store",
        "stream",
        "temperature",
        "top_logprobs",
        "top_p",
        "verbosity",
        "web_search_options",
    ],
    output_limits: &["max_completion_tokens", "max_tokens"],
};

const RESPONSES: Shape = Shape {
    main: "input",
    inputs: &[
        "instructions",
        "tools",
        "tool_choice",
        "previous_response_id",
        "conversation",
        "prompt",
    ],
    parameters: &[
        "background",
        "include",
        "max_output_tokens",
        "max_tool_calls",
        "parallel_tool_calls",
        "reasoning",
        "service_tier",
        "store",
        "stream",
        "temperature",
        "text",
        "top_logprobs",
        "top_p",
        "truncation",
    ],
    output_limits: &["max_output_tokens"],
};

const MESSAGES: Shape = Shape {
    main: "messages",
    inputs: &["system", "tools", "tool_choice"],
    parameters: &[
        "container",
        "max_tokens",
        "output_config",
        "service_tier",
        "speed",
        "stop_sequences",
        "stream",
        "temperature",
        "thinking",
        "top_k",
        "top_p",
    ],
    output_limits: &["max_tokens"],
};

const EMBEDDINGS: Shape = Shape {
    main: "input",
    inputs: &[],
    parameters: &[
        "dimensions",
        "encoding_format",
        "input_type",
        "normalize",
        "task_type",
    ],
    output_limits: &[],
};

const RERANK: Shape = Shape {
    main: "query",
    inputs: &["documents"],
    parameters: &["max_tokens_per_doc", "return_documents", "top_n"],
    output_limits: &[],
};

/// Nobody reaches us in Gemini's or Bedrock's words.
pub(super) const fn shape_of(asking: Asking) -> &'static Shape {
    match asking {
        Asking::Embeddings => &EMBEDDINGS,
        Asking::Rerank => &RERANK,
        Asking::Chat(Dialect::OpenAiResponses) => &RESPONSES,
        Asking::Chat(Dialect::Anthropic) => &MESSAGES,
        Asking::Chat(Dialect::OpenAiChat | Dialect::Gemini | Dialect::Bedrock) => &CHAT,
    }
}
