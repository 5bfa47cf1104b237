//! What a route may ask of a call: read from its bytes only where there is a route.

use std::sync::Arc;

use serde_json::Value;

use super::{request::CallRequest, tries::Tries};
use crate::{
    kernel::{Actor, Subject},
    llm_integration::{
        BYTES_PER_TOKEN,
        providers::Provider,
        routing::{BreakerState, Capability, Endpoint, Facts, Needs, Outlook, Target},
    },
};

/// What an image is said by, in each surface's words.
const IMAGES: &[&str] = &["\"image_url\"", "\"input_image\"", "\"image\""];

/// Facts that are owned, for [`Facts`] to borrow.
pub(super) struct CallFacts {
    metadata: Vec<(String, String)>,
    needs: Needs,
}

impl CallFacts {
    pub fn of(request: &CallRequest) -> Self {
        let text = |value: &Value| {
            value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned)
        };
        let metadata = request.metadata.iter();
        Self {
            metadata: metadata
                .map(|(key, value)| (key.clone(), text(value)))
                .collect(),
            needs: needs_of(request),
        }
    }

    pub fn facts<'a>(&'a self, actor: &Actor, request: &'a CallRequest) -> Facts<'a> {
        Facts {
            key: match &actor.subject {
                Subject::ApiKey { id, .. } => Some(*id),
                Subject::User(_) | Subject::System => None,
            },
            user: request.links.user_id.as_deref(),
            session: request.links.session_id.as_deref(),
            tags: &request.links.tags,
            metadata: &self.metadata,
            input_tokens: (request.body.len() as u64).div_ceil(BYTES_PER_TOKEN),
            needs: self.needs,
        }
    }
}

fn needs_of(request: &CallRequest) -> Needs {
    let body = request.body.as_ref();
    Needs::default()
        .with(Capability::Streaming, request.stream)
        .with(Capability::Tools, holds_key(body, "\"tools\""))
        .with(Capability::JsonSchema, holds_key(body, "\"json_schema\""))
        .with(
            Capability::Vision,
            IMAGES.iter().any(|image| holds_key(body, image)),
        )
}

/// Whether the word stands in the JSON as it is, rather than quoted within a text.
fn holds_key(body: &[u8], word: &str) -> bool {
    let word = word.as_bytes();
    let mut places = body.windows(word.len()).enumerate();
    places.any(|(at, window)| window == word && (at == 0 || body[at - 1] != b'\\'))
}

/// How the targets of a route are doing.
pub(super) struct Targets<'a> {
    pub tries: &'a Tries,
    pub providers: Vec<Arc<Provider>>,
}

impl Targets<'_> {
    fn endpoint(&self, target: &Target) -> Option<Arc<Endpoint>> {
        let name = target.provider.as_deref()?;
        let mut providers = self.providers.iter();
        let provider = providers.find(|provider| provider.name.as_str() == name)?;
        let model = target.model.as_deref().unwrap_or(&self.tries.body.model);
        self.tries
            .health
            .known(&self.tries.health_name(provider), model)
    }
}

impl Outlook for Targets<'_> {
    fn cost(&self, target: &Target) -> f64 {
        self.endpoint(target)
            .map_or(0.0, |endpoint| endpoint.cost())
    }

    fn is_usable(&self, target: &Target) -> bool {
        self.endpoint(target)
            .is_none_or(|endpoint| endpoint.breaker() != BreakerState::Open)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_within_a_text_is_no_need() {
        assert!(holds_key(br#"{"type":"image_url"}"#, "\"image_url\""));
        assert!(!holds_key(
            br#"{"text":"say \"image_url\" twice"}"#,
            "\"image_url\""
        ));
    }
}
