//! Ranking by words: BM25 over posting lists that both databases keep alike, so that both rank alike.

mod bm25;
mod postings;
mod ranking;

pub use bm25::{Bm25, Collection};
pub use postings::{POSTING_BYTES, Posting, SEALED_BYTES, decode, encode};
pub use ranking::{Candidate, Constraints, Group, QueryTerm, Ranking, TermList, rank};
