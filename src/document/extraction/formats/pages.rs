//! Pages while they are built: what every reader writes its blocks into, under the limits that count them.

use super::limits::FormatLimits;
use crate::document::extraction::{
    error::{ExtractionError, Limit},
    guess::Survey,
    model::{Block, BlockKind, FileMetadata, Page, PageSize, TextSource},
};

/// Where a page goes when it is complete.
pub type Emit<'a> = dyn FnMut(Page) -> Result<(), ExtractionError> + 'a;

/// A page that grows longer is cut: a text without pages is handed over in pieces.
const PAGE_BLOCKS_MAX: usize = 2_000;
const PAGE_CHARACTERS_MAX: usize = 500_000;

pub struct Pages<'a> {
    limits: &'a FormatLimits,
    emit: &'a mut Emit<'a>,
    pub size: Option<PageSize>,
    survey: Survey,
    open: Option<Open>,
    emitted: u32,
    characters: u64,
    blocks: u64,
    cells: u64,
}

#[derive(Default)]
struct Open {
    label: Option<String>,
    blocks: Vec<Block>,
    characters: usize,
    /// Of which no words are known.
    pictures: u32,
}

impl<'a> Pages<'a> {
    pub fn new(limits: &'a FormatLimits, emit: &'a mut Emit<'a>) -> Self {
        Self {
            limits,
            emit,
            size: None,
            survey: Survey::default(),
            open: None,
            emitted: 0,
            characters: 0,
            blocks: 0,
            cells: 0,
        }
    }

    pub fn limits(&self) -> &'a FormatLimits {
        self.limits
    }

    /// Opens a page; the one before is complete.
    pub fn begin(&mut self, label: Option<String>) -> Result<(), ExtractionError> {
        self.complete()?;
        let begun = u64::from(self.emitted) + 1;
        within(Limit::Pages, begun, self.limits.pages)?;
        self.open = Some(Open {
            label,
            ..Open::default()
        });
        Ok(())
    }

    /// Goes on to the next page where the file breaks one, if this one holds anything.
    pub fn turn(&mut self) -> Result<(), ExtractionError> {
        match &self.open {
            Some(open) if !open.blocks.is_empty() => self.begin(open.label.clone()),
            _ => Ok(()),
        }
    }

    /// A block of visible text; nothing where it is blank.
    pub fn text(&mut self, kind: BlockKind, text: &str) -> Result<(), ExtractionError> {
        self.block(kind, text, false)
    }

    pub fn block(
        &mut self,
        kind: BlockKind,
        text: &str,
        hidden: bool,
    ) -> Result<(), ExtractionError> {
        let text = match kind {
            BlockKind::Code => text.trim_matches(['\n', '\r']).trim_end(),
            _ => text.trim(),
        };
        if text.trim().is_empty() {
            return Ok(());
        }
        self.push(Block {
            kind,
            text: text.to_owned(),
            bounds: None,
            lines: Vec::new(),
            hidden,
        })
    }

    /// Rows of cells; nothing where all are blank.
    pub fn table(
        &mut self,
        mut rows: Vec<Vec<String>>,
        hidden: bool,
    ) -> Result<(), ExtractionError> {
        for cell in rows.iter_mut().flatten() {
            *cell = one_line(cell);
        }
        for row in &mut rows {
            let filled = row.iter().rposition(|cell| !cell.is_empty());
            row.truncate(filled.map_or(0, |last| last + 1));
        }
        rows.retain(|row| !row.is_empty());
        let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
        if columns == 0 {
            return Ok(());
        }
        self.cells = self.cells.saturating_add((rows.len() * columns) as u64);
        within(Limit::Cells, self.cells, self.limits.cells)?;
        for row in &mut rows {
            row.resize(columns, String::new());
        }
        let lines: Vec<String> = rows.iter().map(|row| row.join("\t")).collect();
        self.push(Block {
            kind: BlockKind::Table { rows },
            text: lines.join("\n"),
            bounds: None,
            lines: Vec::new(),
            hidden,
        })
    }

    /// A picture that the file says no words about.
    pub fn picture(&mut self) {
        if let Some(open) = &mut self.open {
            open.pictures += 1;
        }
    }

    /// Completes the last page; what the file says of itself is filled up with what its text shows.
    pub fn finish(mut self, said: FileMetadata) -> Result<FileMetadata, ExtractionError> {
        if self.open.is_none() && self.emitted == 0 {
            self.begin(None)?;
        }
        self.complete()?;
        Ok(self.survey.complete(said))
    }

    fn push(&mut self, block: Block) -> Result<(), ExtractionError> {
        let characters = block.text.chars().count();
        self.characters += characters as u64;
        within(Limit::Characters, self.characters, self.limits.characters)?;
        self.blocks += 1;
        within(Limit::Blocks, self.blocks, self.limits.blocks)?;
        if !block.hidden {
            self.survey.see(&block);
        }
        if self.open.is_none() {
            self.begin(None)?;
        }
        let full = self.open.as_ref().is_some_and(|open| {
            open.blocks.len() >= PAGE_BLOCKS_MAX || open.characters >= PAGE_CHARACTERS_MAX
        });
        if full {
            self.turn()?;
        }
        if let Some(open) = &mut self.open {
            open.characters += characters;
            open.blocks.push(block);
        }
        Ok(())
    }

    fn complete(&mut self) -> Result<(), ExtractionError> {
        let Some(open) = self.open.take() else {
            return Ok(());
        };
        self.emitted += 1;
        let (source, reason) = match (open.blocks.is_empty(), open.pictures) {
            (false, _) => (TextSource::Native, "the file holds its text as such".into()),
            (true, 0) => (TextSource::Blank, "there is no text on it".into()),
            (true, pictures) => (
                TextSource::Unreadable,
                format!(
                    "{pictures} pictures and no text are on it; pictures inside such a file are not read"
                ),
            ),
        };
        (self.emit)(Page {
            number: self.emitted,
            label: open.label,
            size: self.size,
            source,
            reason,
            blocks: open.blocks,
        })
    }
}

pub fn within(limit: Limit, count: u64, allowed: u64) -> Result<(), ExtractionError> {
    if count > allowed {
        return Err(ExtractionError::TooLarge { limit, allowed });
    }
    Ok(())
}

/// Text in which runs of blanks, tabs and line feeds are one blank.
pub fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for word in text.split([' ', '\t', '\n', '\r', '\u{A0}']) {
        if word.is_empty() {
            continue;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    line
}
