//! The characters of a page, each with its place, its size, its face, and whether anybody can see it.

use pdfium_render::prelude::{PdfFontWeight, PdfPageText, PdfPageTextChar, PdfPageTextRenderMode};

use super::{Drawing, Frame};
use crate::document::extraction::{PageSize, Rect};

/// Smaller text can not be read by a person.
const SMALLEST_VISIBLE_POINTS: f32 = 1.0;
/// Alpha below this (of 255) can not be seen.
const FAINTEST_VISIBLE_ALPHA: u8 = 16;
/// How pdfium gives a hyphen that only divides a word at the end of a line.
const LINE_END_HYPHEN: char = '\u{2}';
/// A character that a font does not name.
pub(super) const UNKNOWN: char = '\u{FFFD}';
const BOLD_WEIGHT: u32 = 600;

/// A character as it stands on the page.
#[derive(Clone, Debug)]
pub struct Glyph {
    pub text: char,
    pub bounds: Rect,
    /// Where the pen stood, on the base line.
    pub origin: (f32, f32),
    pub size: f32,
    /// Quarter turns clockwise of the writing, as the page is shown.
    pub turns: u8,
    pub face: Face,
    pub concealment: Option<Concealment>,
    /// A blank stands before it.
    pub after_space: bool,
    /// It divides a word at the end of a line.
    pub divides: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Face {
    pub bold: bool,
    pub italic: bool,
    pub fixed: bool,
}

/// Why nobody sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Concealment {
    /// Drawn in no colour at all: render mode 3 or 7, or transparent.
    Invisible,
    /// In the colour of what is behind it.
    Camouflaged,
    Tiny,
    /// Off the page.
    Outside,
}

/// The characters of a page in the order of the file.
pub(super) fn glyphs(text: &PdfPageText<'_>, frame: &Frame, drawing: &Drawing) -> Vec<Glyph> {
    let mut reading = Reading {
        frame,
        drawing,
        glyphs: Vec::new(),
        space: true,
        face: Face::default(),
        high: None,
    };
    for character in text.chars().iter() {
        reading.take(&character);
    }
    reading.glyphs
}

struct Reading<'a> {
    frame: &'a Frame,
    drawing: &'a Drawing,
    glyphs: Vec<Glyph>,
    /// A blank came since the last glyph.
    space: bool,
    /// Of the word: asking for it is dear.
    face: Face,
    /// The first half of a character that is told in two.
    high: Option<u32>,
}

impl Reading<'_> {
    fn take(&mut self, character: &PdfPageTextChar<'_>) {
        let Some(text) = self.decoded(character.unicode_value()) else {
            return;
        };
        if text.is_whitespace() || (text.is_control() && text != LINE_END_HYPHEN) {
            self.space = true;
            return;
        }
        // A soft hyphen is seen at the end of a line only, where pdfium gives the other one.
        if text == '\u{AD}' {
            return;
        }
        let Some(glyph) = self.glyph(character, text) else {
            return;
        };
        self.glyphs.push(glyph);
        self.space = false;
    }

    fn decoded(&mut self, value: u32) -> Option<char> {
        match (self.high.take(), value) {
            (Some(high), 0xDC00..0xE000) => {
                char::from_u32(0x1_0000 + ((high - 0xD800) << 10) + (value - 0xDC00))
            }
            (_, 0xD800..0xDC00) => {
                self.high = Some(value);
                None
            }
            // pdfium says 0 of a glyph that its font does not name.
            (_, 0 | 0xFFFE | 0xFFFF) => Some(UNKNOWN),
            (_, value) => Some(char::from_u32(value).unwrap_or(UNKNOWN)),
        }
    }

    fn glyph(&mut self, character: &PdfPageTextChar<'_>, text: char) -> Option<Glyph> {
        let loose = character.loose_bounds().ok()?;
        let (x, y) = character.origin().ok()?;
        let matrix = character.matrix().ok()?;
        let bounds = self.frame.rect(
            (loose.left().value, loose.bottom().value),
            (loose.right().value, loose.top().value),
        );
        let size = character.unscaled_font_size().value * matrix.c().hypot(matrix.d());
        let changed = self
            .glyphs
            .last()
            .is_none_or(|last| (last.size - size).abs() > 0.1);
        if self.space || changed {
            self.face = face(character);
        }
        let mut glyph = Glyph {
            text: if text == LINE_END_HYPHEN { '-' } else { text },
            bounds,
            origin: self.frame.point(x.value, y.value),
            size: size.abs(),
            turns: (quarter_turns(matrix.a(), matrix.b()) + self.frame.turns()) % 4,
            face: self.face,
            concealment: None,
            after_space: self.space,
            divides: text == LINE_END_HYPHEN,
        };
        glyph.concealment = self.concealment(character, &glyph);
        Some(glyph)
    }

    fn concealment(&self, character: &PdfPageTextChar<'_>, glyph: &Glyph) -> Option<Concealment> {
        let mode = character
            .render_mode()
            .unwrap_or(PdfPageTextRenderMode::Unknown);
        let unfilled = matches!(
            mode,
            PdfPageTextRenderMode::StrokedUnfilled | PdfPageTextRenderMode::StrokedUnfilledClipping
        );
        if matches!(
            mode,
            PdfPageTextRenderMode::Invisible | PdfPageTextRenderMode::InvisibleClipping
        ) {
            return Some(Concealment::Invisible);
        }
        if glyph.size < SMALLEST_VISIBLE_POINTS {
            return Some(Concealment::Tiny);
        }
        let PageSize { width, height } = self.frame.size();
        let (x, y) = glyph.bounds.middle();
        if !(0.0..=width).contains(&x) || !(0.0..=height).contains(&y) {
            return Some(Concealment::Outside);
        }
        let colour = if unfilled {
            character.stroke_color()
        } else {
            character.fill_color()
        };
        let colour = colour.ok()?;
        if colour.alpha() < FAINTEST_VISIBLE_ALPHA {
            return Some(Concealment::Invisible);
        }
        let colour = [colour.red(), colour.green(), colour.blue()];
        self.drawing
            .hides(colour, (x, y))
            .then_some(Concealment::Camouflaged)
    }
}

fn face(character: &PdfPageTextChar<'_>) -> Face {
    let name = character.font_name().to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
    let weight = character.font_weight().map_or(0, weight_value);
    // Latin Modern, Computer Modern and the common Japanese faces say it in their names only.
    Face {
        bold: has(&[
            "bold",
            "black",
            "heavy",
            "demi",
            "cmbx",
            "gothicbbb",
            "futogo",
            "futomin",
            "sfbx",
        ]) || weight >= BOLD_WEIGHT,
        italic: has(&["italic", "oblique", "cmti", "cmmi", "slanted", "sfti"]),
        fixed: has(&[
            "mono",
            "courier",
            "typewriter",
            "cmtt",
            "lmtt",
            "consol",
            "sftt",
            "fixed",
        ]),
    }
}

fn weight_value(weight: PdfFontWeight) -> u32 {
    match weight {
        PdfFontWeight::Weight100 => 100,
        PdfFontWeight::Weight200 => 200,
        PdfFontWeight::Weight300 => 300,
        PdfFontWeight::Weight400Normal => 400,
        PdfFontWeight::Weight500 => 500,
        PdfFontWeight::Weight600 => 600,
        PdfFontWeight::Weight700Bold => 700,
        PdfFontWeight::Weight800 => 800,
        PdfFontWeight::Weight900 => 900,
        PdfFontWeight::Custom(value) => value,
    }
}

/// The nearest quarter turn, clockwise, of writing that goes along (a, b) in coordinates that grow upwards.
fn quarter_turns(a: f32, b: f32) -> u8 {
    if a.abs() >= b.abs() {
        if a < 0.0 { 2 } else { 0 }
    } else if b > 0.0 {
        3
    } else {
        1
    }
}
