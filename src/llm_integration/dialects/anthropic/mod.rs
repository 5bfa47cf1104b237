//! Anthropic's messages.
//!
//! `max_tokens` must be given there: a request that names no limit gets
//! [`request_out::DEFAULT_MAX_TOKENS`].

mod answer_in;
mod answer_out;
mod block_in;
mod block_out;
mod errors;
mod message_out;
mod model_list;
mod models;
mod request_in;
mod request_out;
mod stream_in;
mod stream_out;
mod tool_in;
mod tool_out;
mod translator;
mod usage;

pub use model_list::models_for_anthropic;
pub(super) use models::knows_budgets_only;
pub(super) use translator::Anthropic;
