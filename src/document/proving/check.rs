//! From what a model said to what may be told: each sentence with the words that prove it, or the reason why not.

use std::collections::BTreeSet;

use unicode_normalization::UnicodeNormalization;

use super::{
    proof::{Evidence, Proof, Unproved},
    reply::Claim,
    shown,
};

/// Checks claims against the passages that the model was shown.
#[derive(Debug)]
pub(in crate::document) struct Checker {
    evidence: Evidence,
    /// Numbers that the asker brought in: to repeat them takes no proof.
    asked: BTreeSet<String>,
    passages: Vec<String>,
}

/// A sentence of the model's after the check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::document) struct Checked {
    pub title: Option<String>,
    pub text: String,
    /// In the order in which the model named them; none twice.
    pub proofs: Vec<Proof>,
    /// Why it may not be told as it stands; `None` when it is proved.
    pub doubt: Option<Doubt>,
}

/// Why a sentence is not proved.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Doubt {
    #[error("it comes without a quote")]
    NoQuote,
    #[error("none of its quotes holds: {0}")]
    NoProof(Unproved),
    /// The quotes are true, but say another number than the sentence does.
    #[error("its quotes do not hold the number {0}")]
    OtherNumber(String),
}

impl Doubt {
    /// The name on the wire.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::NoQuote => "no_quote",
            Self::NoProof(_) => "quote_not_found",
            Self::OtherNumber(_) => "number_not_quoted",
        }
    }
}

impl Checker {
    pub fn new(question: &str, passages: Vec<String>) -> Self {
        Self {
            evidence: Evidence::of(passages.iter().map(String::as_str)),
            asked: numbers(question),
            passages,
        }
    }

    pub fn check(&self, claim: Claim) -> Checked {
        let (mut proofs, mut failed) = (Vec::new(), None);
        for quote in &claim.quotes {
            match self
                .evidence
                .prove(shown::place(&quote.source), &quote.words)
            {
                Ok(found) => proofs.extend(found),
                Err(why) => failed = Some(why),
            }
        }
        let mut seen = Vec::new();
        proofs.retain(|proof| {
            let is_new = !seen.contains(proof);
            seen.push(proof.clone());
            is_new
        });
        let doubt = if proofs.is_empty() {
            Some(failed.map_or(Doubt::NoQuote, Doubt::NoProof))
        } else {
            self.other_number(&claim.text, &proofs)
                .map(Doubt::OtherNumber)
        };
        Checked {
            title: claim.title,
            text: claim.text,
            proofs,
            doubt,
        }
    }

    /// The words of a proof, as they stand in its passage.
    pub fn words(&self, proof: &Proof) -> String {
        let (start, length) = (proof.range.start as usize, proof.range.len());
        self.passages[proof.passage]
            .chars()
            .skip(start)
            .take(length)
            .collect()
    }

    /// A number that the sentence says and neither its quotes nor the question do.
    fn other_number(&self, text: &str, proofs: &[Proof]) -> Option<String> {
        let quoted: BTreeSet<_> = proofs
            .iter()
            .flat_map(|proof| numbers(&self.words(proof)))
            .collect();
        let is_known = |number: &String| quoted.contains(number) || self.asked.contains(number);
        numbers(text).into_iter().find(|number| !is_known(number))
    }
}

/// The numbers of a text in digits: of any width, without separators of thousands.
fn numbers(text: &str) -> BTreeSet<String> {
    let folded: Vec<char> = text.nfkc().collect();
    let mut numbers = BTreeSet::new();
    let mut number = String::new();
    for (at, character) in folded.iter().enumerate() {
        let next_is_digit = folded.get(at + 1).is_some_and(char::is_ascii_digit);
        match character {
            digit if digit.is_ascii_digit() => number.push(*digit),
            '.' if next_is_digit && !number.is_empty() => number.push('.'),
            ',' if next_is_digit && !number.is_empty() => {}
            _ if number.is_empty() => {}
            _ => {
                numbers.insert(std::mem::take(&mut number));
            }
        }
    }
    if !number.is_empty() {
        numbers.insert(number);
    }
    numbers
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*, sample::select};

    use super::{super::reply::Quote, *};

    /// What passages and quotes are made of.
    const SIGNS: &[&str] = &[
        "sleep",
        "Mice",
        "12",
        "1,204",
        "3.5",
        "．",
        "１",
        " ",
        "\n",
        "…",
        "...",
        "[...]",
        "睡眠",
        "時間",
        "が\u{3099}",
        "ﬁ",
        "\u{ad}",
        "\u{200b}",
        "\"",
        "「",
        "-",
    ];

    proptest! {
        #[test]
        fn what_proves_a_sentence_stands_in_a_passage(
            passages in vec(vec(select(SIGNS), 0..30), 0..4), quotes in vec((vec(select(SIGNS), 0..12), "\\PC{0,4}"), 0..4),
            text in vec(select(SIGNS), 0..12),
        ) {
            let passages: Vec<String> = passages.iter().map(|signs| signs.concat()).collect();
            let checker = Checker::new("", passages.clone());
            let quotes = quotes.into_iter().map(|(words, source)| Quote { source, words: words.concat() });
            let checked = checker.check(Claim { title: None, text: text.concat(), quotes: quotes.collect() });
            prop_assert_eq!(checked.proofs.is_empty(), matches!(checked.doubt, Some(Doubt::NoQuote | Doubt::NoProof(_))));
            for proof in &checked.proofs {
                prop_assert!(proof.range.start < proof.range.end);
                prop_assert!(proof.range.end as usize <= passages[proof.passage].chars().count());
                prop_assert!(passages[proof.passage].contains(&checker.words(proof)));
            }
            if checked.doubt.is_none() {
                let quoted: BTreeSet<_> = checked.proofs.iter().flat_map(|proof| numbers(&checker.words(proof))).collect();
                prop_assert!(numbers(&text.concat()).is_subset(&quoted));
            }
        }
    }

    const PASSAGE: &str =
        "They slept for 12 hours. The cohort had 1,204 mice, of which 3.5 % died.";

    fn check(text: &str, quotes: &[&str]) -> Checked {
        let checker = Checker::new("What happened in 2019?", vec![PASSAGE.to_owned()]);
        let quote = |words: &&str| Quote {
            source: "S1".to_owned(),
            words: (*words).to_owned(),
        };
        let quotes = quotes.iter().map(quote).collect();
        checker.check(Claim {
            title: None,
            text: text.to_owned(),
            quotes,
        })
    }

    #[test]
    fn a_sentence_is_proved_by_one_true_quote() {
        for quotes in [
            &["slept for 12 hours"][..],
            &["slept for 13 hours", "slept for 12 hours"],
        ] {
            let checked = check("In 2019 they slept for 12 hours.", quotes);
            assert_eq!((checked.doubt, checked.proofs.len()), (None, 1));
        }
    }

    #[test]
    fn a_sentence_without_a_true_quote_is_doubted() {
        assert_eq!(check("They slept.", &[]).doubt, Some(Doubt::NoQuote));
        let invented = check("They slept.", &["they slept all night long"]).doubt;
        assert_eq!(invented, Some(Doubt::NoProof(Unproved::NotFound)));
    }

    #[test]
    fn a_true_quote_does_not_prove_another_number() {
        let doubt = check("They slept for 13 hours.", &["slept for 12 hours"]).doubt;
        assert_eq!(doubt, Some(Doubt::OtherNumber("13".to_owned())));
        for text in ["There were 1204 mice.", "There were １，２０４ mice."] {
            assert_eq!(
                check(text, &["the cohort had 1,204 mice"]).doubt,
                None,
                "{text}"
            );
        }
        let half = check("Of them 5 % died.", &["of which 3.5 % died"]).doubt;
        assert_eq!(half, Some(Doubt::OtherNumber("5".to_owned())));
    }

    #[test]
    fn the_same_words_are_cited_once() {
        let checked = check(
            "They slept.",
            &["They slept for 12 hours", "they slept for 12 hours"],
        );
        assert_eq!(checked.proofs.len(), 1);
    }
}
