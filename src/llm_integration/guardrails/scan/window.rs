//! Holds back what could become a match, and lets out the rest.
//!
//! A match that begins at a place is settled once the text goes on for longer than any match, or
//! holds a character that no match contains: nothing that comes later can change it. So what is
//! decided for a piece is what would be decided for the whole text.

use super::{
    Scanner,
    fold::{Segmenter, fold_segment},
};

/// Bytes beyond a match that can decide on it: the character that follows it.
const LOOK_AHEAD: usize = 4;
/// Text that is held back at most, in bytes.
const MAX_HELD: usize = 4 * 1024 * 1024;
/// From this many held bytes on, a search waits until a quarter more has come.
const SEARCH_EVERY_PIECE_BELOW: usize = 4096;

/// So much text could be the beginning of one match that it can not be held any longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("more than {MAX_HELD} bytes could be one match")]
pub struct HeldTooMuch;

/// The part of a text that is not let out yet.
#[derive(Clone, Debug, Default)]
pub struct Window {
    /// What is searched: a character that was let out already, then the held text, folded or not.
    hay: String,
    /// Where the search goes on.
    from: usize,
    /// The held text as it came; the beginning up to `out` is let out, but its segment is not over.
    held: String,
    out: usize,
    /// Ends of folded segments: in `hay` and in `held`.
    segments: Vec<(usize, usize)>,
    segmenter: Segmenter,
    /// Bytes that are held when the next search is worth its while.
    search_at: usize,
}

impl Window {
    /// Takes the next piece of a text and appends to `released` what is settled, each match replaced.
    /// Returns the number of matches that were settled.
    ///
    /// # Errors
    /// When too much would have to be held back.
    pub fn push(
        &mut self,
        scanner: &Scanner,
        piece: &str,
        replacement: &str,
        is_last: bool,
        released: &mut String,
    ) -> Result<u32, HeldTooMuch> {
        self.append(scanner, piece, is_last);
        if !is_last && self.hay.len() < self.search_at {
            return Ok(0);
        }
        let mut matches = 0;
        while let Some(found) = scanner.find_at(&self.hay, self.from) {
            if !is_last && !self.is_settled(scanner, found.start, found.end) {
                break;
            }
            matches += 1;
            let (start, end) = (self.held_before(found.start), self.held_after(found.end));
            // Of a segment that holds two matches, the second has been replaced with the first.
            if end > self.out {
                released.push_str(&self.held[self.out..start.max(self.out)]);
                released.push_str(replacement);
                self.out = end;
            }
            self.from = found.end;
        }
        let settled = if is_last {
            self.hay.len()
        } else {
            self.settled_up_to(scanner)
        };
        self.from = self.from.max(settled);
        let until = self.held_before(self.from);
        if until > self.out {
            released.push_str(&self.held[self.out..until]);
            self.out = until;
        }
        self.trim();
        if self.held.len() + self.segmenter.len() > MAX_HELD {
            return Err(HeldTooMuch);
        }
        Ok(matches)
    }

    fn append(&mut self, scanner: &Scanner, piece: &str, is_last: bool) {
        if !scanner.folds {
            self.hay.push_str(piece);
            self.held.push_str(piece);
            return;
        }
        for c in piece.chars() {
            if let Some(segment) = self.segmenter.push(c) {
                self.append_segment(&segment);
            }
        }
        if is_last && let Some(segment) = self.segmenter.finish() {
            self.append_segment(&segment);
        }
    }

    fn append_segment(&mut self, segment: &str) {
        self.hay.push_str(&fold_segment(segment));
        self.held.push_str(segment);
        self.segments.push((self.hay.len(), self.held.len()));
    }

    /// Whether nothing that comes can change a match, or that there is none, at `start`.
    fn is_settled(&self, scanner: &Scanner, start: usize, end: usize) -> bool {
        let by_length = scanner
            .max_len
            .is_some_and(|length| start + length + LOOK_AHEAD <= self.hay.len());
        by_length || self.last_breaker(scanner, end).is_some()
    }

    /// No match begins before this that is not found yet.
    fn settled_up_to(&self, scanner: &Scanner) -> usize {
        let by_length = scanner.max_len.map_or(0, |length| {
            let bytes = self.hay.len().saturating_sub(length + LOOK_AHEAD);
            self.hay.floor_char_boundary(bytes)
        });
        let by_breaker = self.last_breaker(scanner, self.from).unwrap_or(0);
        by_length.max(by_breaker)
    }

    /// The end of the last character, `from` or later, that no match contains.
    fn last_breaker(&self, scanner: &Scanner, from: usize) -> Option<usize> {
        let mut chars = self.hay[from..].char_indices();
        let (at, c) = chars.rfind(|(_, c)| !scanner.alphabet.contains(*c))?;
        Some(from + at + c.len_utf8())
    }

    /// Where in the held text the segment begins that `hay_at` is in.
    fn held_before(&self, hay_at: usize) -> usize {
        let Some((hay_len, held_len)) = self.segments.last().copied() else {
            // Not folded: the same text after a character of context.
            let context = self.hay.len() - self.held.len();
            return hay_at.saturating_sub(context);
        };
        if hay_at >= hay_len {
            return held_len;
        }
        let over = self.segments.partition_point(|(end, _)| *end <= hay_at);
        over.checked_sub(1)
            .map_or(0, |before| self.segments[before].1)
    }

    /// Where in the held text the segment ends that the byte before `hay_at` is in.
    fn held_after(&self, hay_at: usize) -> usize {
        if self.segments.is_empty() {
            return self.held_before(hay_at);
        }
        let within = self.segments.partition_point(|(end, _)| *end < hay_at);
        self.segments
            .get(within)
            .map_or(self.held.len(), |(_, end)| *end)
    }

    /// Forgets what is let out, but for one character that a later match may look back at.
    fn trim(&mut self) {
        let over = self
            .segments
            .partition_point(|(hay, held)| *held <= self.out && *hay <= self.from);
        let (hay_out, held_out) = if self.segments.is_empty() {
            let context = self.hay.len() - self.held.len();
            ((self.out + context).min(self.from), self.out)
        } else {
            over.checked_sub(1)
                .map_or((0, 0), |last| self.segments[last])
        };
        let context = self.hay[..hay_out]
            .chars()
            .next_back()
            .map_or(0, char::len_utf8);
        let cut = hay_out - context;
        self.hay.drain(..cut);
        self.from -= cut;
        self.held.drain(..held_out);
        self.out -= held_out;
        self.segments.drain(..over);
        for (hay, held) in &mut self.segments {
            *hay -= cut;
            *held -= held_out;
        }
        let held = self.hay.len();
        self.search_at = if held < SEARCH_EVERY_PIECE_BELOW {
            0
        } else {
            held + held / 4
        };
    }
}
