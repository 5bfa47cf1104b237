//! A search that somebody asks for.

use super::SearchFilter;
use crate::document::search::query::{InvalidQuery, Words};

/// Hits of a page.
pub const LIMIT_MAX: usize = 100;
/// Hits that may be skipped.
pub const OFFSET_MAX: usize = 1_000;
/// Hits that a reranker reads.
pub const RERANK_MAX: usize = 100;

/// What is compared: words, vectors, or both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    Lexical,
    Vector,
    /// Both, where there are vectors; else words.
    #[default]
    Hybrid,
}

/// How much a hit has to differ from those before it: 0 not at all, 1 as much as it can.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Diversity(f32);

impl Diversity {
    /// # Errors
    /// Unless between 0 and 1.
    pub fn parse(value: f32) -> Result<Self, RequestError> {
        if (0.0..=1.0).contains(&value) {
            return Ok(Self(value));
        }
        Err(RequestError::Range {
            field: "diversity",
            given: value.to_string(),
            min: 0,
            max: 1,
        })
    }

    pub const fn get(self) -> f32 {
        self.0
    }
}

#[derive(Debug, PartialEq, thiserror::Error)]
pub enum RequestError {
    #[error("`query` {0}")]
    Query(#[from] InvalidQuery),
    #[error("`{field}` is {given}; it must be between {min} and {max}")]
    Range {
        field: &'static str,
        given: String,
        min: usize,
        max: usize,
    },
}

#[derive(Clone, Debug, PartialEq)]
pub struct SearchRequest {
    pub words: Words,
    pub mode: Mode,
    pub filter: SearchFilter,
    pub offset: usize,
    pub limit: usize,
    /// At most one hit of a document.
    pub one_per_document: bool,
    pub diversity: Option<Diversity>,
    /// How many of the best a reranker reads again.
    pub rerank: Option<usize>,
    /// Every vector is compared, although an index could leave most out.
    pub exact: bool,
    /// A hit says also what the larger chunk around it says.
    pub expand: bool,
    pub facets: bool,
    pub explain: bool,
}

impl SearchRequest {
    pub const LIMIT: usize = 10;

    pub fn new(words: Words) -> Self {
        Self {
            words,
            mode: Mode::default(),
            filter: SearchFilter::default(),
            offset: 0,
            limit: Self::LIMIT,
            one_per_document: false,
            diversity: None,
            rerank: None,
            exact: false,
            expand: false,
            facets: false,
            explain: false,
        }
    }

    /// # Errors
    /// When a number is out of its range.
    pub fn checked(self) -> Result<Self, RequestError> {
        let ranges = [
            ("limit", Some(self.limit), 1, LIMIT_MAX),
            ("offset", Some(self.offset), 0, OFFSET_MAX),
            ("rerank", self.rerank, 1, RERANK_MAX),
        ];
        for (field, given, min, max) in ranges {
            if let Some(given) = given.filter(|given| !(min..=max).contains(given)) {
                return Err(RequestError::Range {
                    field,
                    given: given.to_string(),
                    min,
                    max,
                });
            }
        }
        Ok(self)
    }
}
