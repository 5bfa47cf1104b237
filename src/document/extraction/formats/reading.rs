//! One file, by its kind: who reads it.

use std::io::{Read, Seek};

use super::{limits::FormatLimits, pages::Pages};
use crate::document::extraction::{
    error::ExtractionError,
    kind::NativeKind,
    model::{FileMetadata, Page},
};

/// Reads a file from its beginning to its end; `emit` gets its pages in order, and ends the reading with an error.
pub fn read<'a>(
    kind: NativeKind,
    input: &mut (impl Read + Seek),
    limits: &'a FormatLimits,
    emit: &'a mut (dyn FnMut(Page) -> Result<(), ExtractionError> + 'a),
) -> Result<FileMetadata, ExtractionError> {
    let _ = (kind, input, Pages::new(limits, emit));
    Err(ExtractionError::EngineMissing {
        engine: kind_name(kind).to_owned(),
        why: "this format is not read yet".to_owned(),
    })
}

fn kind_name(kind: NativeKind) -> &'static str {
    crate::document::extraction::kind::FileKind::from(kind).as_str()
}
