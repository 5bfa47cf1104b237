//! What a file is, told by its bytes; a name only decides between kinds of text.

use std::{
    fmt,
    io::{Read, Seek, SeekFrom},
};

use serde::{Deserialize, Serialize};

use super::{error::ExtractionError, formats};

/// A kind of file that is read, by who reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "&'static str")]
pub enum FileKind {
    Pdf,
    /// Read by OCR.
    Image(ImageKind),
    /// Holds its text as such.
    Native(NativeKind),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ImageKind {
    Png,
    Jpeg,
    Tiff,
    Webp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NativeKind {
    Docx,
    Pptx,
    Xlsx,
    Odt,
    Epub,
    Html,
    Markdown,
    Plain,
    Csv,
}

/// As much of a file's beginning as is looked at.
const HEAD_BYTES: u64 = 8 * 1024;
/// How far into a file a PDF's mark may stand, as readers of PDF allow.
const PDF_MARK_WITHIN: usize = 1024;

impl FileKind {
    pub const ALL: [Self; 14] = [
        Self::Pdf,
        Self::Native(NativeKind::Docx),
        Self::Native(NativeKind::Pptx),
        Self::Native(NativeKind::Xlsx),
        Self::Native(NativeKind::Odt),
        Self::Native(NativeKind::Epub),
        Self::Native(NativeKind::Html),
        Self::Native(NativeKind::Markdown),
        Self::Native(NativeKind::Plain),
        Self::Native(NativeKind::Csv),
        Self::Image(ImageKind::Png),
        Self::Image(ImageKind::Jpeg),
        Self::Image(ImageKind::Tiff),
        Self::Image(ImageKind::Webp),
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pdf => "pdf",
            Self::Image(ImageKind::Png) => "png",
            Self::Image(ImageKind::Jpeg) => "jpeg",
            Self::Image(ImageKind::Tiff) => "tiff",
            Self::Image(ImageKind::Webp) => "webp",
            Self::Native(NativeKind::Docx) => "docx",
            Self::Native(NativeKind::Pptx) => "pptx",
            Self::Native(NativeKind::Xlsx) => "xlsx",
            Self::Native(NativeKind::Odt) => "odt",
            Self::Native(NativeKind::Epub) => "epub",
            Self::Native(NativeKind::Html) => "html",
            Self::Native(NativeKind::Markdown) => "markdown",
            Self::Native(NativeKind::Plain) => "plain",
            Self::Native(NativeKind::Csv) => "csv",
        }
    }

    pub fn media_type(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Image(ImageKind::Png) => "image/png",
            Self::Image(ImageKind::Jpeg) => "image/jpeg",
            Self::Image(ImageKind::Tiff) => "image/tiff",
            Self::Image(ImageKind::Webp) => "image/webp",
            Self::Native(NativeKind::Docx) => {
                "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
            }
            Self::Native(NativeKind::Pptx) => {
                "application/vnd.openxmlformats-officedocument.presentationml.presentation"
            }
            Self::Native(NativeKind::Xlsx) => {
                "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
            }
            Self::Native(NativeKind::Odt) => "application/vnd.oasis.opendocument.text",
            Self::Native(NativeKind::Epub) => "application/epub+zip",
            Self::Native(NativeKind::Html) => "text/html",
            Self::Native(NativeKind::Markdown) => "text/markdown",
            Self::Native(NativeKind::Plain) => "text/plain",
            Self::Native(NativeKind::Csv) => "text/csv",
        }
    }

    /// The kinds that are read, as an error names them.
    pub fn accepted() -> &'static str {
        "PDF, DOCX, PPTX, XLSX, ODT, EPUB, HTML, Markdown, plain text, CSV, PNG, JPEG, TIFF and WebP"
    }

    /// What `input` is, by its content. Reads its beginning and, of an archive, the list of its entries and the one
    /// part that says what it is, all within bounds. `name` decides between kinds of text only.
    pub fn of(input: &mut (impl Read + Seek), name: Option<&str>) -> Result<Self, ExtractionError> {
        let mut head = Vec::new();
        input.seek(SeekFrom::Start(0))?;
        input.by_ref().take(HEAD_BYTES).read_to_end(&mut head)?;
        if head.is_empty() {
            return Err(ExtractionError::EmptyFile);
        }
        let kind = match Mark::of(&head) {
            Some(Mark::Of(kind)) => kind,
            Some(Mark::Archive) => formats::kind_of_archive(input)?.into(),
            Some(Mark::OfOther(found)) => return Err(unsupported(found)),
            None if formats::is_text(&head) => NativeKind::of_text(&head, name).into(),
            None => Self::of_binary(&head)?,
        };
        input.seek(SeekFrom::Start(0))?;
        Ok(kind)
    }

    fn of_binary(head: &[u8]) -> Result<Self, ExtractionError> {
        if contains(&head[..head.len().min(PDF_MARK_WITHIN)], b"%PDF-") {
            return Ok(Self::Pdf);
        }
        let known = infer::get(head).map(|known| known.mime_type());
        Err(unsupported(known.unwrap_or("binary data of no known kind")))
    }
}

/// What the first bytes say by a mark that no text begins with.
enum Mark {
    Of(FileKind),
    Archive,
    OfOther(&'static str),
}

impl Mark {
    fn of(head: &[u8]) -> Option<Self> {
        let image = |kind| Some(Self::Of(FileKind::Image(kind)));
        match head {
            [b'%', b'P', b'D', b'F', b'-', ..] => Some(Self::Of(FileKind::Pdf)),
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1A, b'\n', ..] => image(ImageKind::Png),
            [0xFF, 0xD8, 0xFF, ..] => image(ImageKind::Jpeg),
            [b'I', b'I', 42, 0, ..] | [b'M', b'M', 0, 42, ..] => image(ImageKind::Tiff),
            [
                b'R',
                b'I',
                b'F',
                b'F',
                _,
                _,
                _,
                _,
                b'W',
                b'E',
                b'B',
                b'P',
                ..,
            ] => image(ImageKind::Webp),
            [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => Some(Self::Archive),
            [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1, ..] => Some(Self::OfOther(
                "an Office file of before 2007 (.doc, .xls, .ppt) or one with a password",
            )),
            [b'{', b'\\', b'r', b't', b'f', ..] => Some(Self::OfOther("an RTF file")),
            _ => None,
        }
    }
}

impl NativeKind {
    fn of_text(head: &[u8], name: Option<&str>) -> Self {
        if formats::is_html(head) {
            return Self::Html;
        }
        let extension = name.and_then(|name| name.rsplit_once('.'));
        let extension = extension.map(|(_, extension)| extension.to_ascii_lowercase());
        match extension.as_deref() {
            Some("md" | "markdown" | "mdown" | "mkd") => Self::Markdown,
            Some("csv" | "tsv" | "tab") => Self::Csv,
            Some("html" | "htm" | "xhtml") => Self::Html,
            _ => Self::Plain,
        }
    }
}

impl From<NativeKind> for FileKind {
    fn from(kind: NativeKind) -> Self {
        Self::Native(kind)
    }
}

impl From<FileKind> for &'static str {
    fn from(kind: FileKind) -> Self {
        kind.as_str()
    }
}

impl fmt::Display for FileKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A word that names no kind of file.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} names no kind of file that is read")]
pub struct UnknownFileKind(pub String);

impl std::str::FromStr for FileKind {
    type Err = UnknownFileKind;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|kind| kind.as_str() == word);
        found.ok_or_else(|| UnknownFileKind(word.to_owned()))
    }
}

impl TryFrom<String> for FileKind {
    type Error = UnknownFileKind;

    fn try_from(word: String) -> Result<Self, Self::Error> {
        word.parse()
    }
}

fn unsupported(found: &str) -> ExtractionError {
    ExtractionError::UnsupportedType {
        found: found.to_owned(),
    }
}

fn contains(bytes: &[u8], mark: &[u8]) -> bool {
    bytes.windows(mark.len()).any(|window| window == mark)
}
