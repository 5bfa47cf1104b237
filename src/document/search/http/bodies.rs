//! What a search answers.

use std::time::Duration;

use serde::Serialize;
use utoipa::ToSchema;

use crate::document::{
    chunking::ChunkKind,
    search::{Explained, Facet, Found, FoundVectors, Hit, Place, Took},
};

/// Hits, the best first.
#[derive(Serialize, ToSchema)]
#[schema(as = SearchFound)]
pub struct FoundBody {
    hits: Vec<HitBody>,
    /// Hits that pages can reach.
    total: usize,
    /// Chunks that have any of the words, filtered or not.
    matched: usize,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    facets: Vec<FacetBody>,
    vectors: VectorsBody,
    /// When `explain` is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    took_ms: Option<TookBody>,
}

/// How long the parts of the search took, in milliseconds.
#[derive(Serialize, ToSchema)]
#[schema(as = SearchTook)]
pub struct TookBody {
    /// To make the query's vector.
    embedding: f64,
    /// To rank by words.
    words: f64,
    /// To compare vectors.
    vectors: f64,
    /// To read what was found.
    reading: f64,
}

impl From<Took> for TookBody {
    fn from(took: Took) -> Self {
        let Took {
            embedding,
            words,
            vectors,
            reading,
        } = took;
        let ms = |part: Duration| part.as_secs_f64() * 1e3;
        Self {
            embedding: ms(embedding),
            words: ms(words),
            vectors: ms(vectors),
            reading: ms(reading),
        }
    }
}

/// Whether vectors were compared.
#[derive(Serialize, ToSchema)]
#[schema(as = SearchVectors)]
pub struct VectorsBody {
    compared: bool,
    model: Option<String>,
    /// Every vector was compared, and not only those that a graph led to.
    exact: Option<bool>,
    /// Why none were compared.
    reason: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = SearchHit)]
pub struct HitBody {
    chunk_id: String,
    document_id: String,
    version_id: String,
    title: String,
    section: Vec<String>,
    first_page: i32,
    last_page: i32,
    #[schema(value_type = String)]
    kind: ChunkKind,
    /// Its part of the version's text, in characters (Unicode scalar values): from `start` up to, without, `end`.
    start: u32,
    end: u32,
    text: String,
    /// Parts of the version's text that have words of the query.
    highlights: Vec<SpanBody>,
    score: f32,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent: Option<ParentBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    explanation: Option<ExplanationBody>,
}

/// Characters from `start` up to, without, `end`.
#[derive(Serialize, ToSchema)]
#[schema(as = SearchSpan)]
pub struct SpanBody {
    start: u32,
    end: u32,
}

/// The larger chunk around a hit.
#[derive(Serialize, ToSchema)]
#[schema(as = SearchParent)]
pub struct ParentBody {
    chunk_id: String,
    start: u32,
    end: u32,
    text: String,
}

/// Why a hit stands where it does.
#[derive(Serialize, ToSchema)]
#[schema(as = SearchExplanation)]
pub struct ExplanationBody {
    lexical: Option<LexicalBody>,
    vector: Option<VectorBody>,
    /// Both ranks together.
    fused: f32,
    reranked: Option<f32>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = SearchLexicalExplanation)]
pub struct LexicalBody {
    rank: usize,
    /// BM25.
    score: f32,
    /// Terms of the query that the chunk has; `+` before a pair of characters.
    terms: Vec<TermBody>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = SearchTerm)]
pub struct TermBody {
    term: String,
    count: usize,
}

#[derive(Serialize, ToSchema)]
#[schema(as = SearchVectorExplanation)]
pub struct VectorBody {
    rank: usize,
    /// The cosine of the angle between query and chunk.
    similarity: f32,
}

/// The hits' documents by one of their properties.
#[derive(Serialize, ToSchema)]
#[schema(as = SearchFacet)]
pub struct FacetBody {
    name: &'static str,
    values: Vec<FacetValueBody>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = SearchFacetValue)]
pub struct FacetValueBody {
    value: String,
    documents: usize,
}

impl From<Found> for FoundBody {
    fn from(found: Found) -> Self {
        let Found {
            hits,
            total,
            matched,
            facets,
            vectors,
            took,
        } = found;
        Self {
            hits: hits.into_iter().map(HitBody::from).collect(),
            total,
            matched,
            facets: facets.into_iter().map(FacetBody::from).collect(),
            vectors: vectors.into(),
            took_ms: took.map(TookBody::from),
        }
    }
}

impl From<FoundVectors> for VectorsBody {
    fn from(vectors: FoundVectors) -> Self {
        let none = Self {
            compared: false,
            model: None,
            exact: None,
            reason: None,
        };
        match vectors {
            FoundVectors::NotAsked => none,
            FoundVectors::Unavailable(why) => Self {
                reason: Some(why),
                ..none
            },
            FoundVectors::Compared { model, exact } => Self {
                compared: true,
                model: Some(model),
                exact: Some(exact),
                reason: None,
            },
        }
    }
}

impl From<Hit> for HitBody {
    fn from(hit: Hit) -> Self {
        let Hit {
            chunk,
            document,
            version,
            title,
            section,
            first_page,
            last_page,
            kind,
            start,
            end,
            text,
            highlights,
            score,
            parent,
            explained,
        } = hit;
        let span = |(start, end): (u32, u32)| SpanBody { start, end };
        Self {
            chunk_id: chunk.to_string(),
            document_id: document.to_string(),
            version_id: version.to_string(),
            title,
            section,
            first_page,
            last_page,
            kind,
            start,
            end,
            text,
            highlights: highlights.into_iter().map(span).collect(),
            score,
            parent: parent.map(ParentBody::from),
            explanation: explained.map(ExplanationBody::from),
        }
    }
}

impl From<Place> for ParentBody {
    fn from(place: Place) -> Self {
        let Place {
            chunk,
            start,
            end,
            text,
        } = place;
        Self {
            chunk_id: chunk.to_string(),
            start,
            end,
            text,
        }
    }
}

impl From<Explained> for ExplanationBody {
    fn from(explained: Explained) -> Self {
        let Explained {
            lexical,
            vector,
            fused,
            reranked,
        } = explained;
        Self {
            lexical: lexical.map(|part| LexicalBody {
                rank: part.rank,
                score: part.score,
                terms: part
                    .terms
                    .into_iter()
                    .map(|(term, count)| TermBody { term, count })
                    .collect(),
            }),
            vector: vector.map(|part| VectorBody {
                rank: part.rank,
                similarity: part.similarity,
            }),
            fused,
            reranked,
        }
    }
}

impl From<Facet> for FacetBody {
    fn from(facet: Facet) -> Self {
        let values = facet.values.into_iter().map(|value| FacetValueBody {
            value: value.value,
            documents: value.documents,
        });
        Self {
            name: facet.name,
            values: values.collect(),
        }
    }
}
