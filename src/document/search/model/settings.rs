//! How a project's index is made, and how it is asked.

use serde::{Deserialize, Serialize};

use crate::document::{
    chunking::{ChunkSettings, Context},
    search::{analyzer::AnalyzerSettings, lexical::Bm25},
};

/// Everything that may be chosen about searching.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SearchSetup {
    pub index: IndexSettings,
    pub ranking: RankingSettings,
}

/// What a change of needs a new index.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct IndexSettings {
    pub chunking: ChunkSettings,
    pub analyzer: AnalyzerSettings,
    pub vectors: VectorModel,
    pub context_writer: ContextWriter,
}

impl IndexSettings {
    /// Whether chunks are found by their document's title.
    pub fn says_titles(&self) -> bool {
        self.chunking.context() == Context::Sections
    }

    /// The model that writes contexts, if one is to.
    pub fn context_model(&self) -> Option<&str> {
        match &self.context_writer {
            ContextWriter::Nobody => None,
            ContextWriter::Model(model) => Some(model),
        }
    }

    /// What two indexes have in common that can share contexts: who writes them, and how the text is cut. `None` where
    /// nobody writes any.
    pub fn way_of_contexts(&self) -> Option<String> {
        let parts = self.chunking.parts().unwrap_or(0);
        let cut = format!("{}/{parts}", self.chunking.characters());
        self.context_model().map(|model| format!("{cut}/{model}"))
    }
}

/// Who writes what a chunk leaves unsaid, so that it is found by it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContextWriter {
    #[default]
    Nobody,
    /// A model or a route of the gateway. Every document of the project is shown to it, at the project's cost.
    Model(String),
}

/// Which model makes vectors of chunks and queries.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VectorModel {
    /// The server's own; none while it has none.
    #[default]
    Default,
    /// Words alone are compared.
    Off,
    /// One of the server's, by name.
    Named(String),
}

/// How what was found is put in order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RankingSettings {
    pub bm25: Bm25,
    /// What a pair of characters counts beside a word.
    pub pair_weight: f32,
    /// Chunks that each of words and vectors contributes.
    pub candidates: usize,
    /// How soon a rank's worth falls: Cormack, Clarke and Büttcher (2009) found 60.
    pub rrf_k: f32,
    pub lexical_weight: f32,
    pub vector_weight: f32,
}

impl Default for RankingSettings {
    fn default() -> Self {
        Self {
            bm25: Bm25 { k1: 1.0, b: 0.85 },
            pair_weight: 0.35,
            candidates: 100,
            rrf_k: 60.0,
            lexical_weight: 1.0,
            vector_weight: 1.0,
        }
    }
}

const CANDIDATES_MIN: usize = 10;
const CANDIDATES_MAX: usize = 1_000;
const RRF_K_MAX: f32 = 1_000.0;
const K1_MAX: f32 = 10.0;
const WEIGHT_MAX: f32 = 100.0;

/// A setup that no search could use.
#[derive(Debug, PartialEq, thiserror::Error)]
#[error("`{field}` is {given}; it must be between {min} and {max}")]
pub struct InvalidSetup {
    pub field: &'static str,
    pub given: f32,
    pub min: f32,
    pub max: f32,
}

impl SearchSetup {
    /// # Errors
    /// Names the first value that is out of its range.
    pub fn checked(self) -> Result<Self, InvalidSetup> {
        let RankingSettings {
            bm25: Bm25 { k1, b },
            pair_weight,
            candidates,
            rrf_k,
            lexical_weight,
            vector_weight,
        } = self.ranking;
        #[expect(clippy::cast_precision_loss, reason = "only to be compared and shown")]
        let float = |number: usize| number as f32;
        let ranges = [
            ("ranking.bm25.k1", k1, 0.0, K1_MAX),
            ("ranking.bm25.b", b, 0.0, 1.0),
            ("ranking.pair_weight", pair_weight, 0.0, WEIGHT_MAX),
            (
                "ranking.candidates",
                float(candidates),
                float(CANDIDATES_MIN),
                float(CANDIDATES_MAX),
            ),
            ("ranking.rrf_k", rrf_k, 1.0, RRF_K_MAX),
            ("ranking.lexical_weight", lexical_weight, 0.0, WEIGHT_MAX),
            ("ranking.vector_weight", vector_weight, 0.0, WEIGHT_MAX),
        ];
        for (field, given, min, max) in ranges {
            if !(min..=max).contains(&given) {
                return Err(InvalidSetup {
                    field,
                    given,
                    min,
                    max,
                });
            }
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_out_of_its_range_is_named_and_the_default_is_valid() {
        assert!(SearchSetup::default().checked().is_ok());
        let mut setup = SearchSetup::default();
        setup.ranking.bm25.b = 1.5;
        let refused = setup.clone().checked().unwrap_err();
        assert_eq!(
            refused.to_string(),
            "`ranking.bm25.b` is 1.5; it must be between 0 and 1"
        );
        setup.ranking.bm25.b = f32::NAN;
        assert!(setup.checked().is_err());
    }

    #[test]
    fn a_setup_needs_to_say_only_what_differs() {
        let text = r#"{"ranking": {"rrf_k": 10}, "index": {"chunking": {"characters": 400}}}"#;
        let setup: SearchSetup = serde_json::from_str(text).unwrap();
        assert_eq!(setup.index.chunking.characters(), 400);
        assert!((setup.ranking.rrf_k - 10.0).abs() < f32::EPSILON);
        assert_eq!(setup.ranking.candidates, 100);
        assert!(serde_json::from_str::<SearchSetup>(r#"{"rank": {}}"#).is_err());
    }
}
