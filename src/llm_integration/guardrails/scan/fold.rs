//! Making equal what people read as equal: width, case, composition, invisible characters.

use unicode_normalization::{
    UnicodeNormalization,
    char::{canonical_combining_class, is_combining_mark},
};

/// Characters of one segment; a longer one is cut, so that little is ever held back for it.
const MAX_SEGMENT_CHARS: usize = 32;

/// Cuts a text into segments that are folded by themselves: a character with all that joins it.
#[derive(Clone, Debug, Default)]
pub(super) struct Segmenter {
    pending: String,
    chars: usize,
}

impl Segmenter {
    /// The segment before `c`, if `c` begins another.
    pub fn push(&mut self, c: char) -> Option<String> {
        let joins = self.chars > 0 && self.chars < MAX_SEGMENT_CHARS && joins(c);
        let before = if joins { None } else { self.finish() };
        self.pending.push(c);
        self.chars += 1;
        before
    }

    /// The last segment.
    pub fn finish(&mut self) -> Option<String> {
        self.chars = 0;
        (!self.pending.is_empty()).then(|| std::mem::take(&mut self.pending))
    }

    pub fn len(&self) -> usize {
        self.pending.len()
    }
}

/// A segment in NFKC (which makes halfwidth katakana and fullwidth letters the usual ones), without
/// what is not seen, in lower case.
pub(super) fn fold_segment(segment: &str) -> String {
    if segment.len() == 1 {
        return segment.to_ascii_lowercase();
    }
    let visible = segment.chars().filter(|c| !is_invisible(*c));
    let composed: String = visible.nfkc().collect();
    composed.to_lowercase()
}

pub(super) fn fold(text: &str) -> String {
    let mut segmenter = Segmenter::default();
    let mut segments: Vec<_> = text.chars().filter_map(|c| segmenter.push(c)).collect();
    segments.extend(segmenter.finish());
    segments
        .iter()
        .map(|segment| fold_segment(segment))
        .collect()
}

/// Whether a character belongs to the one before it.
fn joins(c: char) -> bool {
    const HALFWIDTH_VOICE_MARKS: [char; 2] = ['\u{ff9e}', '\u{ff9f}'];
    // Vowels and final consonants of Hangul compose with what stands before them.
    let is_hangul = ('\u{1160}'..='\u{11ff}').contains(&c);
    is_combining_mark(c)
        || canonical_combining_class(c) != 0
        || is_invisible(c)
        || is_hangul
        || HALFWIDTH_VOICE_MARKS.contains(&c)
}

/// Characters that change nothing a reader sees, and that are put between letters to hide a word.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{180b}'..='\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{2064}'
            | '\u{2066}'..='\u{206f}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn width_case_composition_and_hidden_characters_make_no_difference() {
        for (one, other) in [
            ("ＡＢＣ１２３", "abc123"),
            ("ﾃﾞｰﾀﾍﾞｰｽ", "データベース"),
            ("か\u{3099}", "が"),
            ("㍿", "株式会社"),
            ("pass\u{200b}word", "Password"),
            ("\u{1112}\u{1161}\u{11ab}", "한"),
            ("E\u{301}", "é"),
        ] {
            assert_eq!(fold(one), fold(other), "{one} {other}");
        }
        assert_ne!(fold("は"), fold("ば"));
    }
}
