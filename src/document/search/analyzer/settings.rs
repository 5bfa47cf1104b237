//! What of the analyzer a project may choose. It is part of an index's settings: a change needs a new index.

use serde::{Deserialize, Serialize};

/// Which terms are made of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AnalyzerSettings {
    /// Words of what is written without spaces, as ICU's dictionary cuts them.
    pub words: bool,
    /// Pairs of neighbouring characters of what is written without spaces.
    pub bigrams: bool,
    /// Words that are written with spaces lose their English endings.
    pub stems: bool,
    /// English words that say nothing ("the", "of") are left out.
    pub stop_words: bool,
    /// Katakana and hiragana are one.
    pub kana: bool,
}

impl Default for AnalyzerSettings {
    fn default() -> Self {
        Self {
            words: true,
            bigrams: true,
            stems: true,
            stop_words: false,
            kana: true,
        }
    }
}
