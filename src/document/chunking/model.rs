//! What a chunk is, and what may be chosen about chunks.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::document::extraction::Page;

/// Characters of a chunk, where nothing else is chosen: what ranked best for whole documents.
const CHARACTERS: usize = 1_600;
/// Characters of a chunk that is to hold one fact: between 64 and 128 tokens of English.
const FACT_CHARACTERS: usize = 400;
const CHARACTERS_MIN: usize = 100;
const CHARACTERS_MAX: usize = 20_000;

/// The version whose text is cut.
#[derive(Clone, Copy, Debug)]
pub struct Version<'a> {
    pub id: Uuid,
    pub title: Option<&'a str>,
    pub pages: &'a [Page],
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chunk {
    /// UUIDv5 in the version's id, of the settings, the place and the text: the same for the same version, as long
    /// as its text and the settings are the same.
    pub id: Uuid,
    /// The larger chunk that this one is a part of: found by the small one, read in the large one.
    pub parent: Option<Uuid>,
    /// From 0, in the order of the text; a parent stands before its parts.
    pub ordinal: u32,
    /// The headings above it, the outermost first.
    pub section: Vec<String>,
    /// Its part of the version's text, in characters: from `start` up to, without, `end`.
    pub start: u32,
    pub end: u32,
    /// Exactly that part.
    pub text: String,
    /// What the part does not say by itself: the document's title and its sections, a long table's header row.
    pub prefix: Option<String>,
    pub first_page: u32,
    pub last_page: u32,
    pub kind: ChunkKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChunkKind {
    Text,
    /// Nothing but rows of one table.
    Table,
    /// Nothing but code.
    Code,
    /// Nothing but entries of the list of references.
    Reference,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Choice")]
pub struct ChunkSettings {
    characters: usize,
    parts: Option<usize>,
    context: Context,
}

/// What stands in a chunk's prefix.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Context {
    Nothing,
    /// The document's title and the sections.
    #[default]
    Sections,
}

/// Settings that make no chunks.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidChunkSettings {
    #[error("chunks have between {CHARACTERS_MIN} and {CHARACTERS_MAX} characters, not {0}")]
    Characters(usize),
    #[error("a part is smaller than its chunk of {characters} characters, not {parts}")]
    Parts { characters: usize, parts: usize },
}

impl ChunkSettings {
    /// Chunks of up to `characters`; with `parts`, each is cut again into parts of up to so many.
    pub fn new(
        characters: usize,
        parts: Option<usize>,
        context: Context,
    ) -> Result<Self, InvalidChunkSettings> {
        for size in [Some(characters), parts].into_iter().flatten() {
            if !(CHARACTERS_MIN..=CHARACTERS_MAX).contains(&size) {
                return Err(InvalidChunkSettings::Characters(size));
            }
        }
        match parts {
            Some(parts) if parts >= characters => {
                Err(InvalidChunkSettings::Parts { characters, parts })
            }
            _ => Ok(Self {
                characters,
                parts,
                context,
            }),
        }
    }

    /// Small parts that are found by one fact, in chunks of the usual size.
    pub fn facts() -> Self {
        Self {
            parts: Some(FACT_CHARACTERS),
            ..Self::default()
        }
    }

    pub fn characters(&self) -> usize {
        self.characters
    }

    pub fn parts(&self) -> Option<usize> {
        self.parts
    }

    pub fn context(&self) -> Context {
        self.context
    }
}

impl Default for ChunkSettings {
    fn default() -> Self {
        Self {
            characters: CHARACTERS,
            parts: None,
            context: Context::default(),
        }
    }
}

/// Settings as they are written down.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Choice {
    characters: usize,
    parts: Option<usize>,
    #[serde(default)]
    context: Context,
}

impl TryFrom<Choice> for ChunkSettings {
    type Error = InvalidChunkSettings;

    fn try_from(choice: Choice) -> Result<Self, Self::Error> {
        Self::new(choice.characters, choice.parts, choice.context)
    }
}
