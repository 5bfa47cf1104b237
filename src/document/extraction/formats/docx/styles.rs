//! What a paragraph is by its style. Word names its own styles in English whatever its language, others translate them.

use std::collections::HashMap;

use crate::document::extraction::{
    error::ExtractionError,
    formats::xml::{Node, Xml},
    model::BlockKind,
};

/// A style may be based on one that is based on one; further ones are not looked at.
const ANCESTORS_MAX: usize = 16;
const HEADING_NAMES: [&str; 4] = ["heading", "見出し", "標題", "überschrift"];
const TITLE_NAMES: [&str; 3] = ["title", "表題", "タイトル"];
const CAPTION_NAMES: [&str; 4] = ["caption", "図表番号", "キャプション", "table caption"];
const LIST_NAMES: [&str; 5] = [
    "list bullet",
    "list number",
    "箇条書き",
    "段落番号",
    "行頭文字",
];
const CODE_NAMES: [&str; 6] = [
    "html preformatted",
    "html 書式付き",
    "source code",
    "code",
    "plain text",
    "macro",
];
const REFERENCE_NAMES: [&str; 3] = ["bibliography", "文献目録", "参考文献"];
const FOOTNOTE_NAMES: [&str; 3] = ["footnote text", "endnote text", "脚注文字列"];

#[derive(Debug, Default)]
pub struct Styles {
    styles: HashMap<String, Style>,
}

#[derive(Debug, Default)]
struct Style {
    kind: Option<BlockKind>,
    based_on: Option<String>,
    hidden: Option<bool>,
}

impl Styles {
    pub fn read(mut xml: Xml<'_>) -> Result<Self, ExtractionError> {
        let mut styles = HashMap::new();
        let mut open = (String::new(), Style::default());
        while let Some(node) = xml.next()? {
            match node {
                Node::Open(element) => match element.name() {
                    "style" => {
                        let id = element.attribute("styleId").unwrap_or_default();
                        open = (id, Style::default());
                    }
                    "name" => {
                        let name = element.attribute("val").unwrap_or_default();
                        open.1.kind = kind_named(&name).or(open.1.kind.take());
                    }
                    "basedOn" => open.1.based_on = element.attribute("val"),
                    "outlineLvl" => {
                        let level = element.attribute("val");
                        let kind = level.as_deref().and_then(heading_of_outline);
                        open.1.kind = open.1.kind.take().or(kind);
                    }
                    "vanish" => open.1.hidden = Some(element.is_on()),
                    _ => {}
                },
                Node::Close(element) if element.name() == "style" => {
                    let (id, style) = std::mem::take(&mut open);
                    styles.insert(id, style);
                }
                _ => {}
            }
        }
        Ok(Self { styles })
    }

    pub fn kind(&self, id: &str) -> Option<BlockKind> {
        self.ancestry(id).find_map(|style| style.kind.clone())
    }

    pub fn hides(&self, id: &str) -> bool {
        let said = self.ancestry(id).find_map(|style| style.hidden);
        said.unwrap_or(false)
    }

    fn ancestry(&self, id: &str) -> impl Iterator<Item = &Style> {
        let first = self.styles.get(id);
        let next = |style: &&Style| style.based_on.as_ref().and_then(|id| self.styles.get(id));
        std::iter::successors(first, next).take(ANCESTORS_MAX)
    }
}

/// Outline levels are counted from 0; 9 is body text.
pub fn heading_of_outline(level: &str) -> Option<BlockKind> {
    let level: u8 = level.parse().ok()?;
    (level < 9).then_some(BlockKind::Heading { level: level + 1 })
}

fn kind_named(name: &str) -> Option<BlockKind> {
    let name = name.trim().to_lowercase();
    let is_one_of = |names: &[&str]| names.iter().any(|known| name.starts_with(known));
    let is = |names: &[&str]| names.contains(&name.as_str());
    let heading = HEADING_NAMES.iter().find_map(|word| {
        let level = name.strip_prefix(word)?.trim();
        let level = level.chars().next()?.to_digit(10)?;
        let level = u8::try_from(level).ok().filter(|it| (1..=9).contains(it))?;
        Some(BlockKind::Heading { level })
    });
    if heading.is_some() {
        heading
    } else if is(&TITLE_NAMES) {
        Some(BlockKind::Heading { level: 1 })
    } else if is_one_of(&CAPTION_NAMES) {
        Some(BlockKind::Caption)
    } else if is_one_of(&LIST_NAMES) {
        Some(BlockKind::ListItem)
    } else if is(&CODE_NAMES) {
        Some(BlockKind::Code)
    } else if is(&REFERENCE_NAMES) {
        Some(BlockKind::Reference)
    } else if is(&FOOTNOTE_NAMES) {
        Some(BlockKind::Footnote)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn styles_are_known_by_their_names_in_english_and_japanese() {
        let heading = |level| Some(BlockKind::Heading { level });
        assert_eq!(kind_named("heading 2"), heading(2));
        assert_eq!(kind_named("Heading 1 Char"), heading(1));
        assert_eq!(kind_named("見出し 3"), heading(3));
        assert_eq!(kind_named("表題"), heading(1));
        assert_eq!(kind_named("図表番号"), Some(BlockKind::Caption));
        assert_eq!(kind_named("箇条書き 2"), Some(BlockKind::ListItem));
        assert_eq!(kind_named("Normal"), None);
        assert_eq!(kind_named("TOC Heading"), None);
    }
}
