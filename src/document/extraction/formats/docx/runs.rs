//! How a stretch of text looks: whether anybody who looks at the page sees it.

use super::styles::Styles;
use crate::document::extraction::formats::xml::Element;

/// In half points: text smaller than one point is not seen.
const VISIBLE_SIZE_MIN: u32 = 2;

#[derive(Debug, Default)]
pub struct Run {
    vanished: bool,
    tiny: bool,
    white: bool,
    shaded: bool,
}

impl Run {
    /// Takes note of one property of the run.
    pub fn property(&mut self, element: &Element<'_>, styles: &Styles) {
        let value = || element.attribute("val").unwrap_or_default();
        match element.name() {
            "vanish" => self.vanished = element.is_on(),
            "rStyle" => self.vanished |= styles.hides(&value()),
            "sz" => {
                let size: Option<u32> = value().parse().ok();
                self.tiny = size.is_some_and(|size| size < VISIBLE_SIZE_MIN);
            }
            "color" => self.white = value().eq_ignore_ascii_case("FFFFFF"),
            "highlight" => self.shaded |= value() != "none",
            "shd" => self.shaded |= is_shading(element),
            _ => {}
        }
    }

    /// `on_white`: nothing around the run colours the page behind it.
    pub fn is_hidden(&self, on_white: bool) -> bool {
        self.vanished || self.tiny || (self.white && on_white && !self.shaded)
    }
}

/// Whether shading shows as a colour.
pub fn is_shading(element: &Element<'_>) -> bool {
    let fill = element.attribute("fill").unwrap_or_default();
    !matches!(fill.to_ascii_lowercase().as_str(), "" | "auto" | "ffffff")
        || element.attribute("themeFill").is_some()
}
