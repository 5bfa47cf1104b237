//! Tables while they are walked, and what is complete of a document but can not be written yet.

use super::pages::Pages;
use crate::document::extraction::{error::ExtractionError, model::BlockKind};

/// Columns that one cell may span; Word has no more.
const SPAN_MAX: usize = 63;

/// What is complete.
pub enum Finished {
    Text {
        kind: BlockKind,
        text: String,
        hidden: bool,
    },
    Table {
        rows: Vec<Vec<String>>,
        hidden: bool,
    },
}

#[derive(Default)]
pub struct Table {
    rows: Vec<Vec<String>>,
    hidden_rows: Vec<Vec<String>>,
    row: Vec<String>,
    cell: String,
    pub columns: usize,
    pub row_hidden: bool,
    pub row_deleted: bool,
    after: Vec<Finished>,
}

impl Table {
    pub fn end_cell(&mut self) {
        self.row.push(std::mem::take(&mut self.cell));
        for _ in 1..self.columns.min(SPAN_MAX) {
            self.row.push(String::new());
        }
        self.columns = 1;
    }

    pub fn end_row(&mut self) {
        let row = std::mem::take(&mut self.row);
        if self.row_hidden {
            self.hidden_rows.push(row);
        } else if !self.row_deleted {
            self.rows.push(row);
        }
        (self.row_hidden, self.row_deleted) = (false, false);
    }

    /// Puts something into the open cell; what is hidden, and notes, come after the table.
    pub fn put(&mut self, finished: Finished) {
        match finished {
            Finished::Text {
                kind,
                text,
                hidden: false,
            } if kind != BlockKind::Footnote => self.put_text(&text),
            Finished::Table {
                rows,
                hidden: false,
            } => rows.iter().flatten().for_each(|cell| self.put_text(cell)),
            other => self.after.push(other),
        }
    }

    /// Whether any row has cells beside each other.
    pub fn is_grid(&self) -> bool {
        self.rows.iter().any(|row| row.len() > 1)
    }

    pub fn finish(self) -> Vec<Finished> {
        let table = |rows, hidden| Finished::Table { rows, hidden };
        let mut finished = vec![table(self.rows, false), table(self.hidden_rows, true)];
        finished.extend(self.after);
        finished
    }

    fn put_text(&mut self, text: &str) {
        if !self.cell.is_empty() && !text.is_empty() {
            self.cell.push(' ');
        }
        self.cell.push_str(text);
    }
}

impl Finished {
    #[must_use]
    pub fn hidden_if(mut self, yes: bool) -> Self {
        let (Self::Text { hidden, .. } | Self::Table { hidden, .. }) = &mut self;
        *hidden |= yes;
        self
    }

    pub fn write(self, pages: &mut Pages<'_>) -> Result<(), ExtractionError> {
        match self {
            Self::Text { kind, text, hidden } => pages.block(kind, &text, hidden),
            Self::Table { rows, hidden } => pages.table(rows, hidden),
        }
    }
}
