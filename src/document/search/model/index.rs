//! Generations of an index, and what they are made of.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::IndexSettings;
use crate::kernel::Id;

macro_rules! numbers {
    ($($(#[$doc:meta])* $name:ident;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(i32);

        impl $name {
            pub(in crate::document::search) const fn stored(number: i32) -> Self {
                Self(number)
            }

            pub const fn get(self) -> i32 {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }
    )+};
}

numbers! {
    /// A generation of a project's index.
    IndexNumber;
    /// The vectors that one model made of an index's chunks.
    SpaceNumber;
}

/// Marker of [`EntryId`].
pub enum EntryMarker {}
/// One putting of a document into an index. Its chunks are found once it is complete, all at once.
pub type EntryId = Id<EntryMarker>;

/// What becomes of a generation: of an index, or of its vectors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IndexState {
    /// Is being filled beside the one that serves.
    Building,
    /// Answers searches.
    Serving,
    /// Answers no more, and is being removed.
    Retired,
}

impl IndexState {
    pub const ALL: [Self; 3] = [Self::Building, Self::Serving, Self::Retired];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Building => "building",
            Self::Serving => "serving",
            Self::Retired => "retired",
        }
    }
}

/// A generation that documents are to be put into.
#[derive(Clone, Debug, PartialEq)]
pub struct IndexTarget {
    pub number: IndexNumber,
    pub settings: IndexSettings,
}
