//! The layout of pages that nobody drew: pieces anywhere, of any size, over each other, and places that are no numbers.

use proptest::{collection::vec, prelude::*, sample::select};

use super::{
    Edges, PageContent, PageContext, Piece, Typography, TypographySample, Word, page_blocks,
};
use crate::document::extraction::{
    BlockKind, PageSize, Rect,
    pdf::{Concealment, Drawing, Face, Rule},
};

const WORDS: &[&str] = &[
    "a",
    "word",
    "字",
    "縦書き",
    "Table 1:",
    "図 1",
    "[1]",
    "•",
    "1.",
    "References",
    "hyphen-",
    "12",
    "\u{fffd}",
    "(1)",
    "ﬁ",
    "…………",
];
/// A page of such files is small or has no size at all.
const SIZES: &[f32] = &[0.0, 10.0, 200.0, 842.0, 14_400.0];

fn place() -> impl Strategy<Value = f32> {
    prop_oneof![
        8 => -20.0_f32..900.0,
        4 => select(&[0.0, 72.0, 84.0, 96.0, 300.0, 420.0][..]),
        1 => select(&[f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX, f32::MIN, f32::MIN_POSITIVE][..]),
    ]
}

fn rect() -> impl Strategy<Value = Rect> {
    (place(), place(), 0.0_f32..300.0, 0.0_f32..40.0).prop_map(|(left, top, width, height)| Rect {
        left,
        top,
        right: left + width,
        bottom: top + height,
    })
}

prop_compose! {
    fn piece()(
        words in vec((select(WORDS), rect(), any::<bool>()), 1..5), bounds in rect(), size in prop_oneof![6.0_f32..20.0, place()],
        flags in any::<[bool; 5]>(), concealed in 0_u8..20,
    ) -> Piece {
        let [bold, vertical, turned, divided, fixed] = flags;
        Piece {
            words: words.into_iter().map(|(text, bounds, joined)| Word { text: text.to_owned(), bounds, joined }).collect(),
            bounds,
            size,
            face: Face { bold, italic: false, fixed },
            vertical: vertical && turned,
            turned: turned && !vertical,
            concealment: (concealed == 0).then_some(Concealment::Tiny),
            divided,
        }
    }
}

prop_compose! {
    fn drawing()(
        images in vec(rect(), 0..3), rules in vec((rect(), any::<bool>()), 0..12), shapes in vec(rect(), 0..8), fills in vec(rect(), 0..3),
    ) -> Drawing {
        Drawing {
            images,
            rules: rules.into_iter().map(|(bounds, horizontal)| Rule { bounds, horizontal }).collect(),
            fills: fills.into_iter().map(|fill| (fill, None)).collect(),
            shapes,
        }
    }
}

/// Every letter and digit, in any order.
fn letters<'a>(texts: impl Iterator<Item = &'a str>) -> Vec<char> {
    let mut letters: Vec<char> = texts
        .flat_map(str::chars)
        .filter(|c| c.is_alphanumeric())
        .collect();
    letters.sort_unstable();
    letters
}

proptest! {
    #[test]
    fn no_letter_of_a_page_is_lost_or_doubled(
        pieces in vec(piece(), 0..40), drawing in drawing(), width in select(SIZES), height in select(SIZES), references in any::<bool>(),
    ) {
        let size = PageSize { width, height };
        let content = PageContent { pieces, drawing, size };
        let mut sample = TypographySample::default();
        sample.add(&content.pieces);
        let typography: Typography = sample.typography();
        let edges: Edges = content.edges();
        for neighbours in [vec![], vec![&edges]] {
            let around = PageContext { typography: &typography, size, neighbours, references };
            let (blocks, _) = page_blocks(&content, &around);
            let drawn = content.pieces.iter().flat_map(|piece| &piece.words).map(|word| word.text.as_str());
            let read = blocks.iter().map(|block| block.text.as_str());
            prop_assert_eq!(letters(drawn), letters(read));
            for block in &blocks {
                let length = u32::try_from(block.text.chars().count()).expect("short");
                let mut end = 0;
                for line in &block.lines {
                    prop_assert!(line.start <= line.end && line.end <= length && end <= line.start, "{:?}", block);
                    end = line.end;
                }
                if let BlockKind::Table { rows } = &block.kind {
                    prop_assert!(rows.iter().all(|row| row.len() == rows[0].len()));
                }
            }
        }
    }
}
