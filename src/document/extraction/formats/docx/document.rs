//! The parts of a Word document, in the order in which they are needed.

use std::collections::HashMap;

use super::{
    body::{Body, Notes},
    notes,
    styles::Styles,
};
use crate::document::extraction::{
    error::ExtractionError,
    formats::{
        archive::Archive,
        office::{self, Relationships},
        pages::Pages,
        xml::{Doctype, Xml},
    },
    model::{BlockKind, FileMetadata},
};

pub fn read(
    archive: &mut Archive<'_>,
    mut pages: Pages<'_>,
) -> Result<FileMetadata, ExtractionError> {
    let limits = pages.limits();
    let said = office::metadata(archive, limits)?;
    let main = office::main_part(archive, limits, "word/document.xml")?;
    let related = Relationships::of(archive, &main, limits)?;
    let styles = match related.first(archive, "styles")? {
        Some(part) => Styles::read(Xml::new(part, limits, Doctype::Refused))?,
        None => Styles::default(),
    };
    let notes = Notes {
        footnotes: notes_of(archive, &related, "footnotes", &pages)?,
        endnotes: notes_of(archive, &related, "endnotes", &pages)?,
    };
    pages.begin(None)?;
    for (kind, block) in [
        ("header", BlockKind::PageHeader),
        ("footer", BlockKind::PageFooter),
    ] {
        for path in related.paths(kind) {
            let Some(part) = archive.part(path)? else {
                continue;
            };
            let xml = Xml::new(part, limits, Doctype::Refused);
            let body = Body::new(&mut pages, &styles, Notes::none());
            body.of_kind(block.clone()).read(xml)?;
        }
    }
    let document = Xml::new(archive.required(&main)?, limits, Doctype::Refused);
    Body::new(&mut pages, &styles, notes).read(document)?;
    pages.finish(said)
}

fn notes_of(
    archive: &mut Archive<'_>,
    related: &Relationships,
    kind: &str,
    pages: &Pages<'_>,
) -> Result<HashMap<String, String>, ExtractionError> {
    match related.first(archive, kind)? {
        Some(part) => notes::read(Xml::new(part, pages.limits(), Doctype::Refused)),
        None => Ok(HashMap::new()),
    }
}
