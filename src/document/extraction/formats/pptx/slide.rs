//! The text of one slide, shape by shape.

use super::shapes::{Role, Shape};
use crate::document::extraction::{
    error::ExtractionError,
    formats::{
        pages::Pages,
        tables::{Finished, Table},
        xml::{Element, Node, Xml},
    },
    model::BlockKind,
};

/// In hundredths of a point: smaller text is not seen.
const VISIBLE_SIZE_MIN: u32 = 100;

pub struct Sheet<'a> {
    pub path: &'a str,
    /// Width and height, in the units of Office.
    pub size: Option<(i64, i64)>,
}

#[derive(Default)]
pub struct Slide {
    /// Left out when the slides are shown.
    pub hidden: bool,
    found: Vec<(Role, Finished)>,
    pictures: u32,
}

impl Slide {
    pub fn read(mut xml: Xml<'_>, sheet: &Sheet<'_>) -> Result<Self, ExtractionError> {
        let mut walk = Walk::new(sheet.size);
        while let Some(node) = xml.next()? {
            match node {
                Node::Open(element) if element.name() == "Fallback" => xml.skip()?,
                Node::Open(element) => walk.open(&element),
                Node::Close(element) => walk.close(element.name()),
                Node::Text(text) if walk.in_text => walk.write(&text),
                Node::Text(_) | Node::Other => {}
            }
        }
        Ok(walk.slide)
    }

    /// The title first, wherever it was drawn.
    pub fn write(self, pages: &mut Pages<'_>) -> Result<(), ExtractionError> {
        for _ in 0..self.pictures {
            pages.picture();
        }
        let (titles, rest): (Vec<_>, Vec<_>) = self
            .found
            .into_iter()
            .partition(|(role, _)| *role == Role::Title);
        for (_, finished) in titles.into_iter().chain(rest) {
            finished.hidden_if(self.hidden).write(pages)?;
        }
        Ok(())
    }

    /// What the speaker wrote below the slide.
    pub fn write_notes(self, hidden: bool, pages: &mut Pages<'_>) -> Result<(), ExtractionError> {
        for (role, finished) in self.found {
            if let (Role::Body, Finished::Text { text, .. }) = (role, finished) {
                pages.block(BlockKind::Footnote, &text, hidden)?;
            }
        }
        Ok(())
    }
}

/// A slide while it is walked.
struct Walk {
    slide: Slide,
    size: Option<(i64, i64)>,
    /// Shapes inside each other: the last one is the innermost.
    shapes: Vec<Shape>,
    groups: usize,
    tables: Vec<Table>,
    paragraph: Paragraph,
    in_text: bool,
    tiny: bool,
}

#[derive(Default)]
struct Paragraph {
    text: String,
    unseen: String,
    bullet: Option<bool>,
}

impl Walk {
    fn new(size: Option<(i64, i64)>) -> Self {
        Self {
            slide: Slide::default(),
            size,
            shapes: Vec::new(),
            groups: 0,
            tables: Vec::new(),
            paragraph: Paragraph::default(),
            in_text: false,
            tiny: false,
        }
    }

    fn open(&mut self, element: &Element<'_>) {
        let in_group = self.groups > 0;
        match (element.name(), self.shapes.last_mut()) {
            ("sld", _) => {
                self.slide.hidden =
                    matches!(element.attribute("show").as_deref(), Some("0" | "false"));
            }
            ("grpSp", _) => self.groups += 1,
            ("sp" | "graphicFrame" | "cxnSp", _) => self.shapes.push(Shape::default()),
            ("pic", _) => self.shapes.push(Shape::picture()),
            ("cNvPr", Some(shape)) => shape.properties(element),
            ("ph", Some(shape)) => shape.placeholder(element),
            // In a group, places are told in the group's own measure.
            ("off", Some(shape)) if !in_group => shape.offset(element),
            ("ext", Some(shape)) if !in_group => shape.extent(element, self.size),
            ("tbl", _) => self.tables.push(Table::default()),
            ("buNone", _) => self.paragraph.bullet = Some(false),
            ("buChar" | "buAutoNum" | "buBlip", _) => self.paragraph.bullet = Some(true),
            ("r", _) => self.tiny = false,
            ("rPr", _) => {
                let size = element
                    .attribute("sz")
                    .and_then(|it| it.parse::<u32>().ok());
                self.tiny = size.is_some_and(|size| size < VISIBLE_SIZE_MIN);
            }
            ("t", _) => self.in_text = true,
            ("br", _) => self.write("\n"),
            ("tab", _) => self.write("\t"),
            _ => {}
        }
    }

    fn write(&mut self, text: &str) {
        let into = if self.tiny {
            &mut self.paragraph.unseen
        } else {
            &mut self.paragraph.text
        };
        into.push_str(text);
    }

    fn close(&mut self, name: &str) {
        match name {
            "t" => self.in_text = false,
            "p" => self.end_paragraph(),
            "grpSp" => self.groups = self.groups.saturating_sub(1),
            "sp" | "pic" | "graphicFrame" | "cxnSp" => self.end_shape(),
            "tc" => self.tables.last_mut().into_iter().for_each(Table::end_cell),
            "tr" => self.tables.last_mut().into_iter().for_each(Table::end_row),
            "tbl" => {
                let finished = self.tables.pop().map(Table::finish).unwrap_or_default();
                for part in finished {
                    self.put(part);
                }
            }
            _ => {}
        }
    }

    fn end_paragraph(&mut self) {
        let Paragraph {
            text,
            unseen,
            bullet,
        } = std::mem::take(&mut self.paragraph);
        let kind = match self.shapes.last() {
            Some(shape) => shape.kind(bullet),
            None => BlockKind::Paragraph,
        };
        for (kind, text, hidden) in [(kind, text, false), (BlockKind::Paragraph, unseen, true)] {
            self.put(Finished::Text { kind, text, hidden });
        }
    }

    fn end_shape(&mut self) {
        let Some(shape) = self.shapes.pop() else {
            return;
        };
        match (shape.is_picture, shape.description) {
            (true, Some(text)) => self.slide.found.push((
                Role::None,
                Finished::Text {
                    kind: BlockKind::Figure,
                    text,
                    hidden: shape.hidden,
                },
            )),
            (true, None) => self.slide.pictures += 1,
            (false, _) => {}
        }
    }

    fn put(&mut self, finished: Finished) {
        if let Some(table) = self.tables.last_mut() {
            table.put(finished);
            return;
        }
        let role = self.shapes.last().map_or(Role::None, |shape| shape.role);
        let hidden = self.shapes.iter().any(|shape| shape.hidden);
        self.slide.found.push((role, finished.hidden_if(hidden)));
    }
}
