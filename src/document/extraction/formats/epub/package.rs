//! The package document of a book: what it says of itself, and its chapters in reading order.

use std::collections::HashMap;

use crate::document::extraction::{
    error::ExtractionError,
    formats::{
        office::resolved,
        xml::{Element, Node, Xml},
    },
    guess,
    model::FileMetadata,
};

#[derive(Default)]
pub struct Package {
    pub said: FileMetadata,
    /// Paths in the archive.
    pub chapters: Vec<String>,
    /// The table of contents: `true` where it is XHTML, else the older kind.
    pub contents: Option<(String, bool)>,
}

struct Item {
    path: String,
    media_type: String,
}

impl Package {
    pub fn read(path: &str, mut xml: Xml<'_>) -> Result<Self, ExtractionError> {
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let mut package = Self::default();
        let mut items: HashMap<String, Item> = HashMap::new();
        let mut spine = Vec::new();
        while let Some(node) = xml.next()? {
            let Node::Open(element) = node else { continue };
            let name = element.name().to_owned();
            match name.as_str() {
                "item" => package.item(&element, folder, &mut items),
                "itemref" => spine.extend(element.attribute("idref")),
                "title" | "creator" | "date" | "language" | "identifier" => {
                    let text = xml.text()?;
                    package.says(&name, text);
                }
                _ => {}
            }
        }
        for id in spine {
            let item = items.get(&id).ok_or_else(|| {
                ExtractionError::damaged(path, format!("its chapter {id:?} is not in the book"))
            })?;
            if matches!(
                item.media_type.as_str(),
                "application/xhtml+xml" | "text/html"
            ) {
                package.chapters.push(item.path.clone());
            }
        }
        Ok(package)
    }

    fn item(&mut self, element: &Element<'_>, folder: &str, items: &mut HashMap<String, Item>) {
        let (Some(id), Some(href)) = (element.attribute("id"), element.attribute("href")) else {
            return;
        };
        let path = resolved(folder, &unescaped(&href));
        let media_type = element.attribute("media-type").unwrap_or_default();
        let properties = element.attribute("properties").unwrap_or_default();
        if properties
            .split_ascii_whitespace()
            .any(|word| word == "nav")
        {
            self.contents = Some((path.clone(), true));
        } else if media_type == "application/x-dtbncx+xml" && self.contents.is_none() {
            self.contents = Some((path.clone(), false));
        }
        items.insert(id, Item { path, media_type });
    }

    fn says(&mut self, name: &str, text: String) {
        let said = &mut self.said;
        match name {
            "title" if said.title.is_none() => said.title = Some(text),
            "creator" => said.authors.push(text),
            "date" => said.year = said.year.or_else(|| guess::year(&text)),
            "language" if said.language.is_none() => said.language = Some(text),
            "identifier" => said.doi = said.doi.take().or_else(|| guess::doi(&text)),
            _ => {}
        }
    }
}

/// A reference as a path: without its fragment, `%20` as what it stands for.
pub fn unescaped(href: &str) -> String {
    let path = href.split(['#', '?']).next().unwrap_or_default();
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let [byte, tail @ ..] = rest {
        let escaped = match (byte, tail) {
            (b'%', [high, low, ..]) => hexadecimal(*high).zip(hexadecimal(*low)),
            _ => None,
        };
        if let Some((high, low)) = escaped {
            bytes.push(high * 16 + low);
            rest = &tail[2..];
        } else {
            bytes.push(*byte);
            rest = tail;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hexadecimal(digit: u8) -> Option<u8> {
    let value = char::from(digit).to_digit(16)?;
    u8::try_from(value).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_a_path() {
        assert_eq!(unescaped("text/ch%201.xhtml#part"), "text/ch 1.xhtml");
        assert_eq!(unescaped("100%"), "100%");
        assert_eq!(unescaped("%E7%AB%A0.xhtml"), "章.xhtml");
    }
}
