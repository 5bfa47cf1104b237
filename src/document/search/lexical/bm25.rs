//! The formula, as Robertson and Zaragoza give it ("The Probabilistic Relevance Framework: BM25 and Beyond", 2009),
//! with the inverse document frequency that Lucene made never negative.

use serde::{Deserialize, Serialize};

/// The two constants of the formula.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bm25 {
    /// How soon more of the same word stops to count: 0 at once, larger later.
    pub k1: f32,
    /// How much a longer chunk has to hold more: 0 not at all, 1 in proportion.
    pub b: f32,
}

/// What is counted of all chunks of an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Collection {
    pub chunks: u64,
    pub tokens: u64,
}

impl Collection {
    #[expect(
        clippy::cast_precision_loss,
        reason = "a ratio of counts that are far below 2^52"
    )]
    pub fn average_length(self) -> f32 {
        let average = self.tokens as f64 / self.chunks.max(1) as f64;
        #[expect(clippy::cast_possible_truncation, reason = "scores are f32")]
        let average = average.max(1.0) as f32;
        average
    }

    /// ln(1 + (N - n + 0.5) / (n + 0.5)) for a term that `chunks_with` of the chunks have.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        reason = "a ratio of counts that are far below 2^52; scores are f32"
    )]
    pub fn idf(self, chunks_with: usize) -> f32 {
        let with = chunks_with as f64;
        let without = (self.chunks as f64 - with).max(0.0);
        (1.0 + (without + 0.5) / (with + 0.5)).ln() as f32
    }
}

impl Bm25 {
    /// What one term adds to the score of a chunk that has it `frequency` times and is `length` terms long.
    pub fn score(self, idf: f32, frequency: f32, length: f32, average_length: f32) -> f32 {
        let Self { k1, b } = self;
        let fair = 1.0 - b + b * length / average_length;
        idf * frequency * (k1 + 1.0) / (frequency + k1 * fair)
    }
}
