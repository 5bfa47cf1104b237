//! OpenAI's chat completions, and what OpenAI-compatible servers add to them: `reasoning_content` for
//! thinking as text, and `thinking_blocks` for thinking with its signature.

mod answer_in;
pub(super) mod answer_out;
pub(super) mod errors;
mod message_in;
mod message_out;
pub(super) mod part_in;
mod part_out;
pub(super) mod request_in;
pub(super) mod request_out;
mod stream_in;
mod stream_out;
pub(super) mod tool_in;
mod translator;
mod usage;

pub(super) use translator::OpenAiChat;
