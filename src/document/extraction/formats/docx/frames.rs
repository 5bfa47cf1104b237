//! What is open while a document is walked: paragraphs and tables, inside each other where text boxes are.

use super::styles::Styles;
use crate::document::extraction::{
    formats::tables::{Finished, Table},
    model::BlockKind,
};

pub enum Frame {
    Paragraph(Paragraph),
    Table(Table),
}

#[derive(Default)]
pub struct Paragraph {
    pub style: Option<String>,
    pub outline: Option<BlockKind>,
    /// Whether it has a number or a bullet; a style may say so too.
    pub listed: bool,
    pub shaded: bool,
    pub text: String,
    pub hidden: String,
    pub math_characters: usize,
    pub breaks_before: bool,
    pub breaks_after: bool,
    /// What hangs on the paragraph: text boxes, notes, pictures.
    pub after: Vec<Finished>,
}

impl Paragraph {
    pub fn finish(self, styles: &Styles) -> Vec<Finished> {
        let by_style = self.style.as_deref().and_then(|id| styles.kind(id));
        let is_math = self.math_characters > 0
            && self.math_characters >= self.text.chars().filter(|c| !c.is_whitespace()).count();
        let kind = match self.outline.or(by_style) {
            Some(kind) => kind,
            None if is_math => BlockKind::Formula,
            None if self.listed => BlockKind::ListItem,
            None => BlockKind::Paragraph,
        };
        let text = |kind, text, hidden| Finished::Text { kind, text, hidden };
        let mut finished = vec![
            text(kind, self.text, false),
            text(BlockKind::Paragraph, self.hidden, true),
        ];
        finished.extend(self.after);
        finished
    }
}
