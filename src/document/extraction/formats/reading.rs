//! One file, by its kind: who reads it.

use std::{
    io::{Read, Seek, SeekFrom},
    sync::LazyLock,
};

use regex::bytes::Regex;

use super::{
    archive::{Archive, Source},
    csv, docx, encoding, epub, html,
    limits::FormatLimits,
    markdown, odt,
    pages::{Pages, within},
    plain, pptx, xlsx,
};
use crate::document::extraction::{
    error::{ExtractionError, Limit},
    kind::NativeKind,
    model::{FileMetadata, Page},
};

/// Bytes at a page's beginning in which it names its encoding.
const DECLARATION_BYTES: usize = 4 * 1024;

/// Reads a file from its beginning to its end; `emit` gets its pages in order, and ends the reading with an error.
pub fn read(
    kind: NativeKind,
    input: &mut (impl Read + Seek),
    limits: &FormatLimits,
    emit: &mut dyn FnMut(Page) -> Result<(), ExtractionError>,
) -> Result<FileMetadata, ExtractionError> {
    input.seek(SeekFrom::Start(0))?;
    let pages = Pages::new(limits, emit);
    let read = match kind {
        NativeKind::Docx => docx::read,
        NativeKind::Pptx => pptx::read,
        NativeKind::Xlsx => xlsx::read,
        NativeKind::Odt => odt::read,
        NativeKind::Epub => epub::read,
        NativeKind::Html => return html::read(&text(input, limits, declared_encoding)?, pages),
        NativeKind::Markdown => return markdown::read(&text(input, limits, none)?, pages),
        NativeKind::Plain => return plain::read(&text(input, limits, none)?, pages),
        NativeKind::Csv => return csv::read(&text(input, limits, none)?, pages),
    };
    read(&mut Archive::open(input, limits)?, pages)
}

/// A whole file as text; `declared` finds the encoding that the file names.
fn text(
    input: &mut dyn Source,
    limits: &FormatLimits,
    declared: fn(&[u8]) -> Option<String>,
) -> Result<String, ExtractionError> {
    let mut bytes = Vec::new();
    input.take(limits.text_bytes + 1).read_to_end(&mut bytes)?;
    within(Limit::FileBytes, bytes.len() as u64, limits.text_bytes)?;
    encoding::decode(&bytes, declared(&bytes).as_deref())
}

fn none(_: &[u8]) -> Option<String> {
    None
}

fn declared_encoding(page: &[u8]) -> Option<String> {
    static CHARSET: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r#"(?i-u)<(?:meta[^>]*charset|\?xml[^>]*encoding)\s*=\s*["']?([-_:.a-z0-9]+)"#)
            .expect("a regex that compiles")
    });
    let beginning = &page[..page.len().min(DECLARATION_BYTES)];
    let found = CHARSET.captures(beginning)?;
    Some(String::from_utf8_lossy(&found[1]).into_owned())
}
