//! Reads the text of a query.
//!
//! | sign | means |
//! |---|---|
//! | `"exact words"` (also “ ”) | a chunk has just these words in a row |
//! | `-word`, `-"some words"` | no chunk that has all of them |
//! | `conf*` | words that begin so |
//! | anything else | the more of it, and the rarer, the better |

/// Characters of a query.
pub const QUERY_MAX_CHARS: usize = 2_000;
/// Characters before the `*`: with fewer, too many words begin so.
const PREFIX_MIN_CHARS: usize = 2;

/// A query in words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words {
    pub plain: Vec<String>,
    pub phrases: Vec<String>,
    pub prefixes: Vec<String>,
    pub excluded: Vec<String>,
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidQuery {
    #[error("is empty; it needs at least one word to look for")]
    Empty,
    #[error("has {0} characters; it may have {QUERY_MAX_CHARS}")]
    TooLong(usize),
    #[error("has a quotation mark that is not closed, at character {0}")]
    Unclosed(usize),
    #[error("only says what to leave out; it needs at least one word to look for")]
    OnlyExcludes,
    #[error(
        "has `{0}*`; a beginning of a word needs {PREFIX_MIN_CHARS} characters or more, letters and digits only"
    )]
    Prefix(String),
    #[error("has {0} terms in quotes or after `-`; it may have {max}", max = super::TERMS_MAX)]
    TooManyTerms(usize),
    #[error("holds no letters and no digits, so there is nothing to look for")]
    NoWords,
}

impl Words {
    /// A text in which no sign means anything: a question as somebody asked it.
    pub fn verbatim(text: &str) -> Result<Self, InvalidQuery> {
        let text = checked(text)?;
        Ok(Self {
            plain: vec![text.to_owned()],
            ..Self::default()
        })
    }

    pub fn parse(text: &str) -> Result<Self, InvalidQuery> {
        let chars: Vec<char> = checked(text)?.chars().collect();
        let mut words = Self::default();
        let mut at = 0;
        while at < chars.len() {
            if chars[at].is_whitespace() {
                at += 1;
                continue;
            }
            let next = chars.get(at + 1);
            let excludes =
                chars[at] == '-' && next.is_some_and(|c| !c.is_whitespace() && *c != '-');
            at += usize::from(excludes);
            let (piece, quoted, end) = piece(&chars, at)?;
            at = end;
            words.add(piece, quoted, excludes)?;
        }
        let asks =
            !(words.plain.is_empty() && words.phrases.is_empty() && words.prefixes.is_empty());
        match asks {
            true => Ok(words),
            false if words.excluded.is_empty() => Err(InvalidQuery::Empty),
            false => Err(InvalidQuery::OnlyExcludes),
        }
    }

    fn add(&mut self, piece: String, quoted: bool, excludes: bool) -> Result<(), InvalidQuery> {
        if piece.trim().is_empty() {
            return Ok(());
        }
        if excludes {
            self.excluded.push(piece);
        } else if quoted {
            self.phrases.push(piece);
        } else if let Some(prefix) = piece.strip_suffix('*').filter(|rest| !rest.is_empty()) {
            let fits = prefix.chars().count() >= PREFIX_MIN_CHARS
                && prefix.chars().all(|c| c.is_alphanumeric() || c == '_');
            if !fits {
                return Err(InvalidQuery::Prefix(prefix.to_owned()));
            }
            self.prefixes.push(prefix.to_owned());
        } else {
            self.plain.push(piece);
        }
        Ok(())
    }

    /// What is looked for, without signs: what a model is to understand.
    pub fn meaning(&self) -> String {
        let all = [&self.plain, &self.phrases, &self.prefixes];
        let words: Vec<&str> = all.into_iter().flatten().map(String::as_str).collect();
        words.join(" ")
    }
}

fn checked(text: &str) -> Result<&str, InvalidQuery> {
    let length = text.chars().count();
    match text.trim() {
        "" => Err(InvalidQuery::Empty),
        _ if length > QUERY_MAX_CHARS => Err(InvalidQuery::TooLong(length)),
        text => Ok(text),
    }
}

/// What stands at `start`: a quoted text without its marks, or what goes up to the next space.
fn piece(chars: &[char], start: usize) -> Result<(String, bool, usize), InvalidQuery> {
    let close = match chars[start] {
        '"' => Some('"'),
        '“' => Some('”'),
        _ => None,
    };
    let ends = |at: &usize| chars[*at].is_whitespace();
    let Some(close) = close else {
        let end = (start..chars.len()).find(ends).unwrap_or(chars.len());
        return Ok((chars[start..end].iter().collect(), false, end));
    };
    let end = (start + 1..chars.len()).find(|at| chars[*at] == close);
    let end = end.ok_or(InvalidQuery::Unclosed(start + 1))?;
    Ok((chars[start + 1..end].iter().collect(), true, end + 1))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::document::search::{
        analyzer::{Analyzer, AnalyzerSettings},
        query::{LexicalQuery, Marks},
    };

    proptest! {
        #[test]
        fn every_query_is_understood_or_refused_and_marks_what_it_finds(
            query in "[-\"“”*aか字A ０　_.]{0,40}|\\PC{0,40}", text in "[-\"*aか字A ０　_.ｶﾞ]{0,60}|\\PC{0,60}",
        ) {
            let analyzer = || Analyzer::new(AnalyzerSettings::default());
            let Ok(words) = Words::parse(&query) else {
                return Ok(());
            };
            prop_assert!(!words.meaning().trim().is_empty());
            let Ok(asked) = LexicalQuery::new(&words, &analyzer(), 0.5) else {
                return Ok(());
            };
            let marks = Marks::new(analyzer(), &asked);
            let (length, mut before) = (text.chars().count(), None);
            for (start, end) in marks.places(&text) {
                prop_assert!(start < end && end as usize <= length && before.is_none_or(|before| before < start));
                before = Some(end);
            }
        }
    }

    fn owned(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn signs_mean_what_the_table_says() {
        let words =
            Words::parse("kernel　設定 \"メモリ 管理\" -windows -“old way” conf* e-mail - x");
        let words = words.unwrap();
        assert_eq!(words.plain, owned(&["kernel", "設定", "e-mail", "-", "x"]));
        assert_eq!(words.phrases, owned(&["メモリ 管理"]));
        assert_eq!(words.excluded, owned(&["windows", "old way"]));
        assert_eq!(words.prefixes, owned(&["conf"]));
        assert_eq!(words.meaning(), "kernel 設定 e-mail - x メモリ 管理 conf");
        let options = Words::parse("ls --all").unwrap();
        assert_eq!(options.plain, owned(&["ls", "--all"]));
    }

    #[test]
    fn what_can_not_be_meant_is_refused_by_name() {
        let refused = |text: &str| Words::parse(text).unwrap_err();
        assert_eq!(refused("  "), InvalidQuery::Empty);
        assert_eq!(refused("\"\""), InvalidQuery::Empty);
        assert_eq!(refused("a \"b"), InvalidQuery::Unclosed(3));
        assert_eq!(refused("-a -b"), InvalidQuery::OnlyExcludes);
        assert_eq!(refused("a*"), InvalidQuery::Prefix("a".to_owned()));
        assert_eq!(refused(&"a ".repeat(2_000)), InvalidQuery::TooLong(4_000));
        assert!(Words::verbatim("what does \"this - that\" mean?").is_ok());
    }
}
