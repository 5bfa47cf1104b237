//! OpenAI's chat completions, and what OpenAI-compatible servers add to them: `reasoning_content` for
//! thinking as text, and `thinking_blocks` for thinking with its signature.

mod answer_in;
mod answer_out;
mod errors;
mod message_in;
mod message_out;
mod part_in;
mod part_out;
mod request_in;
mod request_out;
mod stream_in;
mod stream_out;
mod tool_in;
mod translator;
mod usage;

pub(super) use translator::OpenAiChat;
