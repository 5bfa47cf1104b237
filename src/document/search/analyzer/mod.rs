//! The one analyzer of texts and queries: the same words in, the same terms out, whichever database keeps them.
//!
//! A text is folded (NFKC, lower case, accents of Latin letters), cut into runs of one kind of script, and each run
//! becomes terms: of Japanese and Chinese the words that ICU's dictionary finds, and beside them every pair of
//! neighbouring characters, so that a compound which the dictionary cuts differently in text and query still meets
//! itself; of what is written with spaces its words, stemmed as English, and identifiers, addresses and numbers whole.
//! Every term knows where it stands in the source, in characters.

mod fold;
mod kana;
mod runs;
mod settings;
mod stop_words;
mod tokens;
mod words;

pub use fold::Folded;
pub use kana::to_hiragana as fold_kana;
pub use settings::AnalyzerSettings;
pub use tokens::{Analyzer, PAIR};
