//! Pictures that are read by OCR: decoded under a limit of pixels, upright, in shades of grey.

use std::io::{BufReader, Read, Seek, SeekFrom};

use image::{
    DynamicImage, GrayImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits,
    error::LimitErrorKind,
};

use super::pages::within;
use crate::document::extraction::{
    error::{ExtractionError, Limit},
    kind::ImageKind,
};

/// Of colour with transparency, in 16 bits: the most that a decoder holds for a pixel.
const BYTES_PER_PIXEL: u64 = 8;
const WHITE: u8 = 255;

/// The picture, or the first one of several in a file. It has no more than `pixels`.
pub fn decode_image(
    kind: ImageKind,
    input: &mut (impl Read + Seek),
    pixels: u64,
) -> Result<GrayImage, ExtractionError> {
    input.seek(SeekFrom::Start(0))?;
    let format = match kind {
        ImageKind::Png => ImageFormat::Png,
        ImageKind::Jpeg => ImageFormat::Jpeg,
        ImageKind::Tiff => ImageFormat::Tiff,
        ImageKind::Webp => ImageFormat::WebP,
    };
    let mut reader = ImageReader::with_format(BufReader::new(input), format);
    let mut limits = Limits::default();
    limits.max_alloc = Some(pixels.saturating_mul(BYTES_PER_PIXEL));
    reader.limits(limits);
    let refusal = |error: &ImageError| refusal(error, pixels);
    let mut decoder = reader.into_decoder().map_err(|error| refusal(&error))?;
    let (width, height) = decoder.dimensions();
    within(Limit::Pixels, u64::from(width) * u64::from(height), pixels)?;
    let orientation = decoder.orientation().map_err(|error| refusal(&error))?;
    let mut image = DynamicImage::from_decoder(decoder).map_err(|error| refusal(&error))?;
    image.apply_orientation(orientation);
    Ok(on_white(image))
}

/// What is transparent is white, as paper is.
fn on_white(image: DynamicImage) -> GrayImage {
    if !image.color().has_alpha() {
        return image.into_luma8();
    }
    let pixels = image.into_luma_alpha8();
    let (width, height) = pixels.dimensions();
    GrayImage::from_fn(width, height, |x, y| {
        let [grey, alpha] = pixels.get_pixel(x, y).0.map(u16::from);
        let white = u16::from(WHITE);
        let blended = (grey * alpha + white * (white - alpha)) / white;
        image::Luma([u8::try_from(blended).unwrap_or(WHITE)])
    })
}

fn refusal(error: &ImageError, pixels: u64) -> ExtractionError {
    match error {
        ImageError::Limits(limit)
            if !matches!(limit.kind(), LimitErrorKind::Unsupported { .. }) =>
        {
            ExtractionError::TooLarge {
                limit: Limit::Pixels,
                allowed: pixels,
            }
        }
        other => ExtractionError::damaged("the image", other),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use image::{Rgba, RgbaImage};

    use super::*;

    fn png(width: u32, height: u32) -> Cursor<Vec<u8>> {
        let mut bytes = Cursor::new(Vec::new());
        let image = RgbaImage::from_pixel(width, height, Rgba([0, 0, 0, 0]));
        image.write_to(&mut bytes, ImageFormat::Png).expect("a PNG");
        bytes
    }

    #[test]
    fn what_is_transparent_is_white() {
        let image = decode_image(ImageKind::Png, &mut png(2, 3), 6).expect("it is read");
        assert_eq!(image.dimensions(), (2, 3));
        assert_eq!(image.get_pixel(1, 1).0, [WHITE]);
    }

    #[test]
    fn more_pixels_than_allowed_are_refused() {
        let error = decode_image(ImageKind::Png, &mut png(100, 100), 9_999).expect_err("too large");
        assert_eq!(error.code(), "too_large");
    }

    #[test]
    fn what_is_no_image_is_damaged() {
        let mut bytes = Cursor::new(b"\x89PNG\r\n\x1A\nnothing".to_vec());
        let error = decode_image(ImageKind::Png, &mut bytes, 100).expect_err("no image");
        assert_eq!(error.code(), "damaged");
    }
}
