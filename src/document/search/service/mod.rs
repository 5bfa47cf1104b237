//! `SearchIndex`: documents put into the index and taken out, and searches.

mod candidates;
mod contexts;
mod embedding;
mod evaluation;
mod hits;
mod index;
mod matrices;
mod nearness;
mod putting;
mod search;
mod setup;
mod upkeep;

pub use evaluation::{NewLabelledQuery, QUERIES_MAX};
pub use index::{SearchIndex, SearchParts, Writer};
