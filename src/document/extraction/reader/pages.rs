//! The pages of a PDF, one after the other: read by pdfium, judged, read by others where that is better, laid out.

use super::{channel::Channel, choice::Chooser, run::Stop};
use crate::document::extraction::{
    ExtractionError, FileMetadata, Page, TextSource,
    error::Limit,
    guess::Survey,
    layout::{PageContent, Typography, TypographySample, page_blocks},
    pdf::{Pdf, pieces},
    wire::{Order, Said},
};

/// Pages that are looked at before reading begins, to learn what the sizes of letters mean.
const SAMPLED_PAGES: u32 = 24;

/// Pages that tell of the whole file: its title, its DOI, its language.
const FIRST_PAGES: u32 = 4;

pub(super) fn read_pdf(channel: &mut Channel, order: &Order, pdf: &Pdf<'_>) -> Result<(), Stop> {
    let pages = pdf.pages();
    if pages == 0 {
        return Err(ExtractionError::damaged("the PDF", "it has no pages").into());
    }
    if pages > order.limits.pages {
        return Err(Stop::Failed(ExtractionError::TooLarge {
            limit: Limit::Pages,
            allowed: order.limits.pages.into(),
        }));
    }
    let typography = match &order.typography {
        Some(typography) => typography.clone(),
        None => {
            let (typography, metadata) = survey(channel, pdf, pages)?;
            channel.say(&Said::Opened {
                pages: Some(pages),
                metadata,
                typography: typography.clone(),
            })?;
            typography
        }
    };
    let last = order.pages.last.min(pages);
    let mut chooser = Chooser::new(order);
    for number in order.pages.first..=last {
        let broken = order.broken.iter().find(|broken| broken.number == number);
        let page = match broken {
            Some(broken) => unreadable(number, &broken.how),
            None => {
                channel.say(&Said::Touching { page: number })?;
                read_page(channel, pdf, number, &typography, &mut chooser)?
            }
        };
        channel.say(&Said::Page { page })?;
    }
    Ok(())
}

/// Looks at some pages of the file for what is the same on all of them.
fn survey(
    channel: &mut Channel,
    pdf: &Pdf<'_>,
    pages: u32,
) -> Result<(Typography, FileMetadata), Stop> {
    let mut sample = TypographySample::default();
    let every = pages.div_ceil(SAMPLED_PAGES).max(1);
    for number in (1..=pages).step_by(every as usize) {
        channel.say(&Said::Touching { page: number })?;
        if let Ok(content) = content(pdf, number) {
            sample.add(&content.pieces);
        }
    }
    let typography = sample.typography();
    let mut seen = Survey::default();
    for number in 1..=pages.min(FIRST_PAGES) {
        if let Ok(content) = content(pdf, number) {
            let blocks = page_blocks(&content, &typography);
            blocks
                .iter()
                .filter(|block| !block.hidden)
                .for_each(|block| seen.see(block));
        }
    }
    Ok((typography, seen.complete(pdf.metadata())))
}

/// What pdfium reads on a page.
fn content(pdf: &Pdf<'_>, number: u32) -> Result<PageContent, String> {
    let page = pdf.page(number)?;
    let drawing = page.drawing();
    let glyphs = page.glyphs(&drawing)?;
    Ok(PageContent {
        pieces: pieces(&glyphs.glyphs),
        drawing,
    })
}

fn read_page(
    channel: &mut Channel,
    pdf: &Pdf<'_>,
    number: u32,
    typography: &Typography,
    chooser: &mut Chooser<'_>,
) -> Result<Page, Stop> {
    let page = match pdf.page(number) {
        Ok(page) => page,
        Err(why) => return Ok(unreadable(number, &why)),
    };
    let content = content(pdf, number);
    let chosen = chooser.choose(channel, &page, number, content)?;
    Ok(Page {
        number,
        label: page.label(),
        size: Some(page.frame().size()),
        source: chosen.source,
        reason: chosen.reason,
        blocks: page_blocks(&chosen.content, typography),
    })
}

/// A page that is told of, and not read.
fn unreadable(number: u32, why: &str) -> Page {
    Page {
        number,
        label: None,
        size: None,
        source: TextSource::Unreadable,
        reason: format!("the page can not be read: {why}"),
        blocks: Vec::new(),
    }
}
