//! The text of a document, element by element.

use std::collections::HashMap;

use super::{
    frames::{Frame, Paragraph},
    runs::{Run, is_shading},
    styles::{Styles, heading_of_outline},
};
use crate::document::extraction::{
    error::ExtractionError,
    formats::{
        pages::Pages,
        tables::{Finished, Table},
        xml::{Element, Node, Xml},
    },
    model::BlockKind,
};

pub struct Notes {
    pub footnotes: HashMap<String, String>,
    pub endnotes: HashMap<String, String>,
}

impl Notes {
    pub fn none() -> Self {
        Self {
            footnotes: HashMap::new(),
            endnotes: HashMap::new(),
        }
    }
}

pub struct Body<'b, 'a> {
    pages: &'b mut Pages<'a>,
    styles: &'b Styles,
    notes: Notes,
    /// What every paragraph is, in a header or a footer.
    always: Option<BlockKind>,
    frames: Vec<Frame>,
    run: Run,
    /// Open properties: of a paragraph, of a run, of a table's row.
    within: Vec<Properties>,
    in_text: bool,
    in_math: bool,
    /// The page itself is coloured: white text may be seen.
    coloured: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Properties {
    Paragraph,
    Run,
    Row,
}

/// What is no part of the text: deletions, instructions, what stands in for what an old program can not draw, and
/// the reading beside characters.
const LEFT_OUT: [&str; 14] = [
    "Fallback",
    "del",
    "moveFrom",
    "instrText",
    "delText",
    "delInstrText",
    "rt",
    "sdtPr",
    "sdtEndPr",
    "tblPr",
    "tblGrid",
    "rPrChange",
    "pPrChange",
    "sectPr",
];

impl<'b, 'a> Body<'b, 'a> {
    pub fn new(pages: &'b mut Pages<'a>, styles: &'b Styles, notes: Notes) -> Self {
        Self {
            pages,
            styles,
            notes,
            always: None,
            frames: Vec::new(),
            run: Run::default(),
            within: Vec::new(),
            in_text: false,
            in_math: false,
            coloured: false,
        }
    }

    /// A header or a footer, whose paragraphs all are of one kind.
    pub fn of_kind(self, kind: BlockKind) -> Self {
        Self {
            always: Some(kind),
            ..self
        }
    }

    pub fn read(mut self, mut xml: Xml<'_>) -> Result<(), ExtractionError> {
        while let Some(node) = xml.next()? {
            let goes_in = match node {
                Node::Open(element) => self.open(&element),
                Node::Close(element) => {
                    self.close(element.name())?;
                    true
                }
                Node::Text(text) => {
                    if self.in_text {
                        self.write(&text);
                    }
                    true
                }
                Node::Other => true,
            };
            if !goes_in {
                xml.skip()?;
            }
        }
        Ok(())
    }

    /// Whether what is inside is looked at.
    fn open(&mut self, element: &Element<'_>) -> bool {
        match element.name() {
            "p" => self.frames.push(Frame::Paragraph(Paragraph::default())),
            "tbl" => self.frames.push(Frame::Table(Table::default())),
            "pPr" => self.within.push(Properties::Paragraph),
            "rPr" => self.within.push(Properties::Run),
            "trPr" => self.within.push(Properties::Row),
            "r" => self.run = Run::default(),
            "background" => self.coloured = true,
            "oMath" => self.in_math = true,
            "t" => self.in_text = self.within.is_empty(),
            name => match self.within.first().copied() {
                Some(properties) => self.property(properties, element),
                None if LEFT_OUT.contains(&name) => return false,
                None => self.content(element),
            },
        }
        true
    }

    fn property(&mut self, properties: Properties, element: &Element<'_>) {
        let value = || element.attribute("val").unwrap_or_default();
        match (properties, self.frames.last_mut()) {
            (Properties::Run, _) => self.run.property(element, self.styles),
            (Properties::Paragraph, Some(Frame::Paragraph(paragraph))) => match element.name() {
                // The mark's own look is not the text's.
                _ if self.within.len() > 1 => {}
                "pStyle" => paragraph.style = Some(value()),
                "outlineLvl" => paragraph.outline = heading_of_outline(&value()),
                "numId" => paragraph.listed = value() != "0",
                "shd" => paragraph.shaded = is_shading(element),
                _ => {}
            },
            (Properties::Row, Some(Frame::Table(table))) => match element.name() {
                "hidden" => table.row_hidden = element.is_on(),
                "del" => table.row_deleted = true,
                _ => {}
            },
            _ => {}
        }
    }

    fn content(&mut self, element: &Element<'_>) {
        match element.name() {
            "tab" => self.write("\t"),
            "br" if element.attribute("type").as_deref() == Some("page") => self.break_page(),
            "lastRenderedPageBreak" => self.break_page(),
            "br" | "cr" => self.write("\n"),
            "noBreakHyphen" => self.write("\u{2011}"),
            "den" => self.write("/"),
            "sup" if self.in_math => self.write("^"),
            "sub" if self.in_math => self.write("_"),
            "footnoteReference" | "endnoteReference" => self.note(element),
            "docPr" => self.picture(element),
            "gridSpan" => {
                if let Some(Frame::Table(table)) = self.frames.last_mut() {
                    let columns = element.attribute("val").and_then(|it| it.parse().ok());
                    table.columns = columns.unwrap_or(1);
                }
            }
            _ => {}
        }
    }

    fn close(&mut self, name: &str) -> Result<(), ExtractionError> {
        match name {
            "t" => self.in_text = false,
            "oMath" => self.in_math = false,
            "pPr" | "rPr" | "trPr" => {
                self.within.pop();
            }
            "p" => {
                if let Some(Frame::Paragraph(paragraph)) = self.frames.pop() {
                    self.finish_paragraph(paragraph)?;
                }
            }
            "tc" | "tr" | "tbl" => self.close_in_table(name)?,
            _ => {}
        }
        Ok(())
    }

    fn close_in_table(&mut self, name: &str) -> Result<(), ExtractionError> {
        match (name, self.frames.last_mut()) {
            ("tc", Some(Frame::Table(table))) => table.end_cell(),
            ("tr", Some(Frame::Table(table))) => table.end_row(),
            ("tbl", Some(Frame::Table(table))) => {
                let finished = std::mem::take(table).finish();
                self.frames.pop();
                self.put(finished)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn finish_paragraph(&mut self, paragraph: Paragraph) -> Result<(), ExtractionError> {
        let is_outermost = self.frames.is_empty();
        let (before, after) = (paragraph.breaks_before, paragraph.breaks_after);
        if is_outermost && before {
            self.pages.turn()?;
        }
        let mut finished = paragraph.finish(self.styles);
        if let Some(always) = &self.always {
            for part in &mut finished {
                if let Finished::Text { kind, .. } = part {
                    *kind = always.clone();
                }
            }
        }
        self.put(finished)?;
        if is_outermost && after {
            self.pages.turn()?;
        }
        Ok(())
    }

    /// What is complete goes into the paragraph or the cell around it, else onto the page.
    fn put(&mut self, finished: Vec<Finished>) -> Result<(), ExtractionError> {
        match self.frames.last_mut() {
            Some(Frame::Paragraph(paragraph)) => paragraph.after.extend(finished),
            Some(Frame::Table(table)) => finished.into_iter().for_each(|part| table.put(part)),
            None => {
                for part in finished {
                    part.write(self.pages)?;
                }
            }
        }
        Ok(())
    }

    fn write(&mut self, text: &str) {
        // A table, or a text box, has a colour of its own.
        let is_outermost = self.frames.len() == 1;
        let (in_math, coloured) = (self.in_math, self.coloured);
        let Some(Frame::Paragraph(paragraph)) = self.frames.last_mut() else {
            return;
        };
        let on_white = is_outermost && !coloured && !paragraph.shaded;
        let styled = paragraph.style.as_deref();
        let vanishes = styled.is_some_and(|id| self.styles.hides(id));
        if vanishes || self.run.is_hidden(on_white) {
            paragraph.hidden.push_str(text);
            return;
        }
        paragraph.text.push_str(text);
        if in_math {
            paragraph.math_characters += text.chars().filter(|c| !c.is_whitespace()).count();
        }
    }

    /// Where the page was broken, when the document was last laid out or by hand.
    fn break_page(&mut self) {
        if let [Frame::Paragraph(paragraph)] = self.frames.as_mut_slice() {
            let is_before_text = paragraph.text.trim().is_empty();
            paragraph.breaks_before |= is_before_text;
            paragraph.breaks_after |= !is_before_text;
        }
    }

    fn note(&mut self, element: &Element<'_>) {
        let id = element.attribute("id").unwrap_or_default();
        let texts = match element.name() {
            "footnoteReference" => &self.notes.footnotes,
            _ => &self.notes.endnotes,
        };
        if let Some(text) = texts.get(&id).cloned() {
            self.hang(BlockKind::Footnote, text);
        }
    }

    /// A picture, by the words that stand for it.
    fn picture(&mut self, element: &Element<'_>) {
        match element
            .attribute("descr")
            .filter(|text| !text.trim().is_empty())
        {
            Some(text) => self.hang(BlockKind::Figure, text),
            None => self.pages.picture(),
        }
    }

    fn hang(&mut self, kind: BlockKind, text: String) {
        if let Some(Frame::Paragraph(paragraph)) = self.frames.last_mut() {
            paragraph.after.push(Finished::Text {
                kind,
                text,
                hidden: false,
            });
        }
    }
}
