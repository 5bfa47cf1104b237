//! What tesseract reads: its table of words, each with its box and how sure it is.

use image::GrayImage;

use crate::document::extraction::{
    Rect,
    layout::{Piece, Word, is_cjk},
    pdf::Face,
};

/// Words of which tesseract is less sure (of 100) are noise in pictures.
const LEAST_CONFIDENCE: f32 = 15.0;
/// Columns of the table: `level page block par line word left top width height conf text`.
const COLUMNS: usize = 12;
const WORD_LEVEL: &str = "5";
const HEIGHT_PER_SIZE: f32 = 0.95;
/// Shares of the usual size that are the usual size.
const SAME_SIZE: std::ops::Range<f32> = 0.65..1.35;

/// A page as tesseract reads it, in points.
#[derive(Debug, Default)]
pub(super) struct OcrPage {
    pub pieces: Vec<Piece>,
    /// From 0 to 100, over its characters.
    pub confidence: f32,
}

impl OcrPage {
    pub fn text(&self) -> String {
        self.pieces
            .iter()
            .map(Piece::text)
            .collect::<Vec<_>>()
            .join("\n")
    }

    pub fn chars(&self) -> usize {
        self.pieces.iter().map(Piece::chars).sum()
    }
}

/// An image as tesseract takes it from a pipe: a portable grey map.
pub(super) fn encoded(image: &GrayImage) -> Vec<u8> {
    let mut bytes = format!("P5\n{} {}\n255\n", image.width(), image.height()).into_bytes();
    bytes.extend_from_slice(image.as_raw());
    bytes
}

/// Reads the table; `scale` is how many pixels make a point.
pub(super) fn page(table: &[u8], scale: f32) -> OcrPage {
    let table = String::from_utf8_lossy(table);
    let mut page = OcrPage::default();
    let (mut sure, mut chars) = (0.0, 0.0);
    let mut open: (Vec<&str>, Vec<Word>) = (Vec::new(), Vec::new());
    for row in table.lines() {
        let cells: Vec<&str> = row.splitn(COLUMNS, '\t').collect();
        let Some((word, confidence)) = word(&cells, scale) else {
            continue;
        };
        let line = cells[1..5].to_vec();
        if open.0 != line {
            page.pieces.extend(piece(std::mem::take(&mut open.1)));
            open.0 = line;
        }
        #[expect(clippy::cast_precision_loss, reason = "letters of a word")]
        let count = word.text.chars().count() as f32;
        sure += confidence * count;
        chars += count;
        add(word, &mut open.1);
    }
    page.pieces.extend(piece(open.1));
    settle_sizes(&mut page.pieces);
    page.confidence = if chars > 0.0 { sure / chars } else { 0.0 };
    page
}

fn word(cells: &[&str], scale: f32) -> Option<(Word, f32)> {
    let [
        WORD_LEVEL,
        _,
        _,
        _,
        _,
        _,
        left,
        top,
        width,
        height,
        confidence,
        text,
    ] = cells
    else {
        return None;
    };
    let number = |text: &str| text.parse::<f32>().ok();
    let (left, top) = (number(left)? / scale, number(top)? / scale);
    let (width, height) = (number(width)? / scale, number(height)? / scale);
    let confidence = number(confidence)?;
    let text = text.trim();
    if text.is_empty() || confidence < LEAST_CONFIDENCE {
        return None;
    }
    let bounds = Rect {
        left,
        top,
        right: left + width,
        bottom: top + height,
    };
    Some((
        Word {
            text: text.to_owned(),
            bounds,
            joined: false,
        },
        confidence,
    ))
}

/// Tesseract takes most Japanese characters for words: no blank was there.
fn add(mut word: Word, line: &mut Vec<Word>) {
    let before = line.last().and_then(|last| last.text.chars().next_back());
    let after = word.text.chars().next();
    word.joined =
        matches!((before, after), (Some(one), Some(other)) if is_cjk(one) || is_cjk(other));
    line.push(word);
}

fn piece(words: Vec<Word>) -> Option<Piece> {
    let bounds = words
        .iter()
        .map(|word| word.bounds)
        .reduce(|all, next| all.union(&next))?;
    let tall = bounds.height() > 2.0 * bounds.width() && words.len() > 3;
    let vertical = tall && words.iter().flat_map(|word| word.text.chars()).any(is_cjk);
    let mut heights: Vec<f32> = words
        .iter()
        .map(|word| {
            if vertical {
                word.bounds.width()
            } else {
                word.bounds.height()
            }
        })
        .collect();
    heights.sort_by(f32::total_cmp);
    // The higher ones have letters that rise above the others.
    let height = heights[heights.len() * 3 / 4];
    Some(Piece {
        bounds,
        size: height / HEIGHT_PER_SIZE,
        face: Face::default(),
        vertical,
        turned: false,
        concealment: None,
        divided: false,
        words,
    })
}

/// Boxes are only as high as the letters in them: what differs little from most has the same size.
fn settle_sizes(pieces: &mut [Piece]) {
    let mut sizes: Vec<(f32, usize)> = pieces
        .iter()
        .map(|piece| (piece.size, piece.chars()))
        .collect();
    sizes.sort_by(|one, other| one.0.total_cmp(&other.0));
    let half = sizes.iter().map(|(_, chars)| chars).sum::<usize>() / 2;
    let mut passed = 0;
    let usual = sizes.iter().find(|(_, chars)| {
        passed += chars;
        passed > half
    });
    if let Some((usual, _)) = usual {
        for piece in pieces {
            if SAME_SIZE.contains(&(piece.size / usual)) {
                piece.size = *usual;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*, sample::select};

    use super::*;

    const CELLS: &[&str] = &[
        "5", "1", "2", "100", "-1", "nan", "inf", "1e39", "96.5", "", "字", "a word", "\t", "\n",
    ];

    proptest! {
        #[test]
        fn whatever_comes_is_a_page(rows in vec(vec(select(CELLS), 0..16), 0..20), scale in 0.0_f32..5.0) {
            let table: Vec<String> = rows.iter().map(|cells| cells.join("\t")).collect();
            let page = page(table.join("\n").as_bytes(), scale);
            prop_assert!(page.pieces.iter().all(|piece| !piece.words.is_empty()));
        }
    }

    #[test]
    fn blanks_between_japanese_characters_are_not_kept() {
        let table = "level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext\n\
5\t1\t1\t1\t1\t1\t100\t100\t40\t40\t96.5\t文書\n\
5\t1\t1\t1\t1\t2\t142\t100\t40\t40\t93\tの\n\
5\t1\t1\t1\t1\t3\t190\t100\t80\t40\t90\tPDF\n\
5\t1\t1\t1\t2\t1\t100\t160\t80\t40\t90\tplain\n\
5\t1\t1\t1\t2\t2\t200\t160\t80\t40\t90\ttext\n\
5\t1\t1\t1\t2\t3\t300\t160\t80\t40\t3\t~\n";
        let page = page(table.as_bytes(), 4.0);
        let texts: Vec<String> = page.pieces.iter().map(Piece::text).collect();
        assert_eq!(texts, ["文書のPDF", "plain text"]);
        assert!((page.pieces[0].bounds.left - 25.0).abs() < 1e-3);
        assert!(page.confidence > 89.0);
    }
}
