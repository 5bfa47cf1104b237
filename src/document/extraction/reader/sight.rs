//! OCR of an image: in all languages at once, then in those that may read it better, remembering what did.

use std::fmt;

use image::GrayImage;

use super::{
    channel::Channel,
    ocr::{self, OcrPage},
    run::Stop,
};
use crate::document::extraction::{
    quality::Measure,
    wire::{Order, PageMode},
};

/// What tesseract is less sure of (of 100) is no reading.
const LEAST_CONFIDENCE: f32 = 40.0;
/// Below this another language or direction may read it better.
const GOOD_CONFIDENCE: f32 = 75.0;
/// Share of Latin letters from which a text is taken for one of a Latin language.
const MOSTLY_LATIN: f32 = 0.85;
const ENGLISH: &str = "eng";
const VERTICAL_JAPANESE: &str = "jpn_vert";

pub(super) struct Sight<'a> {
    order: &'a Order,
    /// What the last image was read well with: the next one probably too.
    proved: Option<(String, PageMode)>,
}

/// What was seen, and how it was looked at.
pub(super) struct Sighting {
    pub page: OcrPage,
    languages: String,
}

impl Sighting {
    /// Whether it is a reading, and not the noise that a picture gives.
    pub fn is_text(&self) -> bool {
        self.page.chars() > 0 && self.page.confidence >= LEAST_CONFIDENCE
    }
}

impl fmt::Display for Sighting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { page, languages } = self;
        if self.is_text() {
            write!(
                f,
                "read by OCR ({languages}), sure to {:.0} %",
                page.confidence
            )
        } else {
            write!(f, "OCR ({languages}) finds no text in it")
        }
    }
}

impl<'a> Sight<'a> {
    pub fn new(order: &'a Order) -> Self {
        Self {
            order,
            proved: None,
        }
    }

    /// Looks at an image, of which `scale` pixels make a point; in words, why nothing could be seen.
    pub fn look(
        &mut self,
        channel: &mut Channel,
        image: &GrayImage,
        scale: f32,
    ) -> Result<Result<Sighting, String>, Stop> {
        if !self.order.ocr {
            return Ok(Err("there is no OCR here".to_owned()));
        }
        let image = ocr::encoded(image);
        let mut seen: Option<(Sighting, PageMode)> = None;
        let mut tries = vec![self.first()];
        while let Some((languages, mode)) = tries.pop() {
            let page = match (channel.want_ocr(&image, &languages, mode)?, &seen) {
                (Ok(table), _) => ocr::page(&table, scale),
                (Err(why), None) => return Ok(Err(format!("OCR failed: {why}"))),
                (Err(_), Some(_)) => break,
            };
            if seen.is_none() {
                tries.extend(self.others(&page, &languages));
            }
            let better = seen
                .as_ref()
                .is_none_or(|(seen, _)| page.confidence > seen.page.confidence);
            if better {
                seen = Some((Sighting { page, languages }, mode));
            }
        }
        let Some((sighting, mode)) = seen else {
            return Ok(Err("OCR was not tried".to_owned()));
        };
        let good = sighting.page.confidence >= GOOD_CONFIDENCE;
        self.proved = good.then(|| (sighting.languages.clone(), mode));
        Ok(Ok(sighting))
    }

    fn first(&self) -> (String, PageMode) {
        self.proved.clone().unwrap_or_else(|| {
            let horizontal = self
                .languages()
                .filter(|language| *language != VERTICAL_JAPANESE);
            (
                horizontal.collect::<Vec<_>>().join("+"),
                PageMode::Automatic,
            )
        })
    }

    fn languages(&self) -> impl Iterator<Item = &str> {
        self.order.limits.ocr_languages.iter().map(String::as_str)
    }

    /// What may read it better than what was tried first.
    fn others(&self, found: &OcrPage, tried: &str) -> Option<(String, PageMode)> {
        let latin = Measure::of([found.text().as_str()]).latin_share() > MOSTLY_LATIN;
        let (language, mode) = if latin {
            (ENGLISH, PageMode::Automatic)
        } else if found.confidence < GOOD_CONFIDENCE {
            (VERTICAL_JAPANESE, PageMode::Vertical)
        } else {
            return None;
        };
        let installed = self.languages().any(|installed| installed == language);
        (installed && tried != language).then(|| (language.to_owned(), mode))
    }
}
