//! Running text out of lines: several blanks are one, and none stands between Japanese characters where a line ended.

use unicode_script::{Script, UnicodeScript};

#[derive(Debug, Default)]
pub struct Flow {
    text: String,
    /// Blanks that were met since the last character.
    pending: Option<Blank>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Blank {
    Space,
    LineEnd,
}

impl Flow {
    /// Adds text in which line ends mean nothing.
    pub fn push(&mut self, text: &str) {
        for character in text.chars() {
            match character {
                '\n' | '\r' => self.pending = Some(Blank::LineEnd),
                ' ' | '\t' | '\u{0C}' => self.pending = self.pending.or(Some(Blank::Space)),
                _ => self.character(character),
            }
        }
    }

    /// Ends a line that stays one.
    pub fn break_line(&mut self) {
        self.pending = None;
        if !self.text.is_empty() {
            self.text.push('\n');
        }
    }

    /// Adds text as it is.
    pub fn push_raw(&mut self, text: &str) {
        self.space();
        self.text.push_str(text);
    }

    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    pub fn take(&mut self) -> String {
        self.pending = None;
        std::mem::take(&mut self.text)
    }

    fn character(&mut self, character: char) {
        let joins = self.pending == Some(Blank::LineEnd)
            && is_unspaced(character)
            && self.text.chars().next_back().is_some_and(is_unspaced);
        if joins {
            self.pending = None;
        }
        self.space();
        self.text.push(character);
    }

    fn space(&mut self) {
        let begins_line = self.text.is_empty() || self.text.ends_with('\n');
        if self.pending.take().is_some() && !begins_line {
            self.text.push(' ');
        }
    }
}

/// Whether a character belongs to writing without blanks between words.
pub fn is_unspaced(character: char) -> bool {
    matches!(character, '\u{3000}'..='\u{303F}' | '\u{30FB}'..='\u{30FE}' | '\u{FF01}'..='\u{FF9F}')
        || matches!(
            character.script(),
            Script::Han | Script::Hiragana | Script::Katakana | Script::Bopomofo
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flowed(text: &str) -> String {
        let mut flow = Flow::default();
        flow.push(text);
        flow.take()
    }

    #[test]
    fn lines_are_joined_as_their_writing_asks() {
        assert_eq!(flowed("  a  b\n  c "), "a b c");
        assert_eq!(flowed("日本\n  語、\n文"), "日本語、文");
        assert_eq!(flowed("日本 語"), "日本 語");
        assert_eq!(flowed("日本\nHTML"), "日本 HTML");
    }
}
