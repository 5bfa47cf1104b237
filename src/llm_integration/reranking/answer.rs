//! Documents in their order, as clients of Cohere and Jina read it.

use serde::{Deserialize, Serialize};

use super::Document;
use crate::llm_integration::{Usage, dialects::Unreadable};

/// One document's place.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Ranked {
    /// In the request.
    pub index: usize,
    pub relevance_score: f32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<Document>,
}

/// What is known of an answer, whoever gave it.
#[derive(Clone, Debug, Deserialize)]
pub struct RerankAnswer {
    pub model: Option<String>,
    pub results: Vec<Ranked>,
    usage: Option<Tokens>,
}

/// Jina's, and ours. Cohere counts searches, and no tokens.
#[derive(Clone, Copy, Debug, Deserialize)]
struct Tokens {
    prompt_tokens: Option<u64>,
    total_tokens: Option<u64>,
}

impl RerankAnswer {
    /// # Errors
    /// When it is none.
    pub fn parse(body: &[u8]) -> Result<Self, Unreadable> {
        serde_json::from_slice(body).map_err(|error| Unreadable {
            what: error.to_string(),
        })
    }

    /// `None` when the provider did not say.
    pub fn usage(&self) -> Option<Usage> {
        let tokens = self.usage?;
        let input = tokens.prompt_tokens.or(tokens.total_tokens)?;
        Some(Usage {
            input,
            total: input,
            ..Usage::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_of_cohere_and_of_jina_are_understood() {
        let cohere = br#"{"id":"x","results":[{"index":1,"relevance_score":0.9}],"meta":{"billed_units":{"search_units":1}}}"#;
        let cohere = RerankAnswer::parse(cohere).unwrap();
        assert_eq!((cohere.results[0].index, cohere.usage()), (1, None));
        let jina = br#"{"model":"jina-reranker","usage":{"total_tokens":38,"prompt_tokens":38},
            "results":[{"index":0,"document":{"text":"a"},"relevance_score":0.5}]}"#;
        let jina = RerankAnswer::parse(jina).unwrap();
        assert_eq!(jina.usage().map(|usage| usage.total), Some(38));
        assert_eq!(
            jina.results[0].document.as_ref().map(Document::text),
            Some("a")
        );
        assert!(RerankAnswer::parse(b"{}").is_err());
    }
}
