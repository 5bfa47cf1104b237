//! Anthropic

mod stub;

pub(super) use stub::Anthropic;
