//! `SearchIndex`: documents put into the index and taken out, and searches.

mod candidates;
mod embedding;
mod hits;
mod index;
mod matrices;
mod nearness;
mod search;

pub use index::{SearchIndex, hide};
