//! Scores every chunk that has a term of the query, and orders them.

use std::collections::HashSet;

use super::{Bm25, Collection, POSTING_BYTES, decode};

/// A term of the query.
#[derive(Clone, Debug, PartialEq)]
pub struct QueryTerm {
    pub term: String,
    /// How much it counts beside the others.
    pub weight: f32,
}

/// Terms that a chunk has to have, or must not have, all together: those of a phrase, or of an excluded word.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Group(pub Vec<String>);

/// A term and its rows of the index, in their order.
#[derive(Clone, Debug)]
pub struct TermList {
    pub term: String,
    pub rows: Vec<Vec<u8>>,
}

/// A chunk and its score.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Candidate {
    pub chunk: u32,
    pub score: f32,
}

impl TermList {
    fn chunks_with(&self) -> usize {
        self.rows.iter().map(Vec::len).sum::<usize>() / POSTING_BYTES
    }

    fn chunks(&self) -> impl Iterator<Item = u32> + '_ {
        self.rows
            .iter()
            .flat_map(|row| decode(row).map(|posting| posting.chunk))
    }
}

/// Every chunk that was scored.
#[derive(Clone, Debug, Default)]
pub struct Ranking(Vec<Candidate>);

impl Ranking {
    pub fn total(&self) -> usize {
        self.0.len()
    }

    /// The `limit` best, the best first, of equal ones the older.
    pub fn best(&mut self, limit: usize) -> &[Candidate] {
        let better =
            |a: &Candidate, b: &Candidate| b.score.total_cmp(&a.score).then(a.chunk.cmp(&b.chunk));
        if limit == 0 {
            return &[];
        }
        if limit < self.0.len() {
            self.0.select_nth_unstable_by(limit - 1, better);
        }
        let limit = limit.min(self.0.len());
        self.0[..limit].sort_unstable_by(better);
        &self.0[..limit]
    }

    pub fn retain(&mut self, keep: impl Fn(u32) -> bool) {
        self.0.retain(|candidate| keep(candidate.chunk));
    }
}

/// Which chunks may be found at all, whatever finds them.
#[derive(Clone, Debug, Default)]
pub struct Constraints {
    required: Vec<HashSet<u32>>,
    excluded: Vec<HashSet<u32>>,
}

impl Constraints {
    /// All terms of each group of `required`, and not all of any group of `excluded`.
    pub fn new(lists: &[TermList], required: &[Group], excluded: &[Group]) -> Self {
        let with_all = |group: &Group| with_all(lists, group);
        Self {
            required: required.iter().map(with_all).collect(),
            excluded: excluded.iter().map(with_all).collect(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.required.is_empty() && self.excluded.is_empty()
    }

    pub fn allow(&self, chunk: u32) -> bool {
        self.required.iter().all(|group| group.contains(&chunk))
            && !self.excluded.iter().any(|group| group.contains(&chunk))
    }
}

/// The chunks that have any of `terms`, as far as they may be found. Equal inputs give equal results to the last bit.
pub fn rank(
    lists: &[TermList],
    terms: &[QueryTerm],
    constraints: &Constraints,
    (collection, bm25): (Collection, Bm25),
) -> Ranking {
    let average_length = collection.average_length();
    let mut scores: Vec<f32> = Vec::new();
    for QueryTerm { term, weight } in terms {
        let Some(list) = lists.iter().find(|list| list.term == *term) else {
            continue;
        };
        let idf = weight * collection.idf(list.chunks_with());
        for posting in list.rows.iter().flat_map(|row| decode(row)) {
            let at = posting.chunk as usize;
            if at >= scores.len() {
                scores.resize(at + 1, 0.0);
            }
            let (frequency, length) = (f32::from(posting.frequency), f32::from(posting.length));
            scores[at] += bm25.score(idf, frequency, length, average_length);
        }
    }
    let candidates = (0..)
        .zip(scores)
        .filter(|(chunk, score)| *score > 0.0 && constraints.allow(*chunk))
        .map(|(chunk, score)| Candidate { chunk, score });
    Ranking(candidates.collect())
}

fn with_all(lists: &[TermList], group: &Group) -> HashSet<u32> {
    let mut common: Option<HashSet<u32>> = None;
    for term in &group.0 {
        let list = lists.iter().find(|list| list.term == *term);
        let chunks: HashSet<u32> = list.map(|list| list.chunks().collect()).unwrap_or_default();
        common = Some(match common {
            Some(common) => &common & &chunks,
            None => chunks,
        });
    }
    common.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::search::lexical::{Posting, encode};

    const BM25: Bm25 = Bm25 { k1: 1.2, b: 0.75 };

    fn list(term: &str, chunks: &[(u32, u8, u16)]) -> TermList {
        let postings = chunks.iter().map(|(chunk, frequency, length)| Posting {
            chunk: *chunk,
            frequency: *frequency,
            length: *length,
        });
        TermList {
            term: term.to_owned(),
            rows: vec![encode(postings)],
        }
    }

    fn terms(words: &[&str]) -> Vec<QueryTerm> {
        let term = |word: &&str| QueryTerm {
            term: (*word).to_owned(),
            weight: 1.0,
        };
        words.iter().map(term).collect()
    }

    fn group(words: &[&str]) -> Group {
        Group(words.iter().map(|word| (*word).to_owned()).collect())
    }

    /// The numbers are computed by hand from the published formula.
    #[test]
    fn scores_are_those_of_the_formula() {
        let collection = Collection {
            chunks: 3,
            tokens: 12,
        };
        let lists = [list("a", &[(0, 1, 4), (1, 2, 6)]), list("b", &[(1, 1, 6)])];
        let any = Constraints::default();
        let mut found = rank(&lists, &terms(&["a", "b"]), &any, (collection, BM25));
        assert_eq!(found.total(), 2);
        let found = found.best(9);
        let chunks: Vec<u32> = found.iter().map(|found| found.chunk).collect();
        assert_eq!(chunks, [1, 0]);
        assert!((found[0].score - 1.380_853).abs() < 1e-5, "{found:?}");
        assert!((found[1].score - 0.470_004).abs() < 1e-5, "{found:?}");
    }

    #[test]
    fn groups_are_required_and_excluded_as_a_whole() {
        let collection = Collection {
            chunks: 9,
            tokens: 90,
        };
        let lists = [
            list("a", &[(0, 1, 9), (1, 1, 9), (2, 1, 9)]),
            list("b", &[(1, 1, 9), (2, 1, 9)]),
            list("c", &[(2, 1, 9)]),
        ];
        let found = |required: &[Group], excluded: &[Group]| -> Vec<u32> {
            let constraints = Constraints::new(&lists, required, excluded);
            let mut ranked = rank(&lists, &terms(&["a"]), &constraints, (collection, BM25));
            ranked.best(9).iter().map(|found| found.chunk).collect()
        };
        assert_eq!(found(&[], &[]), [0, 1, 2]);
        assert_eq!(found(&[group(&["a", "b"])], &[]), [1, 2]);
        assert_eq!(found(&[], &[group(&["b", "c"])]), [0, 1]);
        assert!(found(&[group(&["a", "nowhere"])], &[]).is_empty());
    }
}
