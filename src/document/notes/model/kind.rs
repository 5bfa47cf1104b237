//! The kinds of notes that a model writes.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a note is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NoteKind {
    /// A few sentences.
    ShortSummary,
    /// About a page.
    LongSummary,
    /// Some sentences under each heading of the document.
    SectionSummary,
    KeyPoints,
    /// Terms with their definitions.
    Terms,
    /// Questions with their answers.
    Cards,
    /// A table: documents beside each other, aspect by aspect.
    Comparison,
}

impl NoteKind {
    const ALL: [Self; 7] = [
        Self::ShortSummary,
        Self::LongSummary,
        Self::SectionSummary,
        Self::KeyPoints,
        Self::Terms,
        Self::Cards,
        Self::Comparison,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::ShortSummary => "short_summary",
            Self::LongSummary => "long_summary",
            Self::SectionSummary => "section_summary",
            Self::KeyPoints => "key_points",
            Self::Terms => "terms",
            Self::Cards => "cards",
            Self::Comparison => "comparison",
        }
    }

    /// What a note of this kind is called unless somebody says otherwise.
    pub const fn title(self) -> &'static str {
        match self {
            Self::ShortSummary | Self::LongSummary => "Summary",
            Self::SectionSummary => "Summary by section",
            Self::KeyPoints => "Key points",
            Self::Terms => "Terms",
            Self::Cards => "Question cards",
            Self::Comparison => "Comparison",
        }
    }

    /// Sentences that such a note has at most; those of a longer document's parts are chosen from.
    pub const fn sentences_max(self) -> usize {
        match self {
            Self::ShortSummary => 5,
            Self::LongSummary => 25,
            Self::KeyPoints => 12,
            Self::Terms | Self::Cards => 30,
            Self::SectionSummary | Self::Comparison => 200,
        }
    }

    /// Whether a sentence without a title has no place in such a note.
    pub const fn is_titled(self) -> bool {
        matches!(
            self,
            Self::SectionSummary | Self::Terms | Self::Cards | Self::Comparison
        )
    }
}

impl fmt::Display for NoteKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for NoteKind {
    type Err = String;
    /// The error is the word that names no kind.
    fn from_str(name: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|kind| kind.name() == name);
        found.ok_or_else(|| name.to_owned())
    }
}
