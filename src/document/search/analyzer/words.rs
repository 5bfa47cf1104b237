//! The words of a run, as ICU's dictionary cuts it.

use icu_segmenter::{WordSegmenter, WordSegmenterBorrowed, options::WordBreakInvariantOptions};

#[derive(Clone, Copy)]
pub struct Words(WordSegmenterBorrowed<'static>);

impl Words {
    pub fn new() -> Self {
        Self(WordSegmenter::new_auto(WordBreakInvariantOptions::default()))
    }

    /// Where words begin and end in `run`, in characters.
    pub fn of(self, run: &[char]) -> Vec<(usize, usize)> {
        let text: String = run.iter().collect();
        let mut words = Vec::new();
        let (mut bytes, mut chars) = (0, 0);
        for boundary in self.0.segment_str(&text) {
            let start = chars;
            chars += text[bytes..boundary].chars().count();
            bytes = boundary;
            if chars > start {
                words.push((start, chars));
            }
        }
        words
    }
}
