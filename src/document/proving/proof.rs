//! Finding a model's quotes in what it was shown: what is not there word for word proves nothing.

use std::ops::Range;

use super::folded::{Folded, is_cjk};

/// A quote weighs at least so much, or it could stand anywhere: a Chinese or Japanese character weighs 2, any other
/// letter or digit 1.
const LEAST_WEIGHT: usize = 8;
/// Parts of one quote with omissions between them. More are no quote but a collage.
const MOST_PARTS: usize = 4;
/// How omissions are written, longest first.
const OMISSIONS: [&str; 6] = [
    "[...]",
    "[\u{2026}]",
    "(...)",
    "\u{2026}\u{2026}",
    "\u{2026}",
    "...",
];

/// Passages that a model was shown, ready to be searched.
#[derive(Debug, Default)]
pub(super) struct Evidence(Vec<Folded>);

/// A passage's part that says what a quote says, in characters of the passage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::document) struct Proof {
    /// The passage, by its place in the evidence.
    pub passage: usize,
    pub range: Range<u32>,
}

/// Why a quote proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unproved {
    #[error("the quote is in none of the passages")]
    NotFound,
    #[error("the quote is too short to say where it is from")]
    TooShort,
    #[error("the quote leaves out more than it quotes")]
    TooManyParts,
}

impl Evidence {
    pub fn of<'a>(passages: impl IntoIterator<Item = &'a str>) -> Self {
        Self(passages.into_iter().map(Folded::of).collect())
    }

    /// Where each part of `quote` stands. Looked for in the passage that the model named, then in the others: a wrong
    /// label on true words is put right. The parts of one quote stand in one passage, in their order.
    ///
    /// # Errors
    /// [`Unproved`], saying why it proves nothing.
    pub fn prove(&self, named: Option<usize>, quote: &str) -> Result<Vec<Proof>, Unproved> {
        let parts = parts(quote)?;
        let named = named.filter(|passage| *passage < self.0.len());
        let others = (0..self.0.len()).filter(|passage| Some(*passage) != named);
        named
            .into_iter()
            .chain(others)
            .find_map(|passage| self.prove_in(passage, &parts))
            .ok_or(Unproved::NotFound)
    }

    fn prove_in(&self, passage: usize, parts: &[Folded]) -> Option<Vec<Proof>> {
        let mut proofs: Vec<Proof> = Vec::with_capacity(parts.len());
        for part in parts {
            let range = self.0[passage].find(part)?;
            if proofs
                .last()
                .is_some_and(|before| range.start < before.range.end)
            {
                return None;
            }
            proofs.push(Proof { passage, range });
        }
        Some(proofs)
    }
}

/// The parts between omissions, without the quotation marks that models put around them.
fn parts(quote: &str) -> Result<Vec<Folded>, Unproved> {
    let mut texts = vec![quote];
    for omission in OMISSIONS {
        texts = texts.iter().flat_map(|text| text.split(omission)).collect();
    }
    let around =
        |c: char| c.is_whitespace() || "\"'\u{201c}\u{201d}\u{2018}\u{2019}「」『』«»".contains(c);
    let parts: Vec<_> = texts
        .into_iter()
        .map(|text| Folded::of(text.trim_matches(around)))
        .filter(|part| !part.is_empty())
        .collect();
    if parts.len() > MOST_PARTS {
        return Err(Unproved::TooManyParts);
    }
    if parts.is_empty()
        || parts
            .iter()
            .any(|part| weight(part.as_str()) < LEAST_WEIGHT)
    {
        return Err(Unproved::TooShort);
    }
    Ok(parts)
}

fn weight(text: &str) -> usize {
    text.chars()
        .filter(|character| character.is_alphanumeric())
        .map(|character| if is_cjk(character) { 2 } else { 1 })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MICE: &str =
        "In 2019 we studied mice. They slept for 12 hours,\nthat is half a day, in the dark.";
    const SLEEP: &str = "睡眠時間は平均 12 時間で\nあった。対照群との差は認められなかった。";

    fn prove(named: Option<usize>, quote: &str) -> Result<Vec<(usize, String)>, Unproved> {
        let passages = [MICE, SLEEP];
        let proofs = Evidence::of(passages).prove(named, quote)?;
        let text = |proof: Proof| {
            let (start, length) = (proof.range.start as usize, proof.range.len());
            let text = passages[proof.passage]
                .chars()
                .skip(start)
                .take(length)
                .collect();
            (proof.passage, text)
        };
        Ok(proofs.into_iter().map(text).collect())
    }

    #[test]
    fn a_quote_is_told_in_the_words_of_the_passage() {
        let found = prove(Some(0), "\"they slept for 12 hours, that is\"").unwrap();
        assert_eq!(found, [(0, "They slept for 12 hours,\nthat is".to_owned())]);
        let found = prove(Some(1), "平均12時間であった。").unwrap();
        assert_eq!(found, [(1, "平均 12 時間で\nあった。".to_owned())]);
    }

    #[test]
    fn a_wrong_label_on_true_words_is_put_right() {
        for named in [Some(0), Some(7), None] {
            assert_eq!(prove(named, "差は認められなかった").unwrap()[0].0, 1);
        }
    }

    #[test]
    fn parts_around_an_omission_stand_in_one_passage_in_their_order() {
        let found = prove(Some(0), "we studied mice … half a day, in the dark").unwrap();
        let texts: Vec<_> = found.into_iter().map(|(_, text)| text).collect();
        assert_eq!(texts, ["we studied mice", "half a day, in the dark"]);
        for quote in [
            "half a day, in the dark ... we studied mice",
            "we studied mice [...] 差は認められなかった",
        ] {
            assert_eq!(prove(Some(0), quote), Err(Unproved::NotFound), "{quote}");
        }
        let collage = "we studied ... slept for ... 12 hours ... half a day ... in the dark";
        assert_eq!(prove(Some(0), collage), Err(Unproved::TooManyParts));
    }

    #[test]
    fn what_is_not_there_word_for_word_proves_nothing() {
        for quote in [
            "They slept for 13 hours",
            "Mice slept for 12 hours",
            "差は認められた",
            "対照群との差はない",
        ] {
            assert_eq!(prove(Some(0), quote), Err(Unproved::NotFound), "{quote}");
        }
    }

    #[test]
    fn words_that_could_stand_anywhere_prove_nothing() {
        for quote in ["", "...", "12", "mice", "平均", "studied mice ... dark"] {
            assert_eq!(prove(Some(0), quote), Err(Unproved::TooShort), "{quote}");
        }
    }
}
