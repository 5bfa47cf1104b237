//! A page drawn for people: in its colours, as a PNG.

use std::fs::File;

use image::{
    ExtendedColorType, ImageEncoder, RgbImage,
    codecs::png::{CompressionType, FilterType, PngEncoder},
};

use super::{channel::Channel, run::Stop};
use crate::document::extraction::{ExtractionError, FileKind, formats, pdf::Pdfium, wire::Order};

/// Draws the first page of the order.
pub(super) fn show(
    channel: &mut Channel,
    order: &Order,
    (width, pdfium): (u32, Option<&Pdfium>),
    mut file: File,
) -> Result<(), Stop> {
    let pixels = order.limits.pixels;
    let picture = match (order.kind, pdfium) {
        (FileKind::Image(kind), _) => formats::shrunken_image(kind, &mut file, (width, pixels))?,
        (FileKind::Pdf, Some(pdfium)) => {
            let pdf = pdfium.open(file)?;
            let drawn = pdf
                .page(order.pages.first)
                .and_then(|page| page.picture(width, pixels));
            drawn.map_err(|why| failed("pdfium", why))?
        }
        (FileKind::Native(_) | FileKind::Pdf, _) => {
            let why = "its pages have no layout".to_owned();
            return Err(failed("the reader", why).into());
        }
    };
    let png = encoded(&picture).map_err(|error| failed("the encoder", error.to_string()))?;
    Ok(channel.show(&png)?)
}

fn encoded(picture: &RgbImage) -> Result<Vec<u8>, image::ImageError> {
    let mut png = Vec::new();
    let encoder =
        PngEncoder::new_with_quality(&mut png, CompressionType::Fast, FilterType::Adaptive);
    let (width, height) = picture.dimensions();
    encoder.write_image(picture.as_raw(), width, height, ExtendedColorType::Rgb8)?;
    Ok(png)
}

fn failed(engine: &str, why: String) -> ExtractionError {
    ExtractionError::EngineFailed {
        engine: engine.to_owned(),
        why,
    }
}
