//! OpenAI's responses: a conversation as a list of items, and a stream whose events are numbered.
//!
//! OpenAI itself keeps responses and goes on from them. No other provider does, so `previous_response_id`,
//! `conversation`, `store`, `background` and tools that OpenAI runs are refused by name elsewhere. The
//! thinking of other vendors' models becomes reasoning items; its signature is their
//! `encrypted_content`, so that it can come back.

mod answer_in;
mod answer_out;
mod item_in;
mod item_out;
mod part_in;
mod request_in;
mod request_out;
mod stream_in;
mod stream_out;
mod stream_parts;
mod translator;
mod usage;

pub(super) use translator::OpenAiResponses;
