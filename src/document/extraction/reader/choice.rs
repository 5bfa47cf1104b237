//! The quality gate: whose reading of a page is kept, and why.
//!
//! pdfium's, unless something is wrong with it. Then poppler's, if nothing is wrong with that one. Then OCR of the page as it is
//! shown. What cannot be read by any of them is said to be so.

use std::collections::HashMap;

use super::{
    channel::Channel,
    poppler::{self, PopplerPage},
    run::Stop,
    sight::{Sight, Sighting},
};
use crate::document::extraction::{
    Rect, TextSource,
    layout::{PageContent, Piece},
    pdf::PdfPage,
    quality::{Measure, agreement},
    wire::Order,
};

/// Less agreement between two engines calls for a third.
const LEAST_AGREEMENT: f32 = 0.5;
/// A page with fewer characters may be a picture of text with a stamp on it.
const FEW_CHARS: usize = 40;
/// Share of a page under images from which it may be a picture of text.
const MUCH_IMAGE: f32 = 0.4;
/// A pixel darker than this (of 255) is ink.
const INK: u8 = 160;
/// Fewer dark pixels are dust, as a share of the page.
const LEAST_INK: f32 = 0.0002;
/// Blank pages are looked for at this resolution.
const GLANCE_DPI: u32 = 50;

/// A reading that was kept.
pub(super) struct Chosen {
    pub source: TextSource,
    pub reason: String,
    pub content: PageContent,
}

pub(super) struct Chooser<'a> {
    order: &'a Order,
    /// By the page's number, once poppler has been asked.
    poppler: Option<Result<HashMap<u32, PopplerPage>, String>>,
    sight: Sight<'a>,
}

/// One page in question.
struct Case<'a, 'b> {
    page: &'a PdfPage<'b>,
    content: PageContent,
    /// Of what pdfium reads and a person sees.
    measure: Measure,
    /// Why pdfium's reading is not kept.
    trouble: Option<String>,
}

impl<'a> Chooser<'a> {
    pub fn new(order: &'a Order) -> Self {
        Self {
            order,
            poppler: None,
            sight: Sight::new(order),
        }
    }

    pub fn choose(
        &mut self,
        channel: &mut Channel,
        page: &PdfPage<'_>,
        number: u32,
        content: Result<PageContent, String>,
    ) -> Result<Chosen, Stop> {
        let (content, failed) = match content {
            Ok(content) => (content, None),
            Err(why) => (PageContent::empty(page.frame().size()), Some(why)),
        };
        let visible = text_of(&content.pieces, false);
        let measure = Measure::of([visible.as_str()]);
        let trouble = failed.or_else(|| trouble_of(&measure, &content, page));
        let case = Case {
            page,
            content,
            measure,
            trouble,
        };
        let poppler = match self.poppler_page(channel, number)? {
            Ok(poppler) => poppler,
            Err(why) => {
                let why = format!("poppler could not check it: {why}");
                return match &case.trouble {
                    None => Ok(case.kept(&why)),
                    Some(_) => self.by_ocr(channel, case),
                };
            }
        };
        self.decide(channel, case, &poppler)
    }

    fn decide(
        &mut self,
        channel: &mut Channel,
        mut case: Case<'_, '_>,
        poppler: &PopplerPage,
    ) -> Result<Chosen, Stop> {
        let theirs = poppler.text();
        let agreed = agreement(&text_of(&case.content.pieces, true), &theirs);
        let their_measure = Measure::of([theirs.as_str()]);
        match &case.trouble {
            None if agreed >= LEAST_AGREEMENT || their_measure.trouble().is_some() => {
                Ok(case.kept(&format!("poppler agrees to {:.0} %", agreed * 100.0)))
            }
            None if their_measure.chars < case.measure.chars / 2 => {
                Ok(case.kept("poppler reads less of it"))
            }
            None => {
                case.trouble = Some(format!("poppler agrees to {:.0} % only", agreed * 100.0));
                self.arbitrate(channel, case, poppler)
            }
            Some(_)
                if their_measure.trouble().is_none()
                    && their_measure.chars >= FEW_CHARS.max(case.measure.chars * 4 / 5) =>
            {
                Ok(case.by_poppler(poppler))
            }
            Some(_) => self.by_ocr(channel, case),
        }
    }

    /// Two readings that both look like text and differ: the page as it is shown tells.
    fn arbitrate(
        &mut self,
        channel: &mut Channel,
        case: Case<'_, '_>,
        poppler: &PopplerPage,
    ) -> Result<Chosen, Stop> {
        let Ok(seen) = self.seen(channel, &case)? else {
            return Ok(case.kept("and OCR can not tell who is right"));
        };
        let seen = seen.page.text();
        let ours = agreement(&text_of(&case.content.pieces, false), &seen);
        let theirs = agreement(&poppler.text(), &seen);
        if theirs > ours + 0.1 {
            Ok(case.by_poppler(poppler))
        } else {
            Ok(case.kept(&format!("OCR agrees with pdfium to {:.0} %", ours * 100.0)))
        }
    }

    fn by_ocr(&mut self, channel: &mut Channel, case: Case<'_, '_>) -> Result<Chosen, Stop> {
        if case.measure.chars == 0 && is_blank(case.page) {
            return Ok(case.blank());
        }
        let seen = match self.seen(channel, &case)? {
            Ok(seen) if seen.is_text() => seen,
            Ok(seen) => return Ok(case.unreadable(&seen.to_string())),
            Err(why) => return Ok(case.unreadable(&why)),
        };
        // A picture with a caption that pdfium reads well is no picture of text.
        if case.measure.trouble().is_none() && seen.page.chars() <= case.measure.chars * 3 / 2 {
            return Ok(case.kept("OCR finds no more on it"));
        }
        Ok(case.by(TextSource::Ocr, &seen.to_string(), seen.page.pieces))
    }

    /// What tesseract sees on the page.
    fn seen(
        &mut self,
        channel: &mut Channel,
        case: &Case<'_, '_>,
    ) -> Result<Result<Sighting, String>, Stop> {
        let limits = &self.order.limits;
        match case.page.draw(limits.ocr_dpi, limits.pixels) {
            Ok((image, scale)) => self.sight.look(channel, &image, scale),
            Err(why) => Ok(Err(why)),
        }
    }

    fn poppler_page(
        &mut self,
        channel: &mut Channel,
        number: u32,
    ) -> Result<Result<PopplerPage, String>, Stop> {
        if self.poppler.is_none() {
            let output = channel.want_poppler()?;
            let pages = output.and_then(|output| poppler::pages(&output));
            let numbered = pages.map(|pages| (self.order.pages.first..).zip(pages).collect());
            self.poppler = Some(numbered);
        }
        Ok(match &mut self.poppler {
            Some(Ok(pages)) => pages
                .remove(&number)
                .ok_or_else(|| "it has no such page".to_owned()),
            Some(Err(why)) => Err(why.clone()),
            None => Err("it was not asked".to_owned()),
        })
    }
}

impl Case<'_, '_> {
    fn kept(self, why: &str) -> Chosen {
        let reason = match &self.trouble {
            Some(trouble) => format!("pdfium's text is kept: {trouble}, {why}"),
            None => format!("pdfium's text is sound; {why}"),
        };
        Chosen {
            source: TextSource::Pdfium,
            reason,
            content: self.content,
        }
    }

    fn by_poppler(self, poppler: &PopplerPage) -> Chosen {
        let why = "read by poppler";
        let mut pieces = poppler.pieces.clone();
        // Poppler does not tell what nobody can see: pdfium knows where that stands.
        let unseen: Vec<&Piece> = self
            .content
            .pieces
            .iter()
            .filter(|piece| piece.concealment.is_some())
            .collect();
        pieces.retain(|piece| {
            let (x, y) = piece.bounds.middle();
            !unseen.iter().any(|hidden| hidden.bounds.contains(x, y))
        });
        self.by(TextSource::Poppler, why, pieces)
    }

    /// Another's reading beside what pdfium knows of the page: its drawing, and the text that nobody sees.
    fn by(mut self, source: TextSource, why: &str, pieces: Vec<Piece>) -> Chosen {
        let trouble = self
            .trouble
            .unwrap_or_else(|| "it is not trusted".to_owned());
        self.content
            .pieces
            .retain(|piece| piece.concealment.is_some());
        self.content.pieces.extend(pieces);
        Chosen {
            source,
            reason: format!("pdfium's text is not kept: {trouble}; {why}"),
            content: self.content,
        }
    }

    fn blank(self) -> Chosen {
        Chosen {
            source: TextSource::Blank,
            reason: "no engine finds text, and nothing is drawn on it".to_owned(),
            content: self.content,
        }
    }

    fn unreadable(mut self, why: &str) -> Chosen {
        let trouble = self.trouble.unwrap_or_default();
        self.content
            .pieces
            .retain(|piece| piece.concealment.is_some());
        Chosen {
            source: TextSource::Unreadable,
            reason: format!("{trouble}; {why}"),
            content: self.content,
        }
    }
}

/// What speaks against pdfium's reading.
fn trouble_of(measure: &Measure, content: &PageContent, page: &PdfPage<'_>) -> Option<String> {
    let concealed = content
        .pieces
        .iter()
        .any(|piece| piece.concealment.is_some());
    if measure.chars == 0 {
        return Some(
            if concealed {
                "nobody can see its text"
            } else {
                "it has no text"
            }
            .to_owned(),
        );
    }
    if let Some(trouble) = measure.trouble() {
        return Some(trouble.to_string());
    }
    let size = page.frame().size();
    let all = Rect {
        left: 0.0,
        top: 0.0,
        right: size.width,
        bottom: size.height,
    };
    let image: f32 = content
        .drawing
        .images
        .iter()
        .map(|image| image.intersection(&all).area())
        .sum();
    let covered = image / all.area().max(1.0);
    (measure.chars < FEW_CHARS && covered > MUCH_IMAGE).then(|| {
        format!(
            "{} characters on a page whose image covers {:.0} %",
            measure.chars,
            covered.min(1.0) * 100.0
        )
    })
}

/// Whether nothing at all is drawn on it.
fn is_blank(page: &PdfPage<'_>) -> bool {
    let Ok((image, _)) = page.draw(GLANCE_DPI, u64::MAX) else {
        return false;
    };
    let dark = image.as_raw().iter().filter(|pixel| **pixel < INK).count();
    #[expect(clippy::cast_precision_loss, reason = "pixels of a small image")]
    let share = dark as f32 / image.as_raw().len().max(1) as f32;
    share < LEAST_INK
}

fn text_of(pieces: &[Piece], all: bool) -> String {
    let mut text = String::new();
    for piece in pieces
        .iter()
        .filter(|piece| all || piece.concealment.is_none())
    {
        text.push_str(&piece.text());
        text.push('\n');
    }
    text
}
