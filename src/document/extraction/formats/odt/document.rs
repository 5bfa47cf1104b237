//! The parts of an ODT file, in the order in which they are needed.

use super::{content::Content, styles::Styles};
use crate::document::extraction::{
    error::ExtractionError,
    formats::{
        archive::Archive,
        office,
        pages::Pages,
        xml::{Doctype, Node, Xml},
    },
    guess,
    model::FileMetadata,
};

const CONTENT: &str = "content.xml";
const MANIFEST: &str = "META-INF/manifest.xml";
const MANIFEST_BYTES: u64 = 4 * 1024 * 1024;

pub fn read(
    archive: &mut Archive<'_>,
    mut pages: Pages<'_>,
) -> Result<FileMetadata, ExtractionError> {
    let limits = pages.limits();
    let manifest = archive.text(MANIFEST, MANIFEST_BYTES)?;
    if manifest.is_some_and(|manifest| manifest.contains("encryption-data")) {
        return Err(ExtractionError::Encrypted);
    }
    let said = match archive.part("meta.xml")? {
        Some(part) => metadata(Xml::new(part, limits, Doctype::Refused))?,
        None => FileMetadata::default(),
    };
    let mut styles = Styles::default();
    if let Some(part) = archive.part("styles.xml")? {
        let mut xml = Xml::new(part, limits, Doctype::Refused);
        while let Some(node) = xml.next()? {
            if let Node::Open(element) = node {
                styles.element(&element);
            }
        }
    }
    pages.begin(None)?;
    let xml = Xml::new(archive.required(CONTENT)?, limits, Doctype::Refused);
    Content::new(&mut pages, styles).read(xml)?;
    pages.finish(said)
}

fn metadata(mut xml: Xml<'_>) -> Result<FileMetadata, ExtractionError> {
    let mut said = FileMetadata::default();
    while let Some(node) = xml.next()? {
        let Node::Open(element) = node else { continue };
        let name = element.qualified().to_owned();
        match name.as_str() {
            "dc:title" => said.title = Some(xml.text()?),
            "meta:initial-creator" => said.authors = office::authors(&xml.text()?),
            "dc:creator" if said.authors.is_empty() => said.authors = office::authors(&xml.text()?),
            "meta:creation-date" => said.year = guess::year(&xml.text()?),
            "dc:language" => said.language = Some(xml.text()?),
            _ => {}
        }
    }
    Ok(said)
}
