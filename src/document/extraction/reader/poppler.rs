//! What poppler reads: `pdftotext -bbox-layout`, words in lines in blocks, each with its box.

use quick_xml::{
    Reader,
    events::{BytesStart, Event},
};

use crate::document::extraction::{
    Rect,
    layout::{Piece, Word, is_cjk},
    pdf::Face,
};

/// A box of poppler's is higher than its letters' size by about this.
const HEIGHT_PER_SIZE: f32 = 1.1;
/// In sizes: words farther apart are pieces of their own.
const WIDEST_SPACE: f32 = 1.3;

/// One page as poppler reads it.
#[derive(Debug, Default)]
pub(super) struct PopplerPage {
    pub pieces: Vec<Piece>,
}

impl PopplerPage {
    pub fn text(&self) -> String {
        self.pieces
            .iter()
            .map(Piece::text)
            .collect::<Vec<_>>()
            .join("\n")
    }
}

/// The pages in `output`, in order; an error where it is not what poppler writes.
pub(super) fn pages(output: &[u8]) -> Result<Vec<PopplerPage>, String> {
    let output = String::from_utf8_lossy(output);
    let mut reader = Reader::from_str(&output);
    let mut pages: Vec<PopplerPage> = Vec::new();
    let mut line: Vec<Word> = Vec::new();
    let mut word: Option<(Rect, String)> = None;
    loop {
        let event = reader
            .read_event()
            .map_err(|error| format!("poppler's answer: {error}"))?;
        match event {
            Event::Start(tag) => match tag.name().as_ref() {
                "page" => pages.push(PopplerPage::default()),
                "word" => word = Some((bounds(&tag)?, String::new())),
                _ => {}
            },
            Event::Text(text) => {
                if let Some((_, own)) = &mut word {
                    own.push_str(&text);
                }
            }
            Event::GeneralRef(name) => {
                if let Some((_, own)) = &mut word {
                    own.push(character(&name));
                }
            }
            Event::End(tag) => match tag.name().as_ref() {
                "word" => {
                    if let Some((bounds, text)) = word.take().filter(|(_, text)| !text.is_empty()) {
                        line.push(Word {
                            text,
                            bounds,
                            joined: false,
                        });
                    }
                }
                "line" => {
                    if let Some(page) = pages.last_mut() {
                        add_line(std::mem::take(&mut line), page);
                    }
                }
                _ => {}
            },
            // A page without anything is written as an empty element.
            Event::Empty(tag) if tag.name().as_ref() == "page" => {
                pages.push(PopplerPage::default());
            }
            Event::Eof => return Ok(pages),
            _ => {}
        }
    }
}

fn bounds(tag: &BytesStart<'_>) -> Result<Rect, String> {
    let value = |name: &str| -> Result<f32, String> {
        let attribute = tag
            .try_get_attribute(name)
            .map_err(|error| error.to_string())?;
        let attribute = attribute.ok_or_else(|| format!("a word of poppler's without {name}"))?;
        let text = attribute.value;
        text.parse()
            .map_err(|_| format!("{name}={text:?} is no number"))
    };
    Ok(Rect {
        left: value("xMin")?,
        top: value("yMin")?,
        right: value("xMax")?,
        bottom: value("yMax")?,
    })
}

fn character(name: &str) -> char {
    match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        _ => '\u{FFFD}',
    }
}

fn add_line(words: Vec<Word>, page: &mut PopplerPage) {
    let mut open: Vec<Word> = Vec::new();
    for mut word in words {
        if let Some(last) = open.last() {
            let size = word.bounds.height().max(1.0);
            if word.bounds.left - last.bounds.right > WIDEST_SPACE * size {
                page.pieces.extend(piece(std::mem::take(&mut open)));
            } else {
                let ends = (last.text.chars().next_back(), word.text.chars().next());
                word.joined =
                    matches!(ends, (Some(one), Some(other)) if is_cjk(one) && is_cjk(other));
            }
        }
        open.push(word);
    }
    page.pieces.extend(piece(open));
}

fn piece(words: Vec<Word>) -> Option<Piece> {
    let bounds = words
        .iter()
        .map(|word| word.bounds)
        .reduce(|all, next| all.union(&next))?;
    let tall = bounds.height() > 2.0 * bounds.width()
        && words.iter().any(|word| word.text.chars().count() > 3);
    let vertical = tall && words.iter().flat_map(|word| word.text.chars()).any(is_cjk);
    let height = if vertical {
        bounds.width()
    } else {
        bounds.height()
    };
    Some(Piece {
        bounds,
        size: height / HEIGHT_PER_SIZE,
        face: Face::default(),
        vertical,
        turned: tall && !vertical,
        concealment: None,
        divided: false,
        words,
    })
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*, sample::select};

    use super::*;

    const PARTS: &[&str] = &[
        "<page>",
        "</page>",
        "<line>",
        "</line>",
        "<word xMin=\"1\" yMin=\"2\" xMax=\"9\" yMax=\"12\">",
        "</word>",
        "<word xMin=\"nan\" yMin=\"-inf\" xMax=\"1e39\" yMax=\"0\">",
        "<word>",
        "字",
        "a",
        "&amp;",
        "&#x0;",
        "&no;",
        "<",
        "]]>",
        "<!DOCTYPE a [",
        "\0",
    ];

    proptest! {
        #[test]
        fn whatever_comes_is_read_or_refused(parts in vec(select(PARTS), 0..60)) {
            for page in pages(parts.concat().as_bytes()).unwrap_or_default() {
                prop_assert!(page.pieces.iter().all(|piece| !piece.words.is_empty()));
            }
        }
    }

    #[test]
    fn words_keep_their_boxes_and_far_ones_are_pieces_of_their_own() {
        let output = br#"<doc><page width="100" height="100"><flow><block><line>
<word xMin="1" yMin="2" xMax="20" yMax="12">A&amp;B</word>
<word xMin="23" yMin="2" xMax="40" yMax="12">two</word>
<word xMin="80" yMin="2" xMax="90" yMax="12">far</word></line></block></flow></page><page/></doc>"#;
        let pages = pages(output).unwrap();
        let texts: Vec<String> = pages[0].pieces.iter().map(Piece::text).collect();
        assert_eq!(
            (texts, pages.len()),
            (vec!["A&B two".to_owned(), "far".to_owned()], 2)
        );
    }

    #[test]
    fn nonsense_is_told() {
        assert!(pages(b"<doc><page><word>x</word></page></doc>").is_err());
        assert!(pages(b"\xff\x00<").is_err() || pages(b"\xff\x00<").unwrap().is_empty());
    }
}
