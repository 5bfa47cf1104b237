//! The slides of a presentation in their order, with what belongs to each.

use super::slide::{Sheet, Slide};
use crate::document::extraction::{
    error::ExtractionError,
    formats::{
        archive::Archive,
        office::{self, Relationships},
        pages::Pages,
        xml::{Doctype, Node, Xml},
    },
    model::{BlockKind, FileMetadata, PageSize},
};

/// English Metric Units, in which Office measures, of a point.
const EMU_PER_POINT: f32 = 12_700.0;

pub fn read(
    archive: &mut Archive<'_>,
    mut pages: Pages<'_>,
) -> Result<FileMetadata, ExtractionError> {
    let limits = pages.limits();
    let said = office::metadata(archive, limits)?;
    let main = office::main_part(archive, limits, "ppt/presentation.xml")?;
    let related = Relationships::of(archive, &main, limits)?;
    let order = order(Xml::new(archive.required(&main)?, limits, Doctype::Refused))?;
    #[expect(
        clippy::cast_precision_loss,
        reason = "slides are some million units wide"
    )]
    let points = |units: i64| units as f32 / EMU_PER_POINT;
    pages.size = order.size.map(|(width, height)| PageSize {
        width: points(width),
        height: points(height),
    });
    for id in &order.slides {
        let path = related.path(id).ok_or_else(|| {
            ExtractionError::damaged(&main, format!("its slide {id:?} is not in the file"))
        })?;
        let slide = Sheet {
            path,
            size: order.size,
        };
        pages.begin(None)?;
        slide_of(archive, &slide, &mut pages)?;
    }
    pages.finish(said)
}

/// What the presentation says of its slides.
#[derive(Default)]
struct Order {
    slides: Vec<String>,
    size: Option<(i64, i64)>,
}

fn order(mut xml: Xml<'_>) -> Result<Order, ExtractionError> {
    let mut order = Order::default();
    while let Some(node) = xml.next()? {
        let Node::Open(element) = node else { continue };
        match element.name() {
            "sldId" => order.slides.extend(element.attribute_named("r:id")),
            "sldSz" => {
                let length = |name| element.attribute(name)?.parse::<i64>().ok();
                order.size = length("cx").zip(length("cy"));
            }
            _ => {}
        }
    }
    Ok(order)
}

fn slide_of(
    archive: &mut Archive<'_>,
    sheet: &Sheet<'_>,
    pages: &mut Pages<'_>,
) -> Result<(), ExtractionError> {
    let limits = pages.limits();
    let xml = Xml::new(archive.required(sheet.path)?, limits, Doctype::Refused);
    let slide = Slide::read(xml, sheet)?;
    let hidden = slide.hidden;
    let related = Relationships::of(archive, sheet.path, limits)?;
    slide.write(pages)?;
    for path in related.paths("diagramData") {
        if let Some(part) = archive.part(path)? {
            for text in paragraphs(Xml::new(part, limits, Doctype::Refused))? {
                pages.block(BlockKind::ListItem, &text, hidden)?;
            }
        }
    }
    for path in related.paths("notesSlide") {
        if let Some(part) = archive.part(path)? {
            let sheet = Sheet { path, size: None };
            let notes = Slide::read(Xml::new(part, limits, Doctype::Refused), &sheet)?;
            notes.write_notes(hidden, pages)?;
        }
    }
    Ok(())
}

/// The paragraphs of a part that is nothing but text in shapes.
fn paragraphs(mut xml: Xml<'_>) -> Result<Vec<String>, ExtractionError> {
    let (mut found, mut text, mut in_text) = (Vec::new(), String::new(), false);
    while let Some(node) = xml.next()? {
        match node {
            Node::Open(element) => {
                in_text = element.name() == "t" && element.qualified() != "dgm:t";
            }
            Node::Text(part) if in_text => text.push_str(&part),
            Node::Close(element) => {
                in_text = false;
                if element.name() == "p" {
                    found.push(std::mem::take(&mut text));
                }
            }
            _ => {}
        }
    }
    Ok(found)
}
