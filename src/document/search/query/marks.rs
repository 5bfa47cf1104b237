//! Which parts of a text have words of a query: what a reader is shown as the reason of a hit.

use std::collections::{HashMap, HashSet};

use super::{LexicalQuery, Phrase};
use crate::document::search::analyzer::Analyzer;

/// What is looked for in the texts of hits.
pub struct Marks {
    analyzer: Analyzer,
    /// Terms of the query, in their order.
    terms: HashMap<String, usize>,
    phrases: Vec<Phrase>,
}

impl Marks {
    pub fn new(analyzer: Analyzer, query: &LexicalQuery) -> Self {
        let terms = query.terms.iter().map(|term| term.term.clone());
        Self {
            analyzer,
            terms: terms.zip(0..).collect(),
            phrases: query.phrases.clone(),
        }
    }

    /// Whether every phrase stands in `text`.
    pub fn has_phrases(&self, text: &str) -> bool {
        self.phrases
            .iter()
            .all(|phrase| !phrase.find(text).is_empty())
    }

    pub fn wants_phrases(&self) -> bool {
        !self.phrases.is_empty()
    }

    /// The marked parts of `text`, in characters, in order, none touching another. Particles and endings alone are no
    /// reason: letters of hiragana are marked only where they belong to something else.
    pub fn places(&self, text: &str) -> Vec<(u32, u32)> {
        let mut places: Vec<(u32, u32)> = Vec::new();
        let chars: Vec<char> = text.chars().collect();
        for token in self.analyzer.tokens(text) {
            let (start, end) = (token.start as usize, token.end as usize);
            let says_little = chars[start..end].iter().all(|c| is_hiragana(*c)) && end - start <= 2;
            if self.terms.contains_key(&token.term) && !says_little {
                places.push((token.start, token.end));
            }
        }
        for phrase in &self.phrases {
            places.extend(phrase.find(text));
        }
        places.sort_unstable();
        let mut merged: Vec<(u32, u32)> = Vec::new();
        for (start, end) in places {
            match merged.last_mut() {
                Some(last) if start <= last.1 => last.1 = last.1.max(end),
                _ => merged.push((start, end)),
            }
        }
        merged
    }

    /// The terms of the query that `text` has, in the query's order, and how often.
    pub fn counts(&self, text: &str) -> Vec<(String, usize)> {
        let mut counts: HashMap<String, usize> = HashMap::new();
        for token in self.analyzer.tokens(text) {
            if self.terms.contains_key(&token.term) {
                *counts.entry(token.term).or_default() += 1;
            }
        }
        let mut counts: Vec<(String, usize)> = counts.into_iter().collect();
        counts.sort_by_key(|(term, _)| self.terms[term]);
        counts
    }

    /// Every term of `text`, once.
    pub fn words(&self, text: &str) -> HashSet<String> {
        let tokens = self.analyzer.tokens(text).into_iter();
        tokens.map(|token| token.term).collect()
    }
}

fn is_hiragana(c: char) -> bool {
    matches!(c, 'ぁ'..='ゖ')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::search::{analyzer::AnalyzerSettings, query::Words};

    fn marked(query: &str, text: &str) -> Vec<String> {
        let analyzer = || Analyzer::new(AnalyzerSettings::default());
        let query = LexicalQuery::new(&Words::parse(query).unwrap(), &analyzer(), 1.0).unwrap();
        let chars: Vec<char> = text.chars().collect();
        let places = Marks::new(analyzer(), &query).places(text);
        let part = |(start, end): (u32, u32)| chars[start as usize..end as usize].iter().collect();
        places.into_iter().map(part).collect()
    }

    #[test]
    fn words_are_marked_in_whatever_form_they_stand_in_the_text() {
        assert_eq!(marked("running tests", "He runs a Test."), ["runs", "Test"]);
        assert_eq!(marked("データの保存", "ﾃﾞｰﾀを保存する"), ["ﾃﾞｰﾀ", "保存"]);
        assert_eq!(
            marked("\"open files\"", "open files open"),
            ["open files", "open"]
        );
        assert!(marked("kernel", "nothing").is_empty());
    }
}
