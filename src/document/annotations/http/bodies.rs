//! What we answer.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    document::{
        annotations::model::{Annotation, AnnotationPlace},
        extraction::Rect,
    },
    kernel::Cursor,
};

/// A box on a page, in points from its top left corner.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AnnotationBoxBody)]
pub struct BoxBody {
    left: f32,
    top: f32,
    right: f32,
    bottom: f32,
}

/// What somebody marked and said.
#[derive(Serialize, ToSchema)]
pub struct AnnotationBody {
    id: String,
    document: String,
    version: String,
    page: i32,
    start: Option<usize>,
    end: Option<usize>,
    /// The marked words, as they stand there.
    quote: Option<String>,
    r#box: Option<BoxBody>,
    comment: String,
    color: String,
    created_by: String,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

/// One page of annotations.
#[derive(Serialize, ToSchema)]
pub struct AnnotationsBody {
    pub items: Vec<AnnotationBody>,
    #[schema(value_type = Option<String>)]
    pub next: Option<Cursor>,
}

impl From<BoxBody> for Rect {
    fn from(body: BoxBody) -> Self {
        let BoxBody {
            left,
            top,
            right,
            bottom,
        } = body;
        Self {
            left,
            top,
            right,
            bottom,
        }
    }
}

impl From<Rect> for BoxBody {
    fn from(rect: Rect) -> Self {
        let Rect {
            left,
            top,
            right,
            bottom,
        } = rect;
        Self {
            left,
            top,
            right,
            bottom,
        }
    }
}

impl From<Annotation> for AnnotationBody {
    fn from(annotation: Annotation) -> Self {
        let Annotation {
            id,
            project: _, // the caller's own
            document,
            version,
            page,
            place,
            comment,
            color,
            created_by,
            created_at,
            updated_at,
        } = annotation;
        let (words, bounds) = match place {
            AnnotationPlace::Text { start, end, quote } => (Some((start, end, quote)), None),
            AnnotationPlace::Box { bounds } => (None, Some(bounds.into())),
        };
        Self {
            id: id.to_string(),
            document: document.to_string(),
            version: version.to_string(),
            page,
            start: words.as_ref().map(|(start, ..)| *start),
            end: words.as_ref().map(|(_, end, _)| *end),
            quote: words.map(|(_, _, quote)| quote),
            r#box: bounds,
            comment: comment.as_str().to_owned(),
            color: color.as_str().to_owned(),
            created_by,
            created_at: created_at.into(),
            updated_at: updated_at.into(),
        }
    }
}
