//! Pictures: decoded under a limit of pixels, upright; in shades of grey for OCR, small and in colour for people.

use std::io::{BufReader, Read, Seek, SeekFrom};

use image::{
    DynamicImage, GrayImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits, RgbImage,
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
    decoded(kind, input, pixels).map(on_white)
}

/// The same in its colours, and no wider than `width`.
pub fn shrunken_image(
    kind: ImageKind,
    input: &mut (impl Read + Seek),
    (width, pixels): (u32, u64),
) -> Result<RgbImage, ExtractionError> {
    let image = decoded(kind, input, pixels)?;
    let small = if image.width() > width {
        image.thumbnail(width, u32::MAX)
    } else {
        image
    };
    Ok(in_colour_on_white(&small))
}

fn decoded(
    kind: ImageKind,
    input: &mut (impl Read + Seek),
    pixels: u64,
) -> Result<DynamicImage, ExtractionError> {
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
    Ok(image)
}

/// What is transparent is white, as paper is.
fn on_white(image: DynamicImage) -> GrayImage {
    if !image.color().has_alpha() {
        return image.into_luma8();
    }
    let pixels = image.into_luma_alpha8();
    let (width, height) = pixels.dimensions();
    GrayImage::from_fn(width, height, |x, y| {
        let [grey, alpha] = pixels.get_pixel(x, y).0;
        image::Luma([blended(grey, alpha)])
    })
}

fn in_colour_on_white(image: &DynamicImage) -> RgbImage {
    let pixels = image.to_rgba8();
    let (width, height) = pixels.dimensions();
    RgbImage::from_fn(width, height, |x, y| {
        let [red, green, blue, alpha] = pixels.get_pixel(x, y).0;
        image::Rgb([red, green, blue].map(|shade| blended(shade, alpha)))
    })
}

fn blended(shade: u8, alpha: u8) -> u8 {
    let (white, shade, alpha) = (u16::from(WHITE), u16::from(shade), u16::from(alpha));
    let blended = (shade * alpha + white * (white - alpha)) / white;
    u8::try_from(blended).unwrap_or(WHITE)
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
    fn a_wide_picture_is_shown_smaller_and_a_small_one_as_it_is() {
        for (width, shown) in [(400, (100, 50)), (40, (40, 20))] {
            let mut file = png(width, width / 2);
            let image =
                shrunken_image(ImageKind::Png, &mut file, (100, 80_000)).expect("it is read");
            assert_eq!(
                (image.dimensions(), image.get_pixel(1, 1).0),
                (shown, [WHITE; 3])
            );
        }
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
