//! The parts of a book, in the order in which they are needed.

use std::{collections::HashMap, io::Read};

use super::{contents, package::Package};
use crate::document::extraction::{
    error::ExtractionError,
    formats::{
        archive::Archive,
        encoding,
        html::{self, Markup},
        limits::FormatLimits,
        pages::Pages,
        xml::{Doctype, Node, Xml},
    },
    model::FileMetadata,
};

const CONTAINER: &str = "META-INF/container.xml";
const ENCRYPTION: &str = "META-INF/encryption.xml";
const ENCRYPTION_BYTES: u64 = 4 * 1024 * 1024;

pub fn read(
    archive: &mut Archive<'_>,
    mut pages: Pages<'_>,
) -> Result<FileMetadata, ExtractionError> {
    let limits = pages.limits();
    let path = package_path(archive, limits)?;
    let xml = Xml::new(archive.required(&path)?, limits, Doctype::Named);
    let package = Package::read(&path, xml)?;
    let encrypted = archive
        .text(ENCRYPTION, ENCRYPTION_BYTES)?
        .unwrap_or_default();
    let names = match &package.contents {
        Some((path, is_xhtml)) => names(archive, path, *is_xhtml, limits)?,
        None => HashMap::new(),
    };
    for chapter in &package.chapters {
        // Fonts may be garbled, which is no protection; chapters that are, are.
        let file = chapter.rsplit('/').next().unwrap_or(chapter);
        if encrypted.contains(file) {
            return Err(ExtractionError::Encrypted);
        }
        let mut bytes = Vec::new();
        archive.required(chapter)?.read_to_end(&mut bytes)?;
        let text = encoding::decode(&bytes, None)?;
        pages.begin(names.get(chapter).cloned())?;
        html::walk(&text, Markup::Xhtml, &mut pages)?;
    }
    pages.finish(package.said)
}

fn package_path(
    archive: &mut Archive<'_>,
    limits: &FormatLimits,
) -> Result<String, ExtractionError> {
    let mut xml = Xml::new(archive.required(CONTAINER)?, limits, Doctype::Named);
    while let Some(node) = xml.next()? {
        if let Node::Open(element) = node
            && element.name() == "rootfile"
            && let Some(path) = element.attribute("full-path")
        {
            return Ok(path);
        }
    }
    Err(ExtractionError::damaged(CONTAINER, "it names no package"))
}

/// A table of contents that can not be read costs the chapters' names, not the book. One that is unsafe does.
fn names(
    archive: &mut Archive<'_>,
    path: &str,
    is_xhtml: bool,
    limits: &FormatLimits,
) -> Result<HashMap<String, String>, ExtractionError> {
    let Some(part) = archive.part(path)? else {
        return Ok(HashMap::new());
    };
    match contents::read(path, Xml::new(part, limits, Doctype::Named), is_xhtml) {
        Err(ExtractionError::Damaged { .. }) => Ok(HashMap::new()),
        read => read,
    }
}
