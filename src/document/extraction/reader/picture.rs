//! An image file: measured before it is decoded, then read by OCR as a page.

use std::fs::File;

use image::{
    GrayImage,
    imageops::{self, FilterType},
};

use super::{channel::Channel, run::Stop, sight::Sight};
use crate::document::extraction::{
    FileMetadata, ImageKind, Page, PageSize, TextSource, formats,
    layout::{PageContent, PageContext, Typography, TypographySample, page_blocks},
    wire::{Order, Said},
};

/// The longer side of an A4 page, in inches: what an image is taken for that says nothing of its size.
const LONGER_SIDE_INCHES: f32 = 11.7;
const POINTS_PER_INCH: f32 = 72.0;
/// Letters of fewer pixels are read worse: such images are enlarged.
const COARSEST_DPI: f32 = 150.0;
const ENLARGED: u32 = 2;

pub(super) fn read(
    channel: &mut Channel,
    order: &Order,
    kind: ImageKind,
    mut file: File,
) -> Result<(), Stop> {
    let image = formats::decode_image(kind, &mut file, order.limits.pixels)?;
    channel.say(&Said::Opened {
        pages: Some(1),
        metadata: FileMetadata::default(),
        typography: Typography::default(),
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
    let size = PageSize {
        width: width / scale,
        height: height / scale,
    };
    let content = PageContent {
        pieces,
        ..PageContent::empty(size)
    };
    let around = PageContext {
        typography: &sample.typography(),
        size,
        neighbours: Vec::new(),
        references: false,
    };
    Ok(Page {
        number: 1,
        label: None,
        size: Some(size),
        source,
        reason,
        blocks: page_blocks(&content, &around).0,
    })
}
