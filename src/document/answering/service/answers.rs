//! The service itself: what it is made of.

use std::sync::Arc;

use crate::{
    document::{AnswerSettings, search::SearchIndex},
    kernel::Clock,
    llm_integration::{Gateway, Recorder},
    platform::db::Db,
};

/// Answers questions about documents. Cheap to clone.
#[derive(Clone)]
pub struct Answers(pub(super) Arc<AnswerParts>);

/// What it stands on.
pub struct AnswerParts {
    pub db: Db,
    pub clock: Clock,
    pub gateway: Gateway,
    pub recorder: Recorder,
    pub search: SearchIndex,
    pub settings: AnswerSettings,
}

impl Answers {
    pub fn new(parts: AnswerParts) -> Self {
        Self(Arc::new(parts))
    }
}
