//! The text of a page, token by token.

use html5ever::tokenizer::Tag;

use super::{
    attributes::{self, Purpose, value},
    elements::{ends, is_block, is_left_out, is_void},
    stack::{Open, Stack},
};
use crate::document::extraction::{
    error::{ExtractionError, Limit},
    formats::{
        flow::Flow,
        office,
        pages::{Pages, within},
        tables::{Finished, Table},
    },
    guess,
    model::{BlockKind, FileMetadata},
};

pub struct Walk<'w, 'a> {
    pages: &'w mut Pages<'a>,
    said: FileMetadata,
    stack: Stack,
    flow: Flow,
    tables: Vec<OpenTable>,
    /// The element whose content is left out, and how many of its name are open in it.
    left_out: Option<(String, u64)>,
    title: String,
}

/// A table, until it is known whether it is one.
#[derive(Default)]
struct OpenTable {
    table: Table,
    /// What is in it, should it only arrange.
    blocks: Vec<(BlockKind, String, bool)>,
    arranges: bool,
}

impl<'w, 'a> Walk<'w, 'a> {
    pub fn new(pages: &'w mut Pages<'a>) -> Self {
        Self {
            pages,
            said: FileMetadata::default(),
            stack: Stack::default(),
            flow: Flow::default(),
            tables: Vec::new(),
            left_out: None,
            title: String::new(),
        }
    }

    /// What the page says of itself, when it is at its end.
    pub fn finish(mut self) -> Result<FileMetadata, ExtractionError> {
        let depth = usize::try_from(self.stack.depth()).unwrap_or(usize::MAX);
        self.close(depth)?;
        self.end_line()?;
        let title = Some(self.title.trim().to_owned()).filter(|title| !title.is_empty());
        self.said.title = self.said.title.or(title);
        Ok(self.said)
    }

    pub fn text(&mut self, text: &str) {
        match &self.left_out {
            Some((name, _)) if name == "title" && !self.stack.is_in("body") => {
                self.title.push_str(text);
            }
            Some(_) => {}
            None if self.stack.is_preformatted() => self.flow.push_raw(text),
            None => self.flow.push(text),
        }
    }

    /// `closed`: it is its own end.
    pub fn start(&mut self, tag: &Tag, closed: bool) -> Result<(), ExtractionError> {
        let name = &*tag.name;
        if let Some((left_out, count)) = &mut self.left_out {
            *count += u64::from(left_out == name && !closed);
            return Ok(());
        }
        if is_void(name) {
            return self.void(tag);
        }
        if is_left_out(name) {
            if !closed {
                self.left_out = Some((name.to_owned(), 1));
            }
            return Ok(());
        }
        if name == "html" {
            self.said.language = value(tag, "lang").map(str::to_owned);
        }
        let hidden = attributes::is_hidden(tag);
        let is_block = is_block(name);
        if is_block {
            self.begin_block(name)?;
        }
        if !closed && (is_block || hidden || self.stack.is_hidden_by(name)) {
            if hidden {
                self.end_line()?;
            }
            self.stack.push(Open {
                name: tag.name.clone(),
                hidden,
                purpose: attributes::purpose(tag),
            });
            within(Limit::Depth, self.stack.depth(), self.pages.limits().depth)?;
        }
        match name {
            "table" => self.tables.push(OpenTable {
                arranges: attributes::purpose(tag) == Some(Purpose::Layout),
                ..OpenTable::default()
            }),
            "td" | "th" => {
                if let Some(open) = self.tables.last_mut() {
                    let columns = value(tag, "colspan").and_then(|it| it.parse().ok());
                    open.table.columns = columns.unwrap_or(1);
                }
            }
            "pre" => self.arranges(),
            _ => {}
        }
        Ok(())
    }

    pub fn end(&mut self, name: &str) -> Result<(), ExtractionError> {
        if let Some((left_out, count)) = &mut self.left_out {
            *count -= u64::from(left_out == name);
            if *count == 0 {
                self.left_out = None;
            }
            return Ok(());
        }
        if is_block(name) {
            self.end_line()?;
        }
        // An end inside a cell does not end what is around its table.
        let within: &[&str] = match name {
            "table" => &[],
            "tr" | "tbody" | "thead" | "tfoot" | "td" | "th" => &["table"],
            _ => &["td", "th", "table"],
        };
        self.close(self.stack.up_to(&[name], within))
    }

    fn void(&mut self, tag: &Tag) -> Result<(), ExtractionError> {
        match &*tag.name {
            "br" => self.flow.break_line(),
            "hr" => self.end_line()?,
            "meta" => self.meta(tag),
            "img" => match value(tag, "alt").filter(|alt| !alt.trim().is_empty()) {
                Some(alt) if self.stack.is_in("figure") => {
                    self.end_line()?;
                    self.put(BlockKind::Figure, alt.to_owned())?;
                }
                Some(_) => {}
                None => self.pages.picture(),
            },
            _ => {}
        }
        Ok(())
    }

    fn meta(&mut self, tag: &Tag) {
        let name = value(tag, "name").or_else(|| value(tag, "property"));
        let (Some(name), Some(content)) = (name, value(tag, "content")) else {
            return;
        };
        match name.to_ascii_lowercase().as_str() {
            "citation_title" | "dc.title" => self.said.title = Some(content.to_owned()),
            "author" | "citation_author" | "dc.creator" => {
                self.said.authors.extend(office::authors(content));
            }
            "citation_doi" | "dc.identifier" => {
                self.said.doi = guess::doi(content).or(self.said.doi.take());
            }
            "citation_date"
            | "citation_publication_date"
            | "dc.date"
            | "date"
            | "article:published_time" => {
                self.said.year = guess::year(content).or(self.said.year);
            }
            _ => {}
        }
    }

    /// Ends what a block that begins ends: the line, a paragraph, the item or the cell before it.
    fn begin_block(&mut self, name: &str) -> Result<(), ExtractionError> {
        self.end_line()?;
        self.close(
            self.stack
                .up_to(&["p"], &["td", "th", "table", "li", "div", "button"]),
        )?;
        if let Some((names, within)) = ends(name) {
            self.close(self.stack.up_to(names, within))?;
        }
        Ok(())
    }

    /// Ends so many of the innermost elements.
    fn close(&mut self, count: usize) -> Result<(), ExtractionError> {
        if count > 0 {
            self.end_line()?;
        }
        for _ in 0..count {
            let Some(open) = self.stack.pop() else {
                break;
            };
            match &*open.name {
                "td" | "th" => {
                    self.tables
                        .last_mut()
                        .into_iter()
                        .for_each(|it| it.table.end_cell());
                }
                "tr" => {
                    self.tables
                        .last_mut()
                        .into_iter()
                        .for_each(|it| it.table.end_row());
                }
                "table" => self.end_table()?,
                _ => {}
            }
        }
        Ok(())
    }

    fn end_line(&mut self) -> Result<(), ExtractionError> {
        let text = self.flow.take();
        if text.trim().is_empty() {
            return Ok(());
        }
        match self.stack.kind() {
            kind @ BlockKind::Heading { .. } => {
                self.arranges();
                self.put(kind, text.replace('\n', " "))
            }
            kind => self.put(kind, text),
        }
    }

    /// Where there is a heading, code or a table in a table, the outer one only arranges.
    fn arranges(&mut self) {
        if let Some(open) = self.tables.last_mut() {
            open.arranges = true;
        }
    }

    fn put(&mut self, kind: BlockKind, text: String) -> Result<(), ExtractionError> {
        let hidden = self.stack.is_hidden();
        self.put_as(kind, text, hidden)
    }

    fn put_as(
        &mut self,
        kind: BlockKind,
        text: String,
        hidden: bool,
    ) -> Result<(), ExtractionError> {
        let Some(open) = self.tables.last_mut() else {
            return self.pages.block(kind, &text, hidden);
        };
        // Outside of the cells: its caption.
        if kind == BlockKind::Caption {
            return self.pages.block(kind, &text, hidden);
        }
        open.table.put(Finished::Text {
            kind: BlockKind::Paragraph,
            text: text.clone(),
            hidden,
        });
        open.blocks.push((kind, text, hidden));
        Ok(())
    }

    fn end_table(&mut self) -> Result<(), ExtractionError> {
        let Some(open) = self.tables.pop() else {
            return Ok(());
        };
        let navigates = self.stack.kind() == BlockKind::PageHeader;
        if open.arranges || navigates || !open.table.is_grid() {
            for (kind, text, hidden) in open.blocks {
                self.put_as(kind, text, hidden)?;
            }
            return Ok(());
        }
        if let Some(around) = self.tables.last_mut() {
            around.arranges = true;
        }
        for finished in open.table.finish() {
            match finished {
                Finished::Table { rows, hidden } => {
                    let hidden = hidden || self.stack.is_hidden();
                    self.pages.table(rows, hidden)?;
                }
                text @ Finished::Text { .. } => text.write(self.pages)?,
            }
        }
        Ok(())
    }
}
