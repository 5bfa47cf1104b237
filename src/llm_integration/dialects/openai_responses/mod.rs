//! OpenAiResponses

mod stub;

pub(super) use stub::OpenAiResponses;
