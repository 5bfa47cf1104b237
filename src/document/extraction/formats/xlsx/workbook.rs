//! The sheets of a workbook in their order.

use super::{
    numbers::{Formats, Look},
    sheet::{Sheet, Visibility},
    strings,
};
use crate::document::extraction::{
    error::ExtractionError,
    formats::{
        archive::Archive,
        office::{self, Relationships},
        pages::Pages,
        xml::{Doctype, Node, Xml},
    },
    model::FileMetadata,
};

/// What the cells of all sheets refer to.
pub struct Shared {
    pub strings: Vec<String>,
    pub formats: Formats,
}

pub fn read(
    archive: &mut Archive<'_>,
    mut pages: Pages<'_>,
) -> Result<FileMetadata, ExtractionError> {
    let limits = pages.limits();
    let said = office::metadata(archive, limits)?;
    let main = office::main_part(archive, limits, "xl/workbook.xml")?;
    let related = Relationships::of(archive, &main, limits)?;
    let workbook = Workbook::read(Xml::new(archive.required(&main)?, limits, Doctype::Refused))?;
    let (mut strings, mut looks) = (Vec::new(), Vec::new());
    // Programs name these parts also where they did not write them.
    if let Some(part) = related.first(archive, "sharedStrings")? {
        strings = strings::read(Xml::new(part, limits, Doctype::Refused), limits)?;
    }
    if let Some(part) = related.first(archive, "styles")? {
        looks = Look::read(Xml::new(part, limits, Doctype::Refused))?;
    }
    let shared = Shared {
        strings,
        formats: Formats {
            looks,
            since_1904: workbook.since_1904,
        },
    };
    for (name, visibility, id) in workbook.sheets {
        // A sheet of nothing but a chart is another kind of part.
        let Some(path) = related.path(&id) else {
            continue;
        };
        pages.begin(Some(name))?;
        let Some(part) = archive.part(path)? else {
            continue;
        };
        let xml = Xml::new(part, limits, Doctype::Refused);
        Sheet::new(&shared, visibility, &mut pages).read(xml)?;
    }
    pages.finish(said)
}

#[derive(Default)]
struct Workbook {
    /// Name, whether it is shown, and which part it is.
    sheets: Vec<(String, Visibility, String)>,
    since_1904: bool,
}

impl Workbook {
    fn read(mut xml: Xml<'_>) -> Result<Self, ExtractionError> {
        let mut workbook = Self::default();
        while let Some(node) = xml.next()? {
            let Node::Open(element) = node else { continue };
            match element.name() {
                "workbookPr" => {
                    let value = element.attribute("date1904");
                    workbook.since_1904 = matches!(value.as_deref(), Some("1" | "true"));
                }
                "sheet" => {
                    let visibility = match element.attribute("state").as_deref() {
                        Some("hidden" | "veryHidden") => Visibility::Hidden,
                        _ => Visibility::Shown,
                    };
                    let named = element
                        .attribute("name")
                        .zip(element.attribute_named("r:id"));
                    workbook
                        .sheets
                        .extend(named.map(|(name, id)| (name, visibility, id)));
                }
                _ => {}
            }
        }
        Ok(workbook)
    }
}
