//! A PDF that is open: its pages one by one, and a page drawn for OCR.

use std::{fs::File, io::Read, path::Path};

use image::{DynamicImage, GrayImage, RgbImage};
use pdfium_render::prelude::{
    PdfDocument, PdfPageIndex, PdfPageRenderRotation, PdfRenderConfig, PdfiumError,
    PdfiumInternalError,
};

use super::{Drawing, Frame, Glyph, glyphs, metadata};
use crate::document::extraction::{ExtractionError, FileMetadata};

/// A larger file is read piece by piece instead of being held.
const HELD_BYTES: u64 = 128 * 1024 * 1024;
const POINTS_PER_INCH: f32 = 72.0;
/// A side of a drawn page, in pixels.
const LONGEST_SIDE: f32 = 10_000.0;

/// The library, bound once for this process.
pub struct Pdfium(pdfium_render::prelude::Pdfium);

/// An open file.
pub struct Pdf<'a> {
    document: PdfDocument<'a>,
}

/// One page of it.
pub struct PdfPage<'a> {
    page: pdfium_render::prelude::PdfPage<'a>,
    frame: Frame,
}

impl Pdfium {
    pub fn load(library: &Path) -> Result<Self, ExtractionError> {
        let bound = pdfium_render::prelude::Pdfium::bind_to_library(library);
        let bindings = bound.map_err(|error| ExtractionError::EngineMissing {
            engine: "pdfium".to_owned(),
            why: format!(
                "{} can not be loaded: set `documents.engines.pdfium` ({error:?})",
                library.display()
            ),
        })?;
        Ok(Self(pdfium_render::prelude::Pdfium::new(bindings)))
    }

    pub fn open(&self, mut file: File) -> Result<Pdf<'_>, ExtractionError> {
        let length = file.metadata()?.len();
        let document = if length <= HELD_BYTES {
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes)?;
            self.0.load_pdf_from_byte_vec(bytes, None)
        } else {
            self.0.load_pdf_from_reader(file, None)
        };
        Ok(Pdf {
            document: document.map_err(|error| not_opened(&error))?,
        })
    }
}

impl Pdf<'_> {
    pub fn pages(&self) -> u32 {
        u32::try_from(self.document.pages().len()).unwrap_or(0)
    }

    /// By its number, from 1.
    pub fn page(&self, number: u32) -> Result<PdfPage<'_>, String> {
        let index = PdfPageIndex::try_from(number.saturating_sub(1))
            .map_err(|_| format!("no PDF has a page {number}"))?;
        let page = self.document.pages().get(index);
        let page = page.map_err(|error| format!("pdfium can not open the page ({error:?})"))?;
        let frame = frame_of(&page);
        Ok(PdfPage { page, frame })
    }

    /// What the file says of itself.
    pub fn metadata(&self) -> FileMetadata {
        metadata::of(self.document.metadata())
    }
}

impl PdfPage<'_> {
    pub fn frame(&self) -> &Frame {
        &self.frame
    }

    /// What the document calls the page.
    pub fn label(&self) -> Option<String> {
        self.page
            .label()
            .map(str::trim)
            .filter(|label| !label.is_empty())
            .map(str::to_owned)
    }

    pub fn drawing(&self) -> Drawing {
        Drawing::read(&self.page, &self.frame)
    }

    pub fn glyphs(&self, drawing: &Drawing) -> Result<Vec<Glyph>, String> {
        let text = self.page.text();
        let text = text.map_err(|error| format!("pdfium finds no text ({error:?})"))?;
        Ok(glyphs::glyphs(&text, &self.frame, drawing))
    }

    /// The page as it is shown, and how many pixels make a point; at a lower resolution where it would have more than
    /// `pixels`.
    pub fn draw(&self, dpi: u32, pixels: u64) -> Result<(GrayImage, f32), String> {
        #[expect(clippy::cast_precision_loss, reason = "a few hundred")]
        let scale = self.within(dpi as f32 / POINTS_PER_INCH, pixels);
        let config = PdfRenderConfig::new().use_grayscale_rendering(true);
        Ok((self.drawn(config, scale)?.into_luma8(), scale))
    }

    /// The page as it is shown, in its colours and about `width` pixels wide.
    pub fn picture(&self, width: u32, pixels: u64) -> Result<RgbImage, String> {
        #[expect(clippy::cast_precision_loss, reason = "a few thousand")]
        let scale = self.within(width as f32 / self.frame.size().width.max(1.0), pixels);
        Ok(self.drawn(PdfRenderConfig::new(), scale)?.into_rgb8())
    }

    /// How many pixels make a point: as many as asked, or as may be.
    fn within(&self, asked: f32, pixels: u64) -> f32 {
        let size = self.frame.size();
        #[expect(clippy::cast_precision_loss, reason = "a limit")]
        let most = (pixels as f32 / (size.width * size.height).max(1.0)).sqrt();
        let longest = LONGEST_SIDE / size.width.max(size.height).max(1.0);
        asked.min(most).min(longest)
    }

    fn drawn(&self, config: PdfRenderConfig, scale: f32) -> Result<DynamicImage, String> {
        let config = config.scale_page_by_factor(scale).render_form_data(false);
        let bitmap = self.page.render_with_config(&config);
        let image = bitmap.and_then(|bitmap| bitmap.as_image());
        image.map_err(|error| format!("pdfium can not draw the page ({error:?})"))
    }
}

fn frame_of(page: &pdfium_render::prelude::PdfPage<'_>) -> Frame {
    let turns = match page.rotation() {
        Ok(PdfPageRenderRotation::Degrees90) => 1,
        Ok(PdfPageRenderRotation::Degrees180) => 2,
        Ok(PdfPageRenderRotation::Degrees270) => 3,
        _ => 0,
    };
    let (shown_width, shown_height) = (page.width().value, page.height().value);
    let (width, height) = if turns % 2 == 1 {
        (shown_height, shown_width)
    } else {
        (shown_width, shown_height)
    };
    // The visible part begins where the crop box does; without one, where the media box does.
    let boundaries = page.boundaries();
    let visible = boundaries.crop().or_else(|_| boundaries.media());
    let corner = visible.map_or((0.0, 0.0), |visible| {
        (visible.bounds.left().value, visible.bounds.bottom().value)
    });
    Frame::new(corner.0, corner.1, width, height, turns)
}

fn not_opened(error: &PdfiumError) -> ExtractionError {
    match error {
        PdfiumError::PdfiumLibraryInternalError(
            PdfiumInternalError::PasswordError | PdfiumInternalError::SecurityError,
        ) => ExtractionError::Encrypted,
        PdfiumError::PdfiumLibraryInternalError(PdfiumInternalError::FormatError) => {
            ExtractionError::damaged("the PDF", "its structure can not be made out")
        }
        error => ExtractionError::damaged("the PDF", format!("pdfium refuses it ({error:?})")),
    }
}
