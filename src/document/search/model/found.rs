//! What a search answers.

use std::time::Duration;

use uuid::Uuid;

use crate::document::{
    chunking::ChunkKind,
    model::{DocumentId, VersionId},
};

/// A page of hits, and what is known of all of them.
#[derive(Clone, Debug, Default)]
pub struct Found {
    pub hits: Vec<Hit>,
    /// Hits that pages can reach. What has the words beyond the candidates of a setup is not among them.
    pub total: usize,
    /// Chunks that have any of the words, filtered or not; 0 where only vectors were compared.
    pub matched: usize,
    pub facets: Vec<Facet>,
    pub vectors: FoundVectors,
    /// When the hits are explained.
    pub took: Option<Took>,
}

/// How long the parts of a search took.
#[derive(Clone, Copy, Debug, Default)]
pub struct Took {
    /// To make the query's vector.
    pub embedding: Duration,
    /// To rank by words.
    pub words: Duration,
    /// To compare vectors.
    pub vectors: Duration,
    /// To read what was found.
    pub reading: Duration,
}

/// Whether vectors were compared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum FoundVectors {
    /// Nobody asked for them.
    #[default]
    NotAsked,
    Compared {
        model: String,
        /// Every one, or those that an HNSW graph led to.
        exact: bool,
    },
    /// Why there were none to compare.
    Unavailable(String),
}

#[derive(Clone, Debug)]
pub struct Hit {
    pub chunk: Uuid,
    pub document: DocumentId,
    pub version: VersionId,
    pub title: String,
    pub section: Vec<String>,
    pub first_page: i32,
    pub last_page: i32,
    pub kind: ChunkKind,
    /// Its part of the version's text, in characters: from `start` up to, without, `end`.
    pub start: u32,
    pub end: u32,
    pub text: String,
    /// Parts of the version's text that have words of the query, in characters.
    pub highlights: Vec<(u32, u32)>,
    pub score: f32,
    pub parent: Option<Place>,
    pub explained: Option<Explained>,
}

/// The larger chunk around a hit.
#[derive(Clone, Debug)]
pub struct Place {
    pub chunk: Uuid,
    pub start: u32,
    pub end: u32,
    pub text: String,
}

/// Why a hit stands where it does.
#[derive(Clone, Debug, Default)]
pub struct Explained {
    pub lexical: Option<LexicalPart>,
    pub vector: Option<VectorPart>,
    pub fused: f32,
    pub reranked: Option<f32>,
}

#[derive(Clone, Debug)]
pub struct LexicalPart {
    /// From 1.
    pub rank: usize,
    pub score: f32,
    /// Terms of the query that the chunk has, and how often.
    pub terms: Vec<(String, usize)>,
}

#[derive(Clone, Debug)]
pub struct VectorPart {
    /// From 1.
    pub rank: usize,
    /// The cosine of the angle between the two.
    pub similarity: f32,
}

/// Documents of the hits, counted by one of their properties.
#[derive(Clone, Debug)]
pub struct Facet {
    pub name: &'static str,
    pub values: Vec<FacetValue>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FacetValue {
    pub value: String,
    pub documents: usize,
}
