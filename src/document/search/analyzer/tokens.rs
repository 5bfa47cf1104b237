//! Terms of a text, each with its place.

use rust_stemmers::{Algorithm, Stemmer};

use super::{
    AnalyzerSettings, Folded,
    kana::{to_hiragana, without_final_long_vowel},
    runs::{Run, Writing, is_connector, runs},
    stop_words::is_stop_word,
    words::Words,
};

/// Longer ones (hashes, encoded data) are cut to this many characters.
pub const TERM_MAX_CHARS: usize = 64;
/// Begins the term of a pair of characters, so that it is no word's, and a query can weigh the two apart.
pub const PAIR: char = '+';
/// Words shorter than this have no ending that could be taken away.
const STEM_MIN_CHARS: usize = 3;

/// A term, and the part of the source that it stands for, in characters: from `start` up to, without, `end`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    pub term: String,
    pub start: u32,
    pub end: u32,
}

/// Makes terms of texts. Costs nothing to make, and keeps nothing of what it sees.
pub struct Analyzer {
    settings: AnalyzerSettings,
    words: Words,
    stemmer: Stemmer,
}

impl Analyzer {
    pub fn new(settings: AnalyzerSettings) -> Self {
        Self {
            settings,
            words: Words::new(),
            stemmer: Stemmer::create(Algorithm::English),
        }
    }

    /// The terms of `text`, in the order of where they begin.
    pub fn tokens(&self, text: &str) -> Vec<Token> {
        let folded = Folded::of(text);
        let mut found = Found {
            folded: &folded,
            tokens: Vec::new(),
        };
        for run in runs(folded.chars()) {
            match run.writing {
                Writing::Cjk => self.cjk(run, &mut found),
                Writing::Dictionary => self.dictionary(run, &mut found),
                Writing::Spaced => self.spaced(run, &mut found),
            }
        }
        found.tokens
    }

    fn cjk(&self, run: Run, found: &mut Found<'_>) {
        let chars = found.folded.chars();
        let run_chars = &chars[run.start..run.end];
        let single = run_chars.len() == 1;
        if self.settings.words || single {
            for (start, end) in self.words.of(run_chars) {
                let word = without_final_long_vowel(&run_chars[start..end]);
                let term = self.kana(word);
                found.push(term, (run.start + start, run.start + end));
            }
        }
        if self.settings.bigrams && !single {
            for (at, pair) in run_chars.windows(2).enumerate() {
                let start = run.start + at;
                found.push(format!("{PAIR}{}", self.kana(pair)), (start, start + 2));
            }
        }
    }

    fn kana(&self, chars: &[char]) -> String {
        if self.settings.kana {
            return chars.iter().copied().map(to_hiragana).collect();
        }
        chars.iter().collect()
    }

    fn dictionary(&self, run: Run, found: &mut Found<'_>) {
        let chars = found.folded.chars();
        let run_chars = &chars[run.start..run.end];
        for (start, end) in self.words.of(run_chars) {
            let term = run_chars[start..end].iter().collect();
            found.push(term, (run.start + start, run.start + end));
        }
    }

    /// The parts of a word, and the whole when it has several: `foo_bar` is `foo_bar`, `foo` and `bar`.
    fn spaced(&self, run: Run, found: &mut Found<'_>) {
        let chars = found.folded.chars();
        let is_apostrophe = |c: char| matches!(c, '\'' | '’');
        let splits = |c: &char| (is_connector(*c) && !is_apostrophe(*c)) || *c == ',';
        let mut start = run.start;
        let mut parts = Vec::new();
        for part in chars[run.start..run.end].split(splits) {
            parts.push((start, start + part.len()));
            start += part.len() + 1;
        }
        if parts.len() > 1 {
            let whole = &chars[run.start..run.end];
            let marks: Vec<char> = whole.iter().copied().filter(|c| splits(c)).collect();
            let joined = marks
                .iter()
                .all(|mark| matches!(mark, '-' | '\u{2010}' | ','));
            let term: String = whole.iter().filter(|c| !(joined && splits(c))).collect();
            let term = if joined { self.stem(term) } else { term };
            found.push(term, (run.start, run.end));
        }
        for (start, end) in parts {
            let word: String = chars[start..end]
                .iter()
                .map(|c| if is_apostrophe(*c) { '\'' } else { *c })
                .collect();
            if !(self.settings.stop_words && is_stop_word(&word)) {
                found.push(self.stem(word), (start, end));
            }
        }
    }

    fn stem(&self, word: String) -> String {
        let is_word = |c: u8| c.is_ascii_lowercase() || c == b'\'';
        if !self.settings.stems || word.len() < STEM_MIN_CHARS || !word.bytes().all(is_word) {
            return word;
        }
        self.stemmer.stem(&word).into_owned()
    }
}

struct Found<'a> {
    folded: &'a Folded,
    tokens: Vec<Token>,
}

impl Found<'_> {
    fn push(&mut self, mut term: String, (from, to): (usize, usize)) {
        if let Some((cut, _)) = term.char_indices().nth(TERM_MAX_CHARS) {
            term.truncate(cut);
        }
        let (start, end) = self.folded.origin(from, to);
        self.tokens.push(Token { term, start, end });
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    fn tokens(text: &str) -> Vec<Token> {
        Analyzer::new(AnalyzerSettings::default()).tokens(text)
    }

    fn terms(text: &str) -> Vec<String> {
        tokens(text).into_iter().map(|token| token.term).collect()
    }

    /// Terms of `left` that `right` has too.
    fn shared(left: &str, right: &str) -> usize {
        let right: HashSet<String> = terms(right).into_iter().collect();
        terms(left)
            .iter()
            .filter(|term| right.contains(*term))
            .count()
    }

    #[test]
    fn english_is_stemmed_and_identifiers_stay_whole() {
        assert_eq!(terms("Running the tests"), ["run", "the", "test"]);
        assert_eq!(
            terms("foo_bar libfoo2"),
            ["foo_bar", "foo", "bar", "libfoo2"]
        );
        assert_eq!(
            terms("a.b@example.org"),
            ["a.b@example.org", "a", "b", "exampl", "org"]
        );
        assert_eq!(terms("e-mails"), ["email", "e", "mail"]);
        assert_eq!(terms("1,000 3.14"), ["1000", "1", "000", "3.14", "3", "14"]);
        assert_eq!(terms("don’t"), terms("don't"));
    }

    #[test]
    fn japanese_meets_itself_in_every_form() {
        assert_eq!(terms("開く"), ["開く", "+開く"]);
        assert!(shared("サーバー", "サーバの設定") >= 1);
        assert!(shared("ﾃﾞｰﾀﾍﾞｰｽ", "でーたべーす") >= 1);
        assert!(
            shared("東京都", "京都") == 1,
            "only the pair: a weak likeness"
        );
        assert_eq!(terms("、。！"), Vec::<String>::new());
    }

    #[test]
    fn a_token_stands_where_its_text_does() {
        let text = "😀 Ｆｉｌｅｓを開くﾃﾞｰﾀ";
        let chars: Vec<char> = text.chars().collect();
        for token in tokens(text) {
            let part: String = chars[token.start as usize..token.end as usize]
                .iter()
                .collect();
            let term = token.term.trim_start_matches(PAIR);
            assert!(
                terms(&part)
                    .iter()
                    .any(|own| own.trim_start_matches(PAIR) == term),
                "{token:?} {part}"
            );
        }
    }

    #[test]
    fn what_is_endless_is_cut() {
        let long = "a1".repeat(500);
        assert_eq!(terms(&long)[0].chars().count(), TERM_MAX_CHARS);
    }

    proptest! {
        #[test]
        fn offsets_lie_in_the_text_and_terms_are_never_empty(text in "\\PC{0,60}") {
            let length = u32::try_from(text.chars().count()).unwrap();
            for token in tokens(&text) {
                prop_assert!(token.start < token.end && token.end <= length);
                prop_assert!(!token.term.is_empty() && !token.term.contains('\0'));
            }
        }

        #[test]
        fn a_folded_text_has_the_terms_of_its_source(text in "\\PC{0,40}") {
            prop_assert_eq!(terms(&Folded::of(&text).text()), terms(&text));
        }

        #[test]
        fn a_text_is_found_by_itself(text in "[ぁ-んァ-ヶ一-龠a-z ]{1,30}") {
            let found = terms(&text);
            prop_assert!(found.is_empty() == text.trim().is_empty(), "{found:?}");
        }
    }
}
