//! An image file: measured before it is decoded, then read by OCR as a page.

use std::{
    fs::File,
    io::{BufReader, Seek},
};

use image::{
    DynamicImage, GrayImage, ImageDecoder, ImageError, ImageReader, Limits,
    imageops::{self, FilterType},
};

use super::{channel::Channel, run::Stop, sight::Sight};
use crate::document::extraction::{
    ExtractionError, ImageKind, Limit, Page, PageSize, TextSource,
    layout::{PageContent, TypographySample, page_blocks},
    wire::{Order, Said},
};

/// The longer side of an A4 page, in inches: what an image is taken for that says nothing of its size.
const LONGER_SIDE_INCHES: f32 = 11.7;
const POINTS_PER_INCH: f32 = 72.0;
/// Letters of fewer pixels are read worse: such images are enlarged.
const COARSEST_DPI: f32 = 150.0;
const ENLARGED: u32 = 2;
/// A decoder holds a few copies of what it decodes, four bytes a pixel.
const BYTES_PER_PIXEL: u64 = 16;

pub(super) fn read(
    channel: &mut Channel,
    order: &Order,
    kind: ImageKind,
    file: File,
) -> Result<(), Stop> {
    let image = decode(kind, file, order.limits.pixels)?;
    channel.say(&Said::Opened {
        pages: Some(1),
        metadata: crate::document::extraction::FileMetadata::default(),
        typography: crate::document::extraction::layout::Typography::default(),
    })?;
    if order.pages.first == 1 {
        let page = page(channel, order, &image)?;
        channel.say(&Said::Page { page })?;
    }
    Ok(())
}

#[expect(
    clippy::cast_precision_loss,
    reason = "the sides of an image in pixels"
)]
fn page(channel: &mut Channel, order: &Order, image: &GrayImage) -> Result<Page, Stop> {
    let (width, height) = (image.width() as f32, image.height() as f32);
    let dpi = (width.max(height) / LONGER_SIDE_INCHES).max(POINTS_PER_INCH);
    let scale = dpi / POINTS_PER_INCH;
    let seen = if dpi < COARSEST_DPI {
        let (wide, high) = (image.width() * ENLARGED, image.height() * ENLARGED);
        let larger = imageops::resize(image, wide, high, FilterType::CatmullRom);
        Sight::new(order).look(channel, &larger, scale * ENLARGED as f32)?
    } else {
        Sight::new(order).look(channel, image, scale)?
    };
    let (source, reason, pieces) = match seen {
        Ok(seen) if seen.is_text() => (TextSource::Ocr, seen.to_string(), seen.page.pieces),
        Ok(seen) => (TextSource::Unreadable, seen.to_string(), Vec::new()),
        Err(why) => (TextSource::Unreadable, why, Vec::new()),
    };
    let mut sample = TypographySample::default();
    sample.add(&pieces);
    let content = PageContent {
        pieces,
        ..PageContent::default()
    };
    Ok(Page {
        number: 1,
        label: None,
        size: Some(PageSize {
            width: width / scale,
            height: height / scale,
        }),
        source,
        reason,
        blocks: page_blocks(&content, &sample.typography()),
    })
}

/// The image upright and in grey, if it has no more than `pixels`: that is looked at before anything is decoded.
fn decode(kind: ImageKind, file: File, pixels: u64) -> Result<GrayImage, ExtractionError> {
    let format = match kind {
        ImageKind::Png => image::ImageFormat::Png,
        ImageKind::Jpeg => image::ImageFormat::Jpeg,
        ImageKind::Tiff => image::ImageFormat::Tiff,
        ImageKind::Webp => image::ImageFormat::WebP,
    };
    let mut input = BufReader::new(file);
    input.rewind()?;
    let mut reader = ImageReader::with_format(input, format);
    let mut limits = Limits::default();
    limits.max_alloc = Some(pixels.saturating_mul(BYTES_PER_PIXEL));
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(|error| broken(&error))?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > pixels {
        return Err(ExtractionError::TooLarge {
            limit: Limit::Pixels,
            allowed: pixels,
        });
    }
    let turned = decoder.orientation().map_err(|error| broken(&error))?;
    let mut image = DynamicImage::from_decoder(decoder).map_err(|error| broken(&error))?;
    image.apply_orientation(turned);
    Ok(image.into_luma8())
}

fn broken(error: &ImageError) -> ExtractionError {
    ExtractionError::damaged("the image", error)
}
