//! `SearchIndex`: documents put into the index and taken out, and searches.

mod candidates;
mod embedding;
mod hits;
mod index;
mod matrices;
mod nearness;
mod search;
mod upkeep;

pub use index::SearchIndex;
pub use nearness::Graph;
