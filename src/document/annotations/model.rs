//! What an annotation is. Pure.

use serde::{Deserialize, Serialize};

use crate::{
    document::{DocumentError, DocumentId, VersionId, extraction::Rect},
    kernel::{Id, ProjectId, Timestamp},
};

/// Characters of a comment.
const COMMENT_MAX_CHARS: usize = 10_000;

/// Marker of [`AnnotationId`].
pub enum AnnotationMarker {}
pub type AnnotationId = Id<AnnotationMarker>;

/// What somebody says; may be empty where the mark says enough.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comment(String);

impl Comment {
    /// # Errors
    /// `document_invalid` when it is too long.
    pub fn parse(text: &str) -> Result<Self, DocumentError> {
        let chars = text.chars().count();
        if chars > COMMENT_MAX_CHARS || text.contains('\0') {
            let why =
                format!("has {chars} characters; it takes up to {COMMENT_MAX_CHARS}, and no NUL");
            return Err(DocumentError::invalid("comment", why));
        }
        Ok(Self(text.to_owned()))
    }

    pub(super) const fn stored(text: String) -> Self {
        Self(text)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// `#rrggbb`, in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Color(String);

impl Default for Color {
    fn default() -> Self {
        Self("#ffd54f".to_owned())
    }
}

impl Color {
    /// # Errors
    /// `document_invalid` when it is none.
    pub fn parse(text: &str) -> Result<Self, DocumentError> {
        let digits = text.strip_prefix('#').unwrap_or_default();
        if digits.len() != 6 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            let why = format!("is `{text}`; it must be `#` and six hexadecimal digits");
            return Err(DocumentError::invalid("color", why));
        }
        Ok(Self(text.to_ascii_lowercase()))
    }

    pub(super) const fn stored(text: String) -> Self {
        Self(text)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What is marked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum AnnotationPlace {
    /// Words of the version's text, from `start` up to, without, `end`, in characters.
    Text {
        start: usize,
        end: usize,
        /// As they stand there.
        quote: String,
    },
    /// A box on the page, in points from its top left corner.
    Box { bounds: Rect },
}

/// What somebody marked and said.
#[derive(Clone, Debug)]
pub struct Annotation {
    pub id: AnnotationId,
    pub project: ProjectId,
    pub document: DocumentId,
    pub version: VersionId,
    pub page: i32,
    pub place: AnnotationPlace,
    pub comment: Comment,
    pub color: Color,
    pub created_by: String,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// Where somebody wants to mark something.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum NewPlace {
    Text { start: usize, end: usize },
    Box { page: i32, bounds: Rect },
}

/// An annotation to be made.
#[derive(Clone, Debug)]
pub struct NewAnnotation {
    /// The version; the latest when absent.
    pub version: Option<crate::document::VersionNumber>,
    pub place: NewPlace,
    pub comment: Comment,
    pub color: Color,
}

impl NewPlace {
    /// # Errors
    /// `document_invalid` when nothing would be marked.
    pub fn validate(&self) -> Result<(), DocumentError> {
        match self {
            Self::Text { start, end } if start >= end => {
                let why = format!("is {end}; it must be greater than `start`, {start}");
                Err(DocumentError::invalid("end", why))
            }
            Self::Box { bounds, .. } if !is_a_box(bounds) => {
                let why = "must have `left` < `right` and `top` < `bottom`, none below 0";
                Err(DocumentError::invalid("box", why))
            }
            Self::Text { .. } | Self::Box { .. } => Ok(()),
        }
    }
}

fn is_a_box(bounds: &Rect) -> bool {
    let Rect {
        left,
        top,
        right,
        bottom,
    } = *bounds;
    left >= 0.0
        && top >= 0.0
        && left < right
        && top < bottom
        && right.is_finite()
        && bottom.is_finite()
}
