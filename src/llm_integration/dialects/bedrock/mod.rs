//! Bedrock's converse, as providers speak it: one form for the models of every vendor there.

mod answer_in;
mod block_out;
mod errors;
mod message_out;
mod request_out;
mod stream_in;
mod tool_out;
mod translator;
mod usage;

pub(super) use translator::Bedrock;
