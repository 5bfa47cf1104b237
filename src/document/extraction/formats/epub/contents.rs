//! The table of contents of a book: what each chapter is called.

use std::collections::HashMap;

use super::package::unescaped;
use crate::document::extraction::{
    error::ExtractionError,
    formats::{
        office::resolved,
        pages::one_line,
        xml::{Node, Xml},
    },
};

/// Names of chapters by their paths; the first name of each counts.
pub fn read(
    path: &str,
    mut xml: Xml<'_>,
    is_xhtml: bool,
) -> Result<HashMap<String, String>, ExtractionError> {
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut names = HashMap::new();
    let mut name = String::new();
    while let Some(node) = xml.next()? {
        let Node::Open(element) = node else { continue };
        let target = match (element.name(), is_xhtml) {
            ("a", true) => element.attribute("href"),
            ("content", false) => element.attribute("src"),
            ("text", false) => {
                name = xml.text()?;
                continue;
            }
            _ => continue,
        };
        if is_xhtml {
            name = xml.text()?;
        }
        if let Some(target) = target {
            let path = resolved(folder, &unescaped(&target));
            names.entry(path).or_insert_with(|| one_line(&name));
        }
    }
    Ok(names)
}
