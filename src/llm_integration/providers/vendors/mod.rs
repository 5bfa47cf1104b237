//! One file a vendor: where it is asked, with which credentials, and what is its own way.

mod anthropic;
mod azure;
mod bedrock;
mod compatible;
mod gemini;
mod local;
mod openai;

pub(super) use anthropic::Anthropic;
pub(super) use azure::Azure;
pub(super) use bedrock::{Bedrock, BedrockCredentials};
pub(super) use compatible::Compatible;
pub(super) use gemini::Gemini;
pub(super) use local::Local;
pub(super) use openai::OpenAi;
