//! The terms of a query: which count, which have to be there, which must not.

use super::{InvalidQuery, Phrase, Words};
use crate::document::search::{
    analyzer::{Analyzer, Folded, PAIR},
    lexical::{Group, QueryTerm},
};

/// Different terms of a query. What a longer one says beyond them is left out; phrases and exclusions are not cut.
pub const TERMS_MAX: usize = 512;
/// Words that a beginning stands for: the most frequent ones of the index.
pub const PREFIX_TERMS_MAX: usize = 32;

/// A query as the index is asked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LexicalQuery {
    pub terms: Vec<QueryTerm>,
    pub required: Vec<Group>,
    pub excluded: Vec<Group>,
    /// To be looked up and added with [`LexicalQuery::add_prefix`].
    pub prefixes: Vec<String>,
    /// To be looked for in the texts of what is found: terms know no order.
    pub phrases: Vec<Phrase>,
}

impl LexicalQuery {
    /// `pair_weight` is how much a pair of characters counts beside a word.
    pub fn new(words: &Words, analyzer: &Analyzer, pair_weight: f32) -> Result<Self, InvalidQuery> {
        let mut query = Self::default();
        for text in words.plain.iter().chain(&words.phrases) {
            for token in analyzer.tokens(text) {
                query.add(token.term, pair_weight);
            }
        }
        for text in &words.phrases {
            let group = group(analyzer, text);
            if !group.0.is_empty() {
                query.required.push(group);
                query.phrases.push(Phrase::new(text));
            }
        }
        for text in &words.excluded {
            let group = group(analyzer, text);
            if !group.0.is_empty() {
                query.excluded.push(group);
            }
        }
        let folded = words
            .prefixes
            .iter()
            .map(|prefix| Folded::of(prefix).text());
        query.prefixes = folded.collect();
        if query.terms.is_empty() && query.prefixes.is_empty() {
            return Err(InvalidQuery::NoWords);
        }
        let groups = query.required.iter().chain(&query.excluded);
        match groups.map(|group| group.0.len()).sum() {
            count if count > TERMS_MAX => Err(InvalidQuery::TooManyTerms(count)),
            _ => Ok(query),
        }
    }

    /// The words of the index that begin with a prefix. Together they count as one word.
    pub fn add_prefix(&mut self, terms: Vec<String>) {
        for term in terms {
            self.add(term, 1.0);
        }
    }

    fn add(&mut self, term: String, pair_weight: f32) {
        let weight = if term.starts_with(PAIR) {
            pair_weight
        } else {
            1.0
        };
        let known = self.terms.iter().any(|known| known.term == term);
        if !known && self.terms.len() < TERMS_MAX {
            self.terms.push(QueryTerm { term, weight });
        }
    }

    /// Terms that a chunk has to have, or must not have.
    pub fn grouped_terms(&self) -> Vec<&str> {
        let groups = self.required.iter().chain(&self.excluded);
        groups
            .flat_map(|group| group.0.iter().map(String::as_str))
            .collect()
    }

    /// Every term whose chunks are needed, sorted.
    pub fn every_term(&self) -> Vec<&str> {
        let mut terms = self.grouped_terms();
        terms.extend(self.terms.iter().map(|term| term.term.as_str()));
        terms.sort_unstable();
        terms.dedup();
        terms
    }
}

fn group(analyzer: &Analyzer, text: &str) -> Group {
    let mut terms: Vec<String> = analyzer.tokens(text).into_iter().map(|t| t.term).collect();
    terms.sort_unstable();
    terms.dedup();
    Group(terms)
}
