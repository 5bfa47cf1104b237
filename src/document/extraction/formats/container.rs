//! What kind of document an archive is, by the part in which it says so itself.

use super::{
    archive::{Archive, Source},
    limits::FormatLimits,
};
use crate::document::extraction::{error::ExtractionError, kind::NativeKind};

/// Bytes of the part that names an archive's kind.
const DECLARATION_BYTES: u64 = 1024 * 1024;

const OPEN_PACKAGING: &str = "[Content_Types].xml";
const MIMETYPE: &str = "mimetype";

/// The main parts of Office Open XML, by how their media types end.
const MAIN_PARTS: [(&str, NativeKind); 11] = [
    ("wordprocessingml.document.main+xml", NativeKind::Docx),
    ("wordprocessingml.template.main+xml", NativeKind::Docx),
    ("ms-word.document.macroEnabled.main+xml", NativeKind::Docx),
    ("presentationml.presentation.main+xml", NativeKind::Pptx),
    ("presentationml.slideshow.main+xml", NativeKind::Pptx),
    ("presentationml.template.main+xml", NativeKind::Pptx),
    (
        "ms-powerpoint.presentation.macroEnabled.main+xml",
        NativeKind::Pptx,
    ),
    (
        "ms-powerpoint.slideshow.macroEnabled.main+xml",
        NativeKind::Pptx,
    ),
    ("spreadsheetml.sheet.main+xml", NativeKind::Xlsx),
    ("spreadsheetml.template.main+xml", NativeKind::Xlsx),
    ("ms-excel.sheet.macroEnabled.main+xml", NativeKind::Xlsx),
];

pub fn kind_of_archive(mut input: &mut dyn Source) -> Result<NativeKind, ExtractionError> {
    let limits = FormatLimits::default();
    let mut archive = Archive::open(&mut input, &limits)?;
    if let Some(types) = archive.text(OPEN_PACKAGING, DECLARATION_BYTES)? {
        let is_main = |ending: &str| {
            let quoted = ['"', '\''].map(|quote| format!("{ending}{quote}"));
            quoted.iter().any(|quoted| types.contains(quoted))
        };
        let main = MAIN_PARTS.iter().find(|(ending, _)| is_main(ending));
        return main.map(|(_, kind)| *kind).ok_or_else(|| {
            unsupported("an Office file that is no document, presentation or workbook".to_owned())
        });
    }
    let Some(media_type) = archive.text(MIMETYPE, DECLARATION_BYTES)? else {
        return Err(unsupported(
            "an archive (ZIP) that is no document".to_owned(),
        ));
    };
    match media_type.trim() {
        "application/epub+zip" => Ok(NativeKind::Epub),
        "application/vnd.oasis.opendocument.text"
        | "application/vnd.oasis.opendocument.text-template"
        | "application/vnd.oasis.opendocument.text-master" => Ok(NativeKind::Odt),
        other => {
            let named: String = other.chars().take(100).collect();
            Err(unsupported(format!("an archive of {named:?}")))
        }
    }
}

fn unsupported(found: String) -> ExtractionError {
    ExtractionError::UnsupportedType { found }
}
