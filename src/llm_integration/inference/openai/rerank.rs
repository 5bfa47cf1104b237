//! `POST /rerank`, as Cohere and Jina have it.

use serde::Serialize;

use super::{
    answer::{Answered, json},
    embeddings::{Usage, is_for_others},
};
use crate::{
    kernel::Failure,
    llm_integration::{
        LlmError,
        dialects::Untranslatable,
        inference::{Inference, RerankRequest, WhenFull},
        reranking::{Document, Ranked, RerankQuery},
    },
};

#[derive(Serialize)]
struct Body<'a> {
    object: &'static str,
    model: &'a str,
    results: Vec<Ranked>,
    usage: Usage,
}

pub(super) async fn create(inference: &Inference, body: &[u8]) -> Result<Answered, Failure> {
    let asked = RerankQuery::parse(body).map_err(LlmError::from)?;
    let mut extra = asked.extra.iter();
    let unknown = extra.find(|(name, value)| !value.is_null() && !is_for_others(name));
    if let Some((name, _)) = unknown {
        let why = "models of this server have no such field; leave it out";
        return Err(LlmError::from(Untranslatable::new(name.as_str(), why)).into());
    }
    let documents = asked.documents.iter().map(Document::text);
    let request = RerankRequest {
        query: asked.query.clone(),
        documents: documents.map(str::to_owned).collect(),
        when_full: WhenFull::Refuse,
    };
    let reranked = inference
        .rerank_request(Some(&asked.model), request)
        .await?;
    let body = Body {
        object: "list",
        model: reranked.model.name.as_str(),
        results: ranked(&reranked.scores, &asked),
        usage: Usage::of(reranked.tokens),
    };
    Ok(Answered {
        body: json(&body)?,
        cut: reranked.cut,
    })
}

/// The best first; of equal ones, in the request's order.
fn ranked(scores: &[f32], asked: &RerankQuery) -> Vec<Ranked> {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|one, other| scores[*other].total_cmp(&scores[*one]));
    order.truncate(asked.top.unwrap_or(usize::MAX));
    let documents = &asked.documents;
    let ranked = order.into_iter().map(|index| Ranked {
        index,
        relevance_score: scores[index],
        document: asked
            .return_documents
            .then(|| documents[index].clone().into_object()),
    });
    ranked.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_come_first_and_no_more_than_are_wanted() {
        let body = br#"{"model":"m","query":"q","documents":["a","b","c","d"],"top_n":3,"return_documents":true}"#;
        let asked = RerankQuery::parse(body).unwrap();
        let ranked = ranked(&[0.1, 0.9, 0.9, 0.5], &asked);
        let order: Vec<_> = ranked.iter().map(|ranked| ranked.index).collect();
        assert_eq!(order, [1, 2, 3]);
        assert_eq!(ranked[2].document.as_ref().map(Document::text), Some("d"));
    }
}
