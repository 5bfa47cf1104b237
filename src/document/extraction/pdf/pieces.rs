//! From characters to pieces of lines: what is written on without a gap.

use unicode_normalization::UnicodeNormalization;

use super::{Glyph, glyphs::UNKNOWN};
use crate::document::extraction::{
    Rect,
    layout::{Piece, Word, is_cjk},
};

/// In sizes of the letters: a wider gap divides pieces, as between columns and cells.
const WIDEST_SPACE: f32 = 1.3;
/// A wider gap divides words also where the file has no blank.
const NARROWEST_SPACE: f32 = 0.24;
/// Japanese letters that are set apart this far have a blank between them.
const NARROWEST_CJK_SPACE: f32 = 0.5;
/// Indices stand above or below the line, not farther than this.
const FARTHEST_INDEX: f32 = 0.55;
/// How far a letter may begin before the end of the last one.
const FARTHEST_OVERLAP: f32 = 0.6;
/// Letters of a column stand below each other not farther apart than this.
const WIDEST_VERTICAL_STEP: f32 = 1.8;
/// Fewer letters below each other are no vertical writing.
const SHORTEST_VERTICAL: usize = 4;

pub(in crate::document::extraction) fn pieces(glyphs: &[Glyph]) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut begin = 0;
    for end in 1..=glyphs.len() {
        if end == glyphs.len() || !goes_on(&glyphs[begin..end], &glyphs[end]) {
            add_run(&glyphs[begin..end], &mut pieces);
            begin = end;
        }
    }
    pieces
}

/// Whether `next` is written on after the glyphs of a run.
fn goes_on(run: &[Glyph], next: &Glyph) -> bool {
    let Some(last) = run.last() else {
        return false;
    };
    if last.turns != next.turns || last.concealment != next.concealment || last.divides {
        return false;
    }
    let vertical = run.len() > 1 && follows_vertically(&run[run.len() - 2], last);
    if vertical || (run.len() == 1 && follows_vertically(last, next)) {
        follows_vertically(last, next)
    } else {
        follows(last, next)
    }
}

fn follows(last: &Glyph, next: &Glyph) -> bool {
    let (along_last, along_next) = (Along::of(last), Along::of(next));
    let size = last.size.max(next.size);
    let gap = along_next.begin - along_last.end;
    let off_line = (along_next.base - along_last.base).abs();
    let spaced = if next.after_space { WIDEST_SPACE } else { 1.0 };
    off_line <= FARTHEST_INDEX * size && gap <= spaced * size && gap >= -FARTHEST_OVERLAP * size
}

fn follows_vertically(last: &Glyph, next: &Glyph) -> bool {
    if last.turns != 0 || next.turns != 0 || !(is_cjk(last.text) || is_cjk(next.text)) {
        return false;
    }
    let ((x_last, y_last), (x_next, y_next)) = (last.bounds.middle(), next.bounds.middle());
    let size = last.size.max(next.size);
    let step = y_next - y_last;
    (x_next - x_last).abs() < 0.35 * size && step > 0.4 * size && step < WIDEST_VERTICAL_STEP * size
}

/// Where a glyph stands along its own writing.
struct Along {
    begin: f32,
    end: f32,
    base: f32,
}

impl Along {
    fn of(glyph: &Glyph) -> Self {
        let Rect {
            left,
            top,
            right,
            bottom,
        } = glyph.bounds;
        let (x, y) = glyph.origin;
        match glyph.turns {
            0 => Self {
                begin: left,
                end: right,
                base: y,
            },
            1 => Self {
                begin: top,
                end: bottom,
                base: -x,
            },
            2 => Self {
                begin: -right,
                end: -left,
                base: -y,
            },
            _ => Self {
                begin: -bottom,
                end: -top,
                base: x,
            },
        }
    }
}

fn add_run(run: &[Glyph], pieces: &mut Vec<Piece>) {
    let vertical = run.len() > 1 && follows_vertically(&run[0], &run[1]);
    if vertical && run.len() < SHORTEST_VERTICAL {
        pieces.extend(run.chunks(1).filter_map(|one| piece(one, false)));
    } else {
        pieces.extend(piece(run, vertical));
    }
}

fn piece(run: &[Glyph], vertical: bool) -> Option<Piece> {
    let first = run.first()?;
    let mut words: Vec<Word> = Vec::new();
    let mut last: Option<&Glyph> = None;
    for glyph in run {
        let begins = last.is_none_or(|last| !vertical && is_apart(last, glyph));
        match words.last_mut() {
            Some(word) if !begins => {
                word.text.push(glyph.text);
                word.bounds = word.bounds.union(&glyph.bounds);
            }
            _ => words.push(Word {
                text: glyph.text.to_string(),
                bounds: glyph.bounds,
                joined: false,
            }),
        }
        last = Some(glyph);
    }
    for word in &mut words {
        word.text = clean(&word.text);
    }
    let divided = run.last().is_some_and(|last| last.divides);
    if let (true, Some(word)) = (divided, words.last_mut()) {
        word.text.pop();
    }
    let bounds = words
        .iter()
        .map(|word| word.bounds)
        .reduce(|all, next| all.union(&next))?;
    let bold = run.iter().filter(|glyph| glyph.face.bold).count() * 2 > run.len();
    let fixed = run.iter().filter(|glyph| glyph.face.fixed).count() * 2 > run.len();
    let italic = run.iter().filter(|glyph| glyph.face.italic).count() * 2 > run.len();
    Some(Piece {
        words,
        bounds,
        size: main_size(run).unwrap_or(first.size),
        face: super::Face {
            bold,
            italic,
            fixed,
        },
        vertical,
        turned: first.turns != 0,
        concealment: first.concealment,
        divided,
    })
}

/// The size of most of its letters.
fn main_size(run: &[Glyph]) -> Option<f32> {
    let mut sizes: Vec<f32> = run.iter().map(|glyph| glyph.size).collect();
    sizes.sort_by(f32::total_cmp);
    sizes.get(sizes.len() / 2).copied()
}

fn is_apart(last: &Glyph, next: &Glyph) -> bool {
    let (along_last, along_next) = (Along::of(last), Along::of(next));
    let gap = (along_next.begin - along_last.end) / last.size.max(next.size).max(0.1);
    match (is_cjk(last.text), is_cjk(next.text)) {
        (true, true) => gap > NARROWEST_CJK_SPACE,
        (true, false) | (false, true) => next.after_space && gap > NARROWEST_SPACE,
        (false, false) => next.after_space || gap > NARROWEST_SPACE,
    }
}

/// Letters as people type them: ligatures apart, radicals as the characters they look like, accents on their letters.
fn clean(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\u{FB00}'..='\u{FB06}' | '\u{2E80}'..='\u{2FD5}' => {
                plain.extend(std::iter::once(c).nfkc());
            }
            '\u{200B}'..='\u{200F}' | '\u{2060}' | '\u{FEFF}' => {}
            c if c.is_control() => plain.push(UNKNOWN),
            c => plain.push(c),
        }
    }
    plain.nfc().collect()
}
