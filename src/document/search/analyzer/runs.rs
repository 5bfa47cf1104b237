//! Cuts a folded text where its way of writing changes.

use unicode_script::{Script, UnicodeScript};

/// How a run's words are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writing {
    /// Japanese, Chinese, Korean: a dictionary, and pairs of characters.
    Cjk,
    /// Thai and its neighbours, without spaces too: a dictionary.
    Dictionary,
    /// Everything that puts something between its words.
    Spaced,
}

/// Part of a folded text, in its characters: from `start` up to, without, `end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    pub writing: Writing,
    pub start: usize,
    pub end: usize,
}

/// The runs that hold words. A spaced run goes on over one mark that stands inside identifiers, addresses and numbers.
pub fn runs(chars: &[char]) -> Vec<Run> {
    let mut runs = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        let Some(writing) = writing(chars[at]) else {
            at += 1;
            continue;
        };
        let start = at;
        at += 1;
        while at < chars.len() && goes_on(chars, at, writing) {
            at += 1;
        }
        runs.push(Run {
            writing,
            start,
            end: at,
        });
    }
    runs
}

fn goes_on(chars: &[char], at: usize, run: Writing) -> bool {
    let next = writing(chars[at]);
    if next == Some(run) {
        return true;
    }
    let between = || at + 1 < chars.len() && writing(chars[at + 1]) == Some(Writing::Spaced);
    let digits = || chars[at - 1].is_ascii_digit() && chars[at + 1].is_ascii_digit();
    run == Writing::Spaced
        && writing(chars[at - 1]) == Some(Writing::Spaced)
        && between()
        && (is_connector(chars[at]) || (chars[at] == ',' && digits()))
}

/// Stands between the parts of one word.
pub fn is_connector(c: char) -> bool {
    matches!(c, '_' | '-' | '.' | '@' | '\'' | '’' | '\u{2010}')
}

fn writing(c: char) -> Option<Writing> {
    if c.is_ascii() {
        return c.is_ascii_alphanumeric().then_some(Writing::Spaced);
    }
    match c.script() {
        Script::Han | Script::Hiragana | Script::Katakana | Script::Hangul | Script::Bopomofo => {
            Some(Writing::Cjk).filter(|_| c.is_alphanumeric() || c == '々')
        }
        Script::Thai | Script::Lao | Script::Khmer | Script::Myanmar => Some(Writing::Dictionary),
        Script::Common if matches!(c, 'ー' | '〆') => Some(Writing::Cjk),
        _ => c.is_alphanumeric().then_some(Writing::Spaced),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str) -> Vec<String> {
        let chars: Vec<char> = text.chars().collect();
        let text = |run: Run| chars[run.start..run.end].iter().collect();
        runs(&chars).into_iter().map(text).collect()
    }

    #[test]
    fn a_run_ends_where_the_writing_changes() {
        assert_eq!(
            cut("linuxカーネルの設定、c言語"),
            ["linux", "カーネルの設定", "c", "言語"]
        );
        assert_eq!(
            cut("(foo_bar, a.b@c.de) don't"),
            ["foo_bar", "a.b@c.de", "don't"]
        );
        assert_eq!(
            cut("1,000 a,b 3.14. -x --y z-"),
            ["1,000", "a", "b", "3.14", "x", "y", "z"]
        );
        assert_eq!(cut("人々・サーバー"), ["人々", "サーバー"]);
    }
}
