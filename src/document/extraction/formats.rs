//! Stand-in until the readers of formats are here.

use std::io::{Read, Seek};

use super::{error::ExtractionError, kind::NativeKind};

pub fn kind_of_archive(_: &mut (impl Read + Seek)) -> Result<NativeKind, ExtractionError> {
    Ok(NativeKind::Docx)
}

pub fn is_text(head: &[u8]) -> bool {
    !head.contains(&0)
}

pub fn is_html(head: &[u8]) -> bool {
    head.starts_with(b"<!doctype html") || head.starts_with(b"<html")
}
