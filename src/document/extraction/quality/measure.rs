//! What a reading consists of, and what is wrong with it.

use std::{collections::HashMap, fmt};

use unicode_normalization::char::decompose_canonical;
use unicode_script::{Script, UnicodeScript};

/// Share of characters that an engine could not name, above which its reading is not kept.
const MOST_UNKNOWN: f32 = 0.05;
/// Fewer letters say nothing about their language.
const TELLING_LETTERS: usize = 80;
/// Share of vowels in any language that is written in Latin letters.
const FEWEST_VOWELS: f32 = 0.16;
/// Scripts that make up at least this share of the letters count as used.
const USED_SHARE: f32 = 0.04;
/// Nobody mixes so many, Japanese (three, and Latin) and a few Greek symbols included.
const MOST_SCRIPTS: usize = 5;
/// Share of letters in a page that is no table of numbers.
const FEWEST_LETTERS: f32 = 0.2;
const TELLING_CHARS: usize = 200;

/// The characters of a reading, blanks left out.
#[derive(Clone, Debug, Default)]
pub struct Measure {
    pub chars: usize,
    unknown: usize,
    private: usize,
    letters: usize,
    latin: usize,
    vowels: usize,
    digits: usize,
    scripts: HashMap<Script, usize>,
}

/// Why a reading is not to be trusted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Trouble {
    /// The share of characters that are U+FFFD.
    Unknown(f32),
    /// The share of characters that mean something to one font only.
    Private(f32),
    /// Latin letters with hardly a vowel: another alphabet under the names of this one.
    NoVowels(f32),
    Scripts(usize),
    Symbols(f32),
}

impl Measure {
    pub fn of<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        let mut measure = Self::default();
        let mut last = ' ';
        for c in texts
            .into_iter()
            .flat_map(str::chars)
            .filter(|c| !c.is_whitespace())
        {
            // Rows of dots lead to the numbers of pages.
            let again = std::mem::replace(&mut last, c) == c;
            if !(again && c.is_ascii_punctuation()) {
                measure.add(c);
            }
        }
        measure
    }

    fn add(&mut self, c: char) {
        self.chars += 1;
        match c {
            '\u{FFFD}' => self.unknown += 1,
            '\u{E000}'..='\u{F8FF}' | '\u{F0000}'..='\u{10FFFD}' => self.private += 1,
            c if c.is_ascii_digit() => self.digits += 1,
            c if c.is_alphabetic() => {
                self.letters += 1;
                let script = c.script();
                *self.scripts.entry(script).or_default() += 1;
                if script == Script::Latin {
                    self.latin += 1;
                    self.vowels += usize::from(is_vowel(c));
                }
            }
            _ => {}
        }
    }

    /// The worst that is wrong with it; `None` where it looks like text.
    pub fn trouble(&self) -> Option<Trouble> {
        let unknown = share(self.unknown, self.chars);
        if unknown > MOST_UNKNOWN {
            return Some(Trouble::Unknown(unknown));
        }
        let private = share(self.private, self.chars);
        if private > MOST_UNKNOWN {
            return Some(Trouble::Private(private));
        }
        let vowels = share(self.vowels, self.latin);
        if self.latin >= TELLING_LETTERS && vowels < FEWEST_VOWELS {
            return Some(Trouble::NoVowels(vowels));
        }
        let used = self
            .scripts
            .values()
            .filter(|letters| share(**letters, self.letters) > USED_SHARE)
            .count();
        if self.letters >= TELLING_LETTERS && used > MOST_SCRIPTS {
            return Some(Trouble::Scripts(used));
        }
        let lettered = share(self.letters + self.digits, self.chars);
        if self.chars >= TELLING_CHARS && lettered < FEWEST_LETTERS {
            return Some(Trouble::Symbols(lettered));
        }
        None
    }

    pub fn latin_share(&self) -> f32 {
        share(self.latin, self.letters)
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = |share: f32| share * 100.0;
        match self {
            Self::Unknown(share) => {
                write!(
                    f,
                    "{:.0} % of its characters have no name in their fonts",
                    percent(*share)
                )
            }
            Self::Private(share) => {
                write!(
                    f,
                    "{:.0} % of its characters mean something to their font only",
                    percent(*share)
                )
            }
            Self::NoVowels(share) => {
                write!(f, "only {:.0} % of its letters are vowels", percent(*share))
            }
            Self::Scripts(used) => write!(f, "it mixes {used} scripts"),
            Self::Symbols(share) => {
                write!(
                    f,
                    "only {:.0} % of its characters are letters or digits",
                    percent(*share)
                )
            }
        }
    }
}

fn is_vowel(c: char) -> bool {
    let mut vowel = false;
    decompose_canonical(c, |part: char| {
        vowel |= matches!(part.to_ascii_lowercase(), 'a' | 'e' | 'i' | 'o' | 'u' | 'y');
    });
    vowel
}

#[expect(clippy::cast_precision_loss, reason = "counts of one page")]
fn share(part: usize, all: usize) -> f32 {
    if all == 0 {
        0.0
    } else {
        part as f32 / all as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trouble(text: &str) -> Option<Trouble> {
        Measure::of([text.repeat(20).as_str()]).trouble()
    }

    #[test]
    fn text_passes_and_what_only_looks_like_it_does_not() {
        assert_eq!(trouble("Plain English, with numbers (1, 2, 3)."), None);
        assert_eq!(trouble("日本語の文書とEnglishと数式α+β。"), None);
        assert_eq!(trouble("3.14 2.71 100 200 | 300"), None);
        assert!(matches!(trouble("ab\u{FFFD}d"), Some(Trouble::Unknown(_))));
        assert!(matches!(trouble("ab\u{E001}d"), Some(Trouble::Private(_))));
        // Every letter three further on, as fonts without a table of names give it.
        assert!(matches!(
            trouble("wklv lv qrw hqjolvk whaw"),
            Some(Trouble::NoVowels(_))
        ));
        assert!(matches!(trouble("aбγδ한あקن"), Some(Trouble::Scripts(_))));
    }
}
