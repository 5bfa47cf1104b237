//! Gemini's generateContent, as providers speak it.
//!
//! Two things have no place in other dialects. Calls of tools need not have ids there, so they get some;
//! and a call carries a signature of the thinking behind it, which must come back with it: it travels in
//! the call's id ([`signature`]).

mod answer_in;
mod content_out;
mod errors;
mod request_out;
mod signature;
mod stream_in;
mod tool_out;
mod translator;
mod usage;

pub(super) use translator::Gemini;
