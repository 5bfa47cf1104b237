//! Which styles hide what they are put on, and which say what a paragraph is.

use std::collections::HashMap;

use crate::document::extraction::{formats::xml::Element, model::BlockKind};

const ANCESTORS_MAX: usize = 16;

#[derive(Debug, Default)]
pub struct Styles {
    styles: HashMap<String, Style>,
    open: Option<String>,
}

#[derive(Debug, Default)]
struct Style {
    parent: Option<String>,
    hides: bool,
    breaks: bool,
}

impl Styles {
    /// Takes note of an element that belongs to a style's definition.
    pub fn element(&mut self, element: &Element<'_>) {
        match element.name() {
            "style" => {
                self.open = element.attribute_named("style:name");
                if let Some(name) = &self.open {
                    let style = Style {
                        parent: element.attribute("parent-style-name"),
                        ..Style::default()
                    };
                    self.styles.insert(name.clone(), style);
                }
            }
            "text-properties" | "section-properties" | "paragraph-properties" => {
                let style = self
                    .open
                    .as_ref()
                    .and_then(|name| self.styles.get_mut(name));
                if let Some(style) = style {
                    style.hides |=
                        element.attribute_named("text:display").as_deref() == Some("none");
                    style.breaks |= element.attribute("break-before").as_deref() == Some("page");
                }
            }
            _ => {}
        }
    }

    pub fn hides(&self, name: &str) -> bool {
        self.ancestry(name).any(|(_, style)| style.hides)
    }

    pub fn breaks_page(&self, name: &str) -> bool {
        self.styles.get(name).is_some_and(|style| style.breaks)
    }

    /// What a paragraph of that style is, by the names that programs give their own styles.
    pub fn kind(&self, name: &str) -> Option<BlockKind> {
        let undefined = (!self.styles.contains_key(name)).then_some(name);
        let defined = self.ancestry(name).map(|(name, _)| name);
        defined.chain(undefined).find_map(|name| match name {
            "Title" => Some(BlockKind::Heading { level: 1 }),
            "Caption" | "Illustration" | "Table" | "Figure" | "Drawing" => Some(BlockKind::Caption),
            "Preformatted_20_Text" => Some(BlockKind::Code),
            name if name.starts_with("Bibliography") => Some(BlockKind::Reference),
            _ => None,
        })
    }

    /// A style, and what it is based on, with the names of all.
    fn ancestry<'s>(&'s self, name: &'s str) -> impl Iterator<Item = (&'s str, &'s Style)> {
        let first = self.styles.get_key_value(name);
        let next = |(_, style): &(&'s String, &'s Style)| {
            let parent = style.parent.as_ref()?;
            self.styles.get_key_value(parent)
        };
        std::iter::successors(first, next)
            .take(ANCESTORS_MAX)
            .flat_map(|(name, style)| {
                // A parent may be one of the program's own, which the file does not define.
                let parent = style
                    .parent
                    .as_deref()
                    .filter(|it| !self.styles.contains_key(*it));
                [Some((name.as_str(), style)), parent.map(|it| (it, style))]
            })
            .flatten()
    }
}
