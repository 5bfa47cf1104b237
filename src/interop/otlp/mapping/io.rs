//! What went into a step and what came out. The vocabularies are asked in order; the first that knows
//! either decides both.

use super::{
    frameworks, genai, langfuse, openinference, vercel,
    view::{Io, SpanView},
};
use crate::interop::otlp::wire::Value;

enum Rule {
    /// The first input and the first output that is there.
    Keys(&'static [&'static str], &'static [&'static str]),
    Asked(fn(&SpanView<'_>) -> Option<Io>),
}
use Rule::{Asked, Keys};

const RULES: &[Rule] = &[
    Asked(langfuse::io),
    Asked(vercel::io),
    Asked(genai::message_events),
    Asked(genai::content_events),
    Asked(frameworks::adk_io),
    Keys(&["prompt"], &["all_messages_events"]),
    Keys(
        &[
            "lk.input_text",
            "lk.user_transcript",
            "lk.chat_ctx",
            "lk.user_input",
        ],
        &["lk.function_tool.output", "lk.response.text"],
    ),
    Asked(frameworks::logfire_events),
    Keys(&["mlflow.spanInputs"], &["mlflow.spanOutputs"]),
    Keys(&["traceloop.entity.input"], &["traceloop.entity.output"]),
    Keys(&["genkit:input"], &["genkit:output"]),
    Keys(&["input.value"], &["output.value"]),
    Keys(&["input"], &["output"]),
    Keys(&["pydantic_ai.all_messages"], &["final_result"]),
    Keys(&["tool_arguments"], &["tool_response"]),
    Asked(genai::flattened),
    Asked(openinference::messages),
    Asked(genai::messages),
    Keys(
        &["gen_ai.tool.call.arguments"],
        &["gen_ai.tool.call.result"],
    ),
    Keys(
        &["gen_ai.retrieval.query.text"],
        &["gen_ai.retrieval.documents"],
    ),
    Keys(&["gen_ai.prompt"], &["gen_ai.completion"]),
    Asked(openinference::documents),
];

/// What was found, and in which attributes.
#[derive(Default)]
pub struct Found {
    pub io: Io,
    keys: [&'static [&'static str]; 2],
}

pub fn io(view: &SpanView<'_>) -> Found {
    let found = RULES.iter().find_map(|rule| match *rule {
        Asked(rule) => Some(Found {
            io: rule(view)?,
            keys: Default::default(),
        }),
        Keys(inputs, outputs) => {
            let captured = |keys| view.attributes.first(keys).map(Value::captured);
            Some(Found {
                io: Io::of(captured(inputs), captured(outputs))?,
                keys: [inputs, outputs],
            })
        }
    });
    found.unwrap_or_default()
}

impl Found {
    /// Attributes that are inputs or outputs, so that they are not kept a second time as metadata.
    pub fn is_content(&self, key: &str) -> bool {
        CONTENT.contains(&key)
            || PREFIXES.iter().any(|prefix| key.starts_with(prefix))
            || self.keys.iter().any(|keys| keys.contains(&key))
    }
}

/// Keys that can mean nothing else.
const CONTENT: &[&str] = &[
    "langfuse.trace.input",
    "langfuse.trace.output",
    "langfuse.observation.input",
    "langfuse.observation.output",
    "ai.prompt.messages",
    "ai.prompt",
    "ai.toolCall.args",
    "ai.toolCall.result",
    "ai.value",
    "ai.values",
    "ai.embedding",
    "ai.embeddings",
    "ai.response.text",
    "ai.result.text",
    "ai.response.object",
    "ai.result.object",
    "ai.response.toolCalls",
    "ai.result.toolCalls",
    "gcp.vertex.agent.llm_request",
    "gcp.vertex.agent.llm_response",
    "gcp.vertex.agent.tool_call_args",
    "gcp.vertex.agent.tool_response",
    "gen_ai.input.messages",
    "gen_ai.output.messages",
    "gen_ai.system_instructions",
];

const PREFIXES: &[&str] = &[
    genai::PROMPT,
    genai::COMPLETION,
    openinference::INPUT_MESSAGES,
    openinference::OUTPUT_MESSAGES,
];
