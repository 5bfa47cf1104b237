//! Footnotes and endnotes: parts of their own, to which the text refers by number.

use std::collections::HashMap;

use crate::document::extraction::{
    error::ExtractionError,
    formats::xml::{Node, Xml},
};

/// Texts of notes by their ids.
pub fn read(mut xml: Xml<'_>) -> Result<HashMap<String, String>, ExtractionError> {
    let mut notes = HashMap::new();
    let mut open: Option<(String, String)> = None;
    while let Some(node) = xml.next()? {
        let mut skip = false;
        match node {
            Node::Open(element) => match (element.name(), &mut open) {
                ("footnote" | "endnote", _) => {
                    // Separators have a type, notes have none.
                    let is_note =
                        matches!(element.attribute("type").as_deref(), None | Some("normal"));
                    open = element
                        .attribute("id")
                        .filter(|_| is_note)
                        .map(|id| (id, String::new()));
                }
                ("p" | "tab" | "br", Some((_, text))) => text.push(' '),
                ("del" | "moveFrom" | "instrText" | "rt" | "Fallback", _) => skip = true,
                _ => {}
            },
            Node::Close(element) => {
                if matches!(element.name(), "footnote" | "endnote") {
                    notes.extend(open.take());
                }
            }
            Node::Text(part) => {
                if let Some((_, text)) = &mut open {
                    text.push_str(&part);
                }
            }
            Node::Other => {}
        }
        if skip {
            xml.skip()?;
        }
    }
    Ok(notes)
}
