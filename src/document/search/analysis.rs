//! What the index keeps of a chunk's words.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::{analyzer::Analyzer, lexical::Posting};
use crate::document::chunking::Chunk;

/// Terms of one chunk, and how often it has each.
pub struct ChunkTerms {
    counts: HashMap<String, u8>,
    /// All of them, the same ones counted again.
    pub length: u16,
}

impl ChunkTerms {
    /// The prefix says what the text leaves unsaid, so it is searched too.
    pub fn of(analyzer: &Analyzer, prefix: Option<&str>, text: &str) -> Self {
        let mut counts: HashMap<String, u8> = HashMap::new();
        let mut length = 0_u16;
        for text in [prefix, Some(text)].into_iter().flatten() {
            for token in analyzer.tokens(text) {
                let count = counts.entry(token.term).or_default();
                *count = count.saturating_add(1);
                length = length.saturating_add(1);
            }
        }
        Self { counts, length }
    }

    pub fn terms(self) -> impl Iterator<Item = String> {
        self.counts.into_keys()
    }
}

/// The chunks that are found themselves: all but those that are read by way of their parts.
pub fn searchable(chunks: &[Chunk]) -> Vec<bool> {
    let parents: HashSet<_> = chunks.iter().filter_map(|chunk| chunk.parent).collect();
    chunks
        .iter()
        .map(|chunk| !parents.contains(&chunk.id))
        .collect()
}

/// The postings of chunks that are numbered from `first` on, by term.
pub fn postings(chunks: Vec<Option<ChunkTerms>>, first: u32) -> BTreeMap<String, Vec<Posting>> {
    let mut postings: BTreeMap<String, Vec<Posting>> = BTreeMap::new();
    for (chunk, terms) in (first..).zip(chunks) {
        let Some(ChunkTerms { counts, length }) = terms else {
            continue;
        };
        for (term, frequency) in counts {
            postings.entry(term).or_default().push(Posting {
                chunk,
                frequency,
                length,
            });
        }
    }
    postings
}
