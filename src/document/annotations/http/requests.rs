//! What callers send: parsed here, so that what goes in is valid.

use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::bodies::BoxBody;
use crate::document::{
    DocumentError, VersionNumber,
    annotations::model::{Color, Comment, NewAnnotation, NewPlace},
};

/// Words of a version's text (`start`, `end`), or a box on a page (`page`, `box`).
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Annotate {
    /// The number of the version; the latest when absent.
    version: Option<i32>,
    /// In characters of the version's text.
    start: Option<usize>,
    end: Option<usize>,
    page: Option<i32>,
    r#box: Option<BoxBody>,
    #[serde(default)]
    comment: String,
    /// `#rrggbb`
    color: Option<String>,
}

/// What is to be changed; what is absent stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeAnnotation {
    pub comment: Option<String>,
    pub color: Option<String>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListAnnotations {
    /// Only those of the version with this number.
    pub version: Option<i32>,
    /// Where the page begins: `next` of the page before.
    pub cursor: Option<String>,
    pub limit: Option<u32>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ExportAnnotations {
    /// The number of the version; the latest when absent.
    pub version: Option<i32>,
}

impl Annotate {
    pub fn parse(self) -> Result<NewAnnotation, DocumentError> {
        let place = match (self.start, self.end, self.page, self.r#box) {
            (Some(start), Some(end), None, None) => NewPlace::Text { start, end },
            (None, None, Some(page), Some(bounds)) => {
                let bounds = bounds.into();
                NewPlace::Box { page, bounds }
            }
            _ => {
                let why = "is needed with `page`, or else `start` with `end`";
                return Err(DocumentError::invalid("box", why));
            }
        };
        Ok(NewAnnotation {
            version: self.version.map(VersionNumber::parse).transpose()?,
            place,
            comment: Comment::parse(&self.comment)?,
            color: self
                .color
                .as_deref()
                .map(Color::parse)
                .transpose()?
                .unwrap_or_default(),
        })
    }
}
