//! The text of an ODT file, element by element.

use super::styles::Styles;
use crate::document::extraction::{
    error::ExtractionError,
    formats::{
        pages::{Pages, one_line},
        tables::{Finished, Table},
        xml::{Element, Node, Xml},
    },
    model::BlockKind,
};

/// Blanks that one element may stand for.
const BLANKS_MAX: usize = 100;
/// What is no part of the text: what was deleted, remarks, the reading beside characters.
const LEFT_OUT: [&str; 6] = [
    "tracked-changes",
    "annotation",
    "ruby-text",
    "note-citation",
    "forms",
    "sequence-decls",
];

pub struct Content<'c, 'a> {
    pages: &'c mut Pages<'a>,
    styles: Styles,
    frames: Vec<Frame>,
    lists: usize,
    /// For each open element that may hide what is in it, whether it does.
    hiding: Vec<bool>,
}

enum Frame {
    Paragraph(Paragraph),
    Table(Table),
    /// A note: its text, until it ends.
    Note(String),
}

struct Paragraph {
    kind: BlockKind,
    text: String,
    hidden: String,
    after: Vec<Finished>,
    breaks: bool,
}

impl<'c, 'a> Content<'c, 'a> {
    pub fn new(pages: &'c mut Pages<'a>, styles: Styles) -> Self {
        Self {
            pages,
            styles,
            frames: Vec::new(),
            lists: 0,
            hiding: Vec::new(),
        }
    }

    pub fn read(mut self, mut xml: Xml<'_>) -> Result<(), ExtractionError> {
        while let Some(node) = xml.next()? {
            match node {
                Node::Open(element) if LEFT_OUT.contains(&element.name()) => xml.skip()?,
                Node::Open(element) if matches!(element.qualified(), "svg:title" | "svg:desc") => {
                    let text = xml.text()?;
                    self.hang(BlockKind::Figure, text);
                }
                Node::Open(element) => self.open(&element)?,
                Node::Close(element) => self.close(element.name())?,
                Node::Text(text) => self.write_collapsed(&text),
                Node::Other => {}
            }
        }
        Ok(())
    }

    fn open(&mut self, element: &Element<'_>) -> Result<(), ExtractionError> {
        match element.name() {
            "p" | "h" => self.open_paragraph(element)?,
            "span" | "section" | "hidden-paragraph" | "hidden-text" => self.open_hiding(element),
            "list" => self.lists += 1,
            "table" => self.frames.push(Frame::Table(Table::default())),
            "table-row" | "table-cell" => self.open_in_table(element),
            "note" => self.frames.push(Frame::Note(String::new())),
            "image" => self.pages.picture(),
            "tab" => self.write("\t"),
            "line-break" => self.write("\n"),
            "s" => {
                let count = element.attribute_named("text:c");
                let count = count.and_then(|it| it.parse().ok()).unwrap_or(1);
                self.write(&" ".repeat(usize::min(count, BLANKS_MAX)));
            }
            "soft-page-break" => match self.frames.as_mut_slice() {
                [Frame::Paragraph(paragraph)] => paragraph.breaks = true,
                [] => self.pages.turn()?,
                _ => {}
            },
            _ => self.styles.element(element),
        }
        Ok(())
    }

    fn open_paragraph(&mut self, element: &Element<'_>) -> Result<(), ExtractionError> {
        let style = style_of(element);
        if self.frames.is_empty() && self.styles.breaks_page(&style) {
            self.pages.turn()?;
        }
        let kind = if element.name() == "h" {
            let level = element.attribute("outline-level");
            let level = level.and_then(|it| it.parse().ok()).unwrap_or(1);
            BlockKind::Heading { level }
        } else if let Some(kind) = self.styles.kind(&style) {
            kind
        } else if self.lists > 0 {
            BlockKind::ListItem
        } else {
            BlockKind::Paragraph
        };
        self.hiding.push(self.styles.hides(&style));
        self.frames.push(Frame::Paragraph(Paragraph {
            kind,
            text: String::new(),
            hidden: String::new(),
            after: Vec::new(),
            breaks: false,
        }));
        Ok(())
    }

    fn open_hiding(&mut self, element: &Element<'_>) {
        let is_condition = element.name().starts_with("hidden-");
        let display = element.attribute_named("text:display");
        let hides = is_condition
            || display.as_deref() == Some("none")
            || self.styles.hides(&style_of(element));
        self.hiding.push(hides);
    }

    fn open_in_table(&mut self, element: &Element<'_>) {
        let Some(Frame::Table(table)) = self.frames.last_mut() else {
            return;
        };
        if element.name() == "table-row" {
            let visibility = element.attribute("visibility");
            table.row_hidden = matches!(visibility.as_deref(), Some("collapse" | "filter"));
        } else {
            let repeated = element.attribute("number-columns-repeated");
            table.columns = repeated.and_then(|it| it.parse().ok()).unwrap_or(1);
        }
    }

    fn close(&mut self, name: &str) -> Result<(), ExtractionError> {
        match (name, self.frames.last_mut()) {
            ("p" | "h", Some(Frame::Paragraph(_))) => {
                self.hiding.pop();
                if let Some(Frame::Paragraph(paragraph)) = self.frames.pop() {
                    self.finish_paragraph(paragraph)?;
                }
            }
            ("table-cell" | "covered-table-cell", Some(Frame::Table(table))) => table.end_cell(),
            ("table-row", Some(Frame::Table(table))) => table.end_row(),
            ("table", Some(Frame::Table(table))) => {
                let finished = std::mem::take(table).finish();
                self.frames.pop();
                self.put(finished)?;
            }
            ("note", Some(Frame::Note(text))) => {
                let text = std::mem::take(text);
                self.frames.pop();
                self.hang(BlockKind::Footnote, text);
            }
            ("span" | "section" | "hidden-paragraph" | "hidden-text", _) => {
                self.hiding.pop();
            }
            ("list", _) => self.lists = self.lists.saturating_sub(1),
            _ => {}
        }
        Ok(())
    }

    fn finish_paragraph(&mut self, paragraph: Paragraph) -> Result<(), ExtractionError> {
        let text = |kind, text, hidden| Finished::Text { kind, text, hidden };
        let mut finished = vec![
            text(paragraph.kind, paragraph.text, false),
            text(BlockKind::Paragraph, paragraph.hidden, true),
        ];
        finished.extend(paragraph.after);
        self.put(finished)?;
        if paragraph.breaks && self.frames.is_empty() {
            self.pages.turn()?;
        }
        Ok(())
    }

    /// What is complete goes into what is open around it, else onto the page.
    fn put(&mut self, finished: Vec<Finished>) -> Result<(), ExtractionError> {
        for part in finished {
            match (self.frames.last_mut(), part) {
                (Some(Frame::Paragraph(paragraph)), part) => paragraph.after.push(part),
                (Some(Frame::Table(table)), part) => table.put(part),
                (
                    Some(Frame::Note(note)),
                    Finished::Text {
                        text,
                        hidden: false,
                        ..
                    },
                ) => {
                    note.push_str(&text);
                    note.push(' ');
                }
                (Some(Frame::Note(_)), _) => {}
                (None, part) => part.write(self.pages)?,
            }
        }
        Ok(())
    }

    /// Text in which a line feed is a blank, and several blanks are one.
    fn write_collapsed(&mut self, text: &str) {
        let begins_blank = text.starts_with(char::is_whitespace);
        let ends_blank = text.ends_with(char::is_whitespace);
        let words = one_line(text);
        match (words.is_empty(), begins_blank, ends_blank) {
            (true, true, _) => self.write(" "),
            (true, false, _) => {}
            (false, before, after) => {
                let blank = |yes: bool| if yes { " " } else { "" };
                self.write(&format!("{}{words}{}", blank(before), blank(after)));
            }
        }
    }

    fn write(&mut self, text: &str) {
        let is_hidden = self.hiding.contains(&true);
        if let Some(Frame::Paragraph(paragraph)) = self.frames.last_mut() {
            let into = if is_hidden {
                &mut paragraph.hidden
            } else {
                &mut paragraph.text
            };
            let is_double = into.ends_with(' ') && text.starts_with(' ') && text.len() > 1;
            into.push_str(if is_double { &text[1..] } else { text });
        }
    }

    fn hang(&mut self, kind: BlockKind, text: String) {
        let hidden = self.hiding.contains(&true);
        if let Some(Frame::Paragraph(paragraph)) = self.frames.last_mut() {
            paragraph.after.push(Finished::Text { kind, text, hidden });
        }
    }
}

fn style_of(element: &Element<'_>) -> String {
    element
        .attribute_named("text:style-name")
        .unwrap_or_default()
}
