//! How large a page is drawn for people who look at it. Pure.

use crate::document::DocumentError;

/// Pixels across the picture of a page: few widths, so that each is drawn once and kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PictureWidth {
    Small,
    #[default]
    Medium,
    Large,
}

impl PictureWidth {
    pub const ALL: [Self; 3] = [Self::Small, Self::Medium, Self::Large];

    pub const fn pixels(self) -> u32 {
        match self {
            Self::Small => 320,
            Self::Medium => 1_000,
            Self::Large => 2_000,
        }
    }

    /// # Errors
    /// `document_invalid`, naming the widths there are.
    pub fn parse(pixels: u32) -> Result<Self, DocumentError> {
        let found = Self::ALL.into_iter().find(|width| width.pixels() == pixels);
        found.ok_or_else(|| {
            let known = Self::ALL.map(|width| width.pixels().to_string()).join(", ");
            DocumentError::invalid("width", format!("is {pixels}; it must be one of {known}"))
        })
    }
}
