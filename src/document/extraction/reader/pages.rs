//! The pages of a PDF, one after the other: read by pdfium, judged, read by others where that is better, laid out.

use std::collections::BTreeMap;

use super::{channel::Channel, choice::Chooser, run::Stop};
use crate::document::extraction::{
    ExtractionError, FileMetadata, Limit, Page, TextSource,
    guess::Survey,
    layout::{Edges, PageContent, PageContext, Typography, TypographySample, page_blocks},
    pdf::{Pdf, pieces},
    wire::{Order, Said},
};

/// Pages that are looked at before reading begins, to learn what the sizes of letters mean.
const SAMPLED_PAGES: u32 = 24;

/// Pages that tell of the whole file: its title, its DOI, its language.
const FIRST_PAGES: u32 = 4;

/// Pages on either side whose first and last lines tell what runs over pages.
const NEIGHBOURS: u32 = 2;

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
    let mut contents = Contents::new(order, pdf);
    let typography = if let Some(typography) = &order.typography {
        typography.clone()
    } else {
        let (typography, metadata) = survey(channel, &mut contents)?;
        channel.say(&Said::Opened {
            pages: Some(pages),
            metadata,
            typography: typography.clone(),
        })?;
        typography
    };
    let mut reader = Reader {
        contents,
        typography,
        chooser: Chooser::new(order),
        edges: BTreeMap::new(),
        references: false,
    };
    for number in order.pages.first..=order.pages.last.min(pages) {
        let page = reader.page(channel, number)?;
        channel.say(&Said::Page { page })?;
    }
    Ok(())
}

/// Looks at some pages of the file for what is the same on all of them.
fn survey(
    channel: &mut Channel,
    contents: &mut Contents<'_, '_>,
) -> Result<(Typography, FileMetadata), Stop> {
    let pages = contents.pdf.pages();
    let mut sample = TypographySample::default();
    let every = pages.div_ceil(SAMPLED_PAGES).max(1);
    for number in (1..=pages).step_by(every as usize) {
        if let Ok(content) = contents.take(channel, number)? {
            sample.add(&content.pieces);
        }
    }
    let typography = sample.typography();
    let mut seen = Survey::default();
    for number in 1..=pages.min(FIRST_PAGES) {
        let Ok(content) = contents.take(channel, number)? else {
            continue;
        };
        let around = PageContext {
            typography: &typography,
            size: content.size,
            neighbours: Vec::new(),
            references: false,
        };
        let (blocks, _) = page_blocks(&content, &around);
        blocks
            .iter()
            .filter(|block| block.is_in_text())
            .for_each(|block| seen.see(block));
    }
    Ok((typography, seen.complete(contents.pdf.metadata())))
}

/// What pdfium reads on pages, each read once while it is wanted.
struct Contents<'a, 'b> {
    order: &'a Order,
    pdf: &'a Pdf<'b>,
    /// Of pages that were looked at before their turn.
    ahead: BTreeMap<u32, Result<PageContent, String>>,
}

impl<'a, 'b> Contents<'a, 'b> {
    fn new(order: &'a Order, pdf: &'a Pdf<'b>) -> Self {
        Self {
            order,
            pdf,
            ahead: BTreeMap::new(),
        }
    }

    fn broken(&self, number: u32) -> Option<&'a str> {
        let broken = self
            .order
            .broken
            .iter()
            .find(|broken| broken.number == number);
        broken.map(|broken| broken.how.as_str())
    }

    fn take(
        &mut self,
        channel: &mut Channel,
        number: u32,
    ) -> Result<Result<PageContent, String>, Stop> {
        if let Some(content) = self.ahead.remove(&number) {
            return Ok(content);
        }
        if let Some(how) = self.broken(number) {
            return Ok(Err(how.to_owned()));
        }
        channel.say(&Said::Touching { page: number })?;
        Ok(content(self.pdf, number))
    }

    /// The first and last lines of a page that is not yet to be read.
    fn edges(&mut self, channel: &mut Channel, number: u32) -> Result<Edges, Stop> {
        let content = self.take(channel, number)?;
        let edges = content.as_ref().map(PageContent::edges).unwrap_or_default();
        self.ahead.insert(number, content);
        Ok(edges)
    }
}

fn content(pdf: &Pdf<'_>, number: u32) -> Result<PageContent, String> {
    let page = pdf.page(number)?;
    let drawing = page.drawing();
    let glyphs = page.glyphs(&drawing)?;
    Ok(PageContent {
        pieces: pieces(&glyphs),
        drawing,
        size: page.frame().size(),
    })
}

struct Reader<'a, 'b> {
    contents: Contents<'a, 'b>,
    typography: Typography,
    chooser: Chooser<'a>,
    /// Of the pages around the one that is read.
    edges: BTreeMap<u32, Edges>,
    /// The page before ends within the list of references.
    references: bool,
}

impl Reader<'_, '_> {
    fn page(&mut self, channel: &mut Channel, number: u32) -> Result<Page, Stop> {
        self.look_around(channel, number)?;
        if let Some(how) = self.contents.broken(number) {
            return Ok(unreadable(number, how));
        }
        let content = self.contents.take(channel, number)?;
        channel.say(&Said::Touching { page: number })?;
        let page = match self.contents.pdf.page(number) {
            Ok(page) => page,
            Err(why) => return Ok(unreadable(number, &why)),
        };
        let chosen = self.chooser.choose(channel, &page, number, content)?;
        self.edges.insert(number, chosen.content.edges());
        let near = self.edges.iter().filter(|(other, _)| **other != number);
        let own = (chosen.source != TextSource::Pdfium).then(|| {
            // Others measure letters in their own way.
            let mut sample = TypographySample::default();
            sample.add(&chosen.content.pieces);
            sample.typography()
        });
        let around = PageContext {
            typography: own.as_ref().unwrap_or(&self.typography),
            size: page.frame().size(),
            neighbours: near.map(|(_, edges)| edges).collect(),
            references: self.references,
        };
        let (blocks, references) = page_blocks(&chosen.content, &around);
        self.references = references;
        Ok(Page {
            number,
            label: page.label(),
            size: Some(page.frame().size()),
            source: chosen.source,
            reason: chosen.reason,
            blocks,
        })
    }

    fn look_around(&mut self, channel: &mut Channel, number: u32) -> Result<(), Stop> {
        let (first, last) = (
            number.saturating_sub(NEIGHBOURS).max(1),
            number + NEIGHBOURS,
        );
        self.edges.retain(|near, _| (first..=last).contains(near));
        for near in first..=last.min(self.contents.pdf.pages()) {
            if near != number && !self.edges.contains_key(&near) {
                let edges = self.contents.edges(channel, near)?;
                self.edges.insert(near, edges);
            }
        }
        // What was only looked at on the way is not read again.
        self.contents.ahead.retain(|ahead, _| *ahead >= number);
        Ok(())
    }
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
