//! The elements that are open: blocks, and whatever hides what is in it.

use html5ever::LocalName;

use super::{attributes::Purpose, elements::heading};
use crate::document::extraction::model::BlockKind;

pub struct Open {
    pub name: LocalName,
    pub hidden: bool,
    pub purpose: Option<Purpose>,
}

#[derive(Default)]
pub struct Stack {
    open: Vec<Open>,
}

impl Stack {
    pub fn push(&mut self, open: Open) {
        self.open.push(open);
    }

    pub fn pop(&mut self) -> Option<Open> {
        self.open.pop()
    }

    pub fn depth(&self) -> u64 {
        self.open.len() as u64
    }

    /// How many elements end with the innermost of these names, looked for up to, without, one of `within`.
    pub fn up_to(&self, names: &[&str], within: &[&str]) -> usize {
        for (count, open) in self.open.iter().rev().enumerate() {
            if names.contains(&&*open.name) {
                return count + 1;
            }
            if within.contains(&&*open.name) {
                return 0;
            }
        }
        0
    }

    pub fn is_hidden(&self) -> bool {
        self.open.iter().any(|open| open.hidden)
    }

    /// Whether an element of that name hides what is in it: another one inside must be told from its end.
    pub fn is_hidden_by(&self, name: &str) -> bool {
        self.open
            .iter()
            .any(|open| open.hidden && &*open.name == name)
    }

    pub fn is_in(&self, name: &str) -> bool {
        self.open.iter().any(|open| &*open.name == name)
    }

    pub fn is_preformatted(&self) -> bool {
        let innermost = self
            .open
            .iter()
            .rev()
            .find(|open| !matches!(&*open.name, "div" | "p"));
        innermost.is_some_and(|open| matches!(&*open.name, "pre" | "listing" | "xmp"))
    }

    /// What text in the innermost elements is.
    pub fn kind(&self) -> BlockKind {
        let mut is_in_text = false;
        let mut found = None;
        for open in self.open.iter().rev() {
            let kind = match (&*open.name, open.purpose) {
                (name, _) if heading(name).is_some() => {
                    let level = heading(name).unwrap_or(1);
                    return BlockKind::Heading { level };
                }
                ("nav", _) | (_, Some(Purpose::Navigation)) => return BlockKind::PageHeader,
                ("header", _) if !is_in_text && found.is_none() => Some(BlockKind::PageHeader),
                ("footer", _) if !is_in_text && found.is_none() => Some(BlockKind::PageFooter),
                ("article" | "main" | "section", _) => {
                    is_in_text = true;
                    None
                }
                ("pre" | "listing" | "xmp", _) => Some(BlockKind::Code),
                ("figcaption" | "caption", _) => Some(BlockKind::Caption),
                (_, Some(Purpose::Note)) => Some(BlockKind::Footnote),
                (_, Some(Purpose::Reference)) => Some(BlockKind::Reference),
                ("li" | "dt" | "dd", _) => Some(BlockKind::ListItem),
                _ => None,
            };
            // A note or a reference is often written as an item of a list.
            let is_more = matches!(kind, Some(BlockKind::Footnote | BlockKind::Reference))
                && found == Some(BlockKind::ListItem);
            if found.is_none() || is_more {
                found = kind.or(found);
            }
        }
        found.unwrap_or(BlockKind::Paragraph)
    }
}
