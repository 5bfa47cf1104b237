//! What makes an API key a virtual key: what it may call, what it may use, what its calls carry.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Limit, Subject};
use crate::llm_integration::ModelPattern;

/// The policy of one key. A key without one may call everything that the project may.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyPolicy {
    /// Names and patterns of models; with neither these nor routes, every name is allowed.
    pub allowed_models: Option<Vec<ModelPattern>>,
    /// Names and patterns of routes.
    pub allowed_routes: Option<Vec<ModelPattern>>,
    /// Its own limits and budgets, at most one for each measure.
    pub limits: Vec<Limit>,
    /// Added to the tags of each of its calls.
    pub tags: Vec<String>,
    /// The environment of calls that name none.
    pub environment: Option<String>,
    /// Added to the metadata of its calls, under keys that these do not use.
    pub metadata: BTreeMap<String, Value>,
}

impl KeyPolicy {
    /// A route may be named by either list; a model only by its own.
    pub(in crate::llm_integration::limits) fn allows(&self, subject: &Subject<'_>) -> bool {
        let matches = |patterns: &Option<Vec<ModelPattern>>, name: &str| {
            patterns
                .iter()
                .flatten()
                .any(|pattern| pattern.matches(name))
        };
        if self.allowed_models.is_none() && self.allowed_routes.is_none() {
            return true;
        }
        matches(&self.allowed_models, subject.model)
            || subject
                .route
                .is_some_and(|route| matches(&self.allowed_routes, route))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::ProjectId;

    fn patterns(patterns: &[&str]) -> Vec<ModelPattern> {
        patterns.iter().map(|p| p.parse().unwrap()).collect()
    }

    #[test]
    fn a_key_calls_what_its_lists_name() {
        let allows = |models, routes, model: &str, is_route: bool| {
            let policy = KeyPolicy {
                allowed_models: models,
                allowed_routes: routes,
                ..KeyPolicy::default()
            };
            policy.allows(&Subject {
                project: ProjectId::from_name("p"),
                key: None,
                user: None,
                tags: &[],
                model,
                route: is_route.then_some(model),
            })
        };
        assert!(allows(None, None, "anything", false));
        assert!(allows(Some(patterns(&["gpt-*"])), None, "gpt-4o", false));
        assert!(!allows(Some(patterns(&["gpt-*"])), None, "claude-3", false));
        assert!(allows(Some(patterns(&["fast"])), None, "fast", true));
        assert!(!allows(None, Some(patterns(&["fast"])), "gpt-4o", false));
        assert!(allows(None, Some(patterns(&["f*"])), "fast", true));
        assert!(!allows(Some(patterns(&[])), None, "gpt-4o", false));
    }
}
