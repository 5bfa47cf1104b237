//! Which characters are written without blanks between words.

use unicode_script::{Script, UnicodeScript};

/// Chinese, Japanese and Korean characters and their punctuation; Korean words are told apart by blanks.
pub fn is_cjk(c: char) -> bool {
    matches!(
        c.script(),
        Script::Han | Script::Hiragana | Script::Katakana | Script::Bopomofo
    ) || matches!(c, '\u{3000}'..='\u{303F}' | '\u{30FC}' | '\u{FF01}'..='\u{FF65}' | '\u{FFE0}'..='\u{FFEF}')
}

/// Whether no blank belongs between two characters that stand at the end of one line and the start of the next.
pub fn joins_without_space(before: char, after: char) -> bool {
    let (one, other) = (is_cjk(before), is_cjk(after));
    // Between Japanese and Latin text a blank is a matter of taste; at a line's end nobody can tell, so none is made.
    one && other
        || (one || other) && !(before.is_ascii_alphanumeric() && after.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn japanese_is_joined_and_english_is_not() {
        assert!(joins_without_space('語', 'の') && joins_without_space('、', 'カ'));
        assert!(joins_without_space('は', 'P') && joins_without_space('X', 'を'));
        assert!(!joins_without_space('a', 'b') && !joins_without_space('.', 'T'));
        assert!(!joins_without_space('한', '국'));
    }
}
