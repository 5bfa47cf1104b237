//! Markdown: comrak's tree as blocks. HTML in it is read as HTML.

use comrak::{
    Arena, Options,
    arena_tree::NodeEdge,
    nodes::{AstNode, NodeValue},
};

use super::{
    flow::Flow,
    html,
    pages::{Pages, within},
};
use crate::document::extraction::{
    error::{ExtractionError, Limit},
    guess,
    model::{BlockKind, FileMetadata},
};

pub fn read(text: &str, mut pages: Pages<'_>) -> Result<FileMetadata, ExtractionError> {
    within(Limit::Depth, nesting(text), pages.limits().depth)?;
    let arena = Arena::new();
    let document = comrak::parse_document(&arena, text, &options());
    pages.begin(None)?;
    let mut walk = Walk {
        pages: &mut pages,
        said: FileMetadata::default(),
        flow: Flow::default(),
        items: 0,
        notes: 0,
        rows: Vec::new(),
    };
    for edge in document.traverse() {
        match edge {
            NodeEdge::Start(node) => walk.open(node)?,
            NodeEdge::End(node) => walk.close(node)?,
        }
    }
    let said = walk.said;
    pages.finish(said)
}

fn options() -> Options<'static> {
    let mut options = Options::default();
    options.extension.table = true;
    options.extension.strikethrough = true;
    options.extension.tasklist = true;
    options.extension.footnotes = true;
    options.extension.description_lists = true;
    options.extension.math_dollars = true;
    options.extension.cjk_friendly_emphasis = true;
    options.extension.front_matter_delimiter = Some("---".to_owned());
    options
}

/// How deep blocks may stand inside each other: each is at least one mark at the beginning of some line.
fn nesting(text: &str) -> u64 {
    let marks = text.lines().map(|line| {
        let marks = line.split([' ', '\t']).map_while(|word| {
            let quotes = word.chars().filter(|c| *c == '>').count();
            let is_item = matches!(word, "-" | "*" | "+") || is_number(word);
            if word.is_empty() || quotes == word.len() || is_item {
                Some(quotes.max(usize::from(is_item)))
            } else {
                (quotes > 0).then_some(quotes)
            }
        });
        marks.sum::<usize>()
    });
    marks.max().unwrap_or(0) as u64
}

fn is_number(word: &str) -> bool {
    let digits = word.strip_suffix(['.', ')']);
    digits.is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()))
}

struct Walk<'w, 'a> {
    pages: &'w mut Pages<'a>,
    said: FileMetadata,
    flow: Flow,
    items: usize,
    notes: usize,
    rows: Vec<Vec<String>>,
}

impl Walk<'_, '_> {
    fn open(&mut self, node: &AstNode<'_>) -> Result<(), ExtractionError> {
        match &node.data.borrow().value {
            NodeValue::FrontMatter(text) => self.said = front_matter(text),
            NodeValue::Item(_) | NodeValue::TaskItem(_) | NodeValue::DescriptionDetails => {
                self.items += 1;
            }
            NodeValue::FootnoteDefinition(_) => self.notes += 1,
            NodeValue::CodeBlock(code) => self.pages.text(BlockKind::Code, &code.literal)?,
            NodeValue::HtmlBlock(block) => {
                html::walk(&block.literal, html::Markup::Html, self.pages)?;
            }
            NodeValue::Table(_) => self.rows.clear(),
            NodeValue::TableRow(_) => self.rows.push(Vec::new()),
            NodeValue::Text(text) => self.flow.push(text),
            NodeValue::Code(code) => self.flow.push_raw(&code.literal),
            NodeValue::SoftBreak => self.flow.push("\n"),
            NodeValue::LineBreak => self.flow.break_line(),
            NodeValue::Math(math) => {
                if math.display_math && is_alone(node) {
                    self.pages.text(BlockKind::Formula, &math.literal)?;
                } else {
                    self.flow.push_raw(&math.literal);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn close(&mut self, node: &AstNode<'_>) -> Result<(), ExtractionError> {
        match &node.data.borrow().value {
            NodeValue::Paragraph => {
                let kind = match (self.notes, self.items) {
                    (1.., _) => BlockKind::Footnote,
                    (0, 1..) => BlockKind::ListItem,
                    (0, 0) if is_picture(node) => BlockKind::Figure,
                    (0, 0) => BlockKind::Paragraph,
                };
                self.end(kind)?;
            }
            NodeValue::Heading(heading) => self.end(BlockKind::Heading {
                level: heading.level,
            })?,
            NodeValue::DescriptionTerm => self.end(BlockKind::ListItem)?,
            NodeValue::Item(_) | NodeValue::TaskItem(_) | NodeValue::DescriptionDetails => {
                self.items = self.items.saturating_sub(1);
            }
            NodeValue::FootnoteDefinition(_) => self.notes = self.notes.saturating_sub(1),
            NodeValue::TableCell => {
                let cell = self.flow.take();
                self.rows
                    .last_mut()
                    .into_iter()
                    .for_each(|row| row.push(cell.clone()));
            }
            NodeValue::Table(_) => self.pages.table(std::mem::take(&mut self.rows), false)?,
            _ => {}
        }
        Ok(())
    }

    fn end(&mut self, kind: BlockKind) -> Result<(), ExtractionError> {
        let text = self.flow.take();
        self.pages.text(kind, &text)
    }
}

/// Whether a node has nothing beside it.
fn is_alone(node: &AstNode<'_>) -> bool {
    node.previous_sibling().is_none() && node.next_sibling().is_none()
}

/// Whether a paragraph is nothing but a picture; its words are the picture's.
fn is_picture(paragraph: &AstNode<'_>) -> bool {
    paragraph.first_child().is_some_and(|child| {
        is_alone(child) && matches!(child.data.borrow().value, NodeValue::Image(_))
    })
}

/// Of YAML, no more than `key: value` lines: what other programs write there for the title, the author and the date.
fn front_matter(text: &str) -> FileMetadata {
    let mut said = FileMetadata::default();
    let values = text.lines().filter_map(|line| line.split_once(':'));
    for (key, value) in values {
        let value = value.trim().trim_matches(['"', '\'']);
        if value.is_empty() {
            continue;
        }
        match key {
            "title" => said.title = Some(value.to_owned()),
            "author" | "authors" => {
                let names = value.trim_matches(['[', ']']).split([',', ';']);
                let names = names.map(|name| name.trim().trim_matches(['"', '\'']).to_owned());
                said.authors = names.collect();
            }
            "date" | "year" => said.year = guess::year(value),
            "doi" => said.doi = guess::doi(value),
            "lang" | "language" => said.language = Some(value.to_owned()),
            _ => {}
        }
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_at_the_beginning_of_lines_are_counted() {
        assert_eq!(nesting("plain\n- a\n  - b"), 1);
        assert_eq!(nesting(&"> ".repeat(600)), 600);
        assert_eq!(nesting(&">".repeat(600)), 600);
        assert_eq!(nesting(&"- ".repeat(600)), 600);
        assert_eq!(nesting(&"1. ".repeat(600)), 600);
        assert_eq!(nesting(">>text"), 2);
    }
}
