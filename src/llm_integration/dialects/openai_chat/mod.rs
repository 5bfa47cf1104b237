//! OpenAiChat

mod stub;

pub(super) use stub::OpenAiChat;
