//! The rows of one sheet, put together into tables: a row without anything in it ends one.

use std::collections::BTreeSet;

use super::{cells::Cell, workbook::Shared};
use crate::document::extraction::{
    error::{ExtractionError, Limit},
    formats::{
        pages::{Pages, within},
        xml::{Element, Node, Xml},
    },
    model::BlockKind,
};

/// Rows of one block; a longer table goes on in the next one, under its first row again.
const ROWS_MAX: usize = 500;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visibility {
    Shown,
    Hidden,
}

/// The cells of a row that hold anything, by their columns.
type Row = Vec<(usize, String)>;

pub struct Sheet<'s, 'a> {
    shared: &'s Shared,
    visibility: Visibility,
    pages: &'s mut Pages<'a>,
    hidden_columns: Vec<(usize, usize)>,
    row: Row,
    row_number: u64,
    row_hidden: bool,
    shown: Open,
    hidden: Open,
    cells: u64,
}

/// A table that is being put together.
#[derive(Default)]
struct Open {
    header: Option<Row>,
    rows: Vec<Row>,
    last_row: u64,
}

impl<'s, 'a> Sheet<'s, 'a> {
    pub fn new(shared: &'s Shared, visibility: Visibility, pages: &'s mut Pages<'a>) -> Self {
        Self {
            shared,
            visibility,
            pages,
            hidden_columns: Vec::new(),
            row: Row::new(),
            row_number: 0,
            row_hidden: false,
            shown: Open::default(),
            hidden: Open::default(),
            cells: 0,
        }
    }

    pub fn read(mut self, mut xml: Xml<'_>) -> Result<(), ExtractionError> {
        let (mut cell, mut in_value) = (Cell::default(), false);
        while let Some(node) = xml.next()? {
            match node {
                Node::Open(element) => match element.name() {
                    "rPh" | "f" => xml.skip()?,
                    "col" => self.column(&element),
                    "row" => self.open_row(&element),
                    "c" => cell = Cell::open(&element),
                    "v" | "t" => in_value = true,
                    "drawing" | "picture" => self.pages.picture(),
                    _ => {}
                },
                Node::Text(text) if in_value => cell.value.push_str(&text),
                Node::Close(element) => match element.name() {
                    "v" | "t" => in_value = false,
                    "c" => self.end_cell(std::mem::take(&mut cell))?,
                    "row" => self.end_row()?,
                    _ => {}
                },
                Node::Text(_) | Node::Other => {}
            }
        }
        self.write(false)?;
        self.write(true)
    }

    fn column(&mut self, element: &Element<'_>) {
        let number = |name| element.attribute(name)?.parse::<usize>().ok();
        let is_hidden = matches!(element.attribute("hidden").as_deref(), Some("1" | "true"));
        if let (true, Some(first), Some(last)) = (is_hidden, number("min"), number("max")) {
            self.hidden_columns
                .push((first.saturating_sub(1), last.saturating_sub(1)));
        }
    }

    fn open_row(&mut self, element: &Element<'_>) {
        let number = element.attribute("r").and_then(|it| it.parse().ok());
        self.row_number = number.unwrap_or(self.row_number + 1);
        self.row_hidden = matches!(element.attribute("hidden").as_deref(), Some("1" | "true"));
    }

    fn end_cell(&mut self, cell: Cell) -> Result<(), ExtractionError> {
        let next = self.row.last().map_or(0, |(column, _)| column + 1);
        let column = cell.column.unwrap_or(next);
        let text = cell.shown(self.shared);
        if !text.trim().is_empty() {
            self.cells += 1;
            within(Limit::Cells, self.cells, self.pages.limits().cells)?;
            self.row.push((column, text));
        }
        Ok(())
    }

    fn end_row(&mut self) -> Result<(), ExtractionError> {
        let row = std::mem::take(&mut self.row);
        let is_hidden = |column: usize| {
            let mut ranges = self.hidden_columns.iter();
            ranges.any(|(first, last)| (*first..=*last).contains(&column))
        };
        let all_hidden = self.row_hidden || self.visibility == Visibility::Hidden;
        let (hidden, shown): (Row, Row) = row
            .into_iter()
            .partition(|(column, _)| all_hidden || is_hidden(*column));
        self.add(shown, false)?;
        self.add(hidden, true)
    }

    fn add(&mut self, row: Row, hidden: bool) -> Result<(), ExtractionError> {
        let number = self.row_number;
        if row.is_empty() {
            return Ok(());
        }
        if number > self.open(hidden).last_row + 1 {
            self.write(hidden)?;
            *self.open(hidden) = Open::default();
        }
        if self.open(hidden).rows.len() >= ROWS_MAX {
            self.write(hidden)?;
            let open = self.open(hidden);
            open.rows.extend(open.header.clone());
        }
        let open = self.open(hidden);
        open.last_row = number;
        if open.header.is_none() {
            open.header = Some(row.clone());
        }
        open.rows.push(row);
        Ok(())
    }

    fn open(&mut self, hidden: bool) -> &mut Open {
        if hidden {
            &mut self.hidden
        } else {
            &mut self.shown
        }
    }

    /// Writes the rows that are open; columns that none of them uses are left out.
    fn write(&mut self, hidden: bool) -> Result<(), ExtractionError> {
        let rows = std::mem::take(&mut self.open(hidden).rows);
        let used = rows.iter().flatten().map(|(column, _)| *column);
        let used: Vec<usize> = used.collect::<BTreeSet<_>>().into_iter().collect();
        let size = (rows.len() * used.len()) as u64;
        within(Limit::Cells, size, self.pages.limits().cells)?;
        if let ([row], [_]) = (rows.as_slice(), used.as_slice()) {
            let text = row.first().map(|(_, text)| text.as_str());
            let text = text.unwrap_or_default();
            return self.pages.block(BlockKind::Paragraph, text, hidden);
        }
        let dense = rows.into_iter().map(|row| {
            let mut cells = vec![String::new(); used.len()];
            for (column, text) in row {
                if let Ok(at) = used.binary_search(&column) {
                    cells[at] = text;
                }
            }
            cells
        });
        self.pages.table(dense.collect(), hidden)
    }
}
