//! What a model replies with, read as it comes: one JSON object a claim.
//!
//! Models are asked for one object a line. They also put fences around it, wrap it into an array or into an object of
//! claims, or fall back to prose; all of that is read, and prose is a claim without a quote. Bounded: an object or a
//! line beyond [`LONGEST`] is prose that is cut off.

use serde::Deserialize;
use serde_json::Value;

/// Bytes of one object, or one line of prose.
const LONGEST: usize = 32 * 1024;

/// One thing that the model said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::document) enum Reply {
    Claim(Claim),
    /// The passages do not hold what is asked for; what it says is missing.
    Missing(String),
}

/// A sentence, and what the model says proves it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::document) struct Claim {
    /// What the sentence stands under: a heading, a term, a question.
    pub title: Option<String>,
    pub text: String,
    pub quotes: Vec<Quote>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::document) struct Quote {
    /// The label of the passage, as the model wrote it.
    pub source: String,
    pub words: String,
}

/// Reads a reply in pieces of any size.
#[derive(Debug, Default)]
pub(in crate::document) struct ReplyReader {
    /// An object, or a line of prose, that has not ended.
    open: String,
    depth: u32,
    in_string: bool,
    escaped: bool,
    is_cut: bool,
}

impl ReplyReader {
    pub fn push(&mut self, piece: &str, replies: &mut Vec<Reply>) {
        for character in piece.chars() {
            if self.depth == 0 {
                self.outside(character, replies);
            } else {
                self.inside(character, replies);
            }
        }
    }

    /// The reply has ended. An object that has not is no claim: its quote may be half of one.
    pub fn finish(mut self, replies: &mut Vec<Reply>) {
        if self.depth == 0 {
            self.end_line(replies);
        }
    }

    fn outside(&mut self, character: char, replies: &mut Vec<Reply>) {
        match character {
            '{' => {
                self.end_line(replies);
                self.depth = 1;
                self.keep(character);
            }
            '\n' => self.end_line(replies),
            _ => self.keep(character),
        }
    }

    fn inside(&mut self, character: char, replies: &mut Vec<Reply>) {
        self.keep(character);
        match character {
            _ if self.escaped => self.escaped = false,
            '\\' if self.in_string => self.escaped = true,
            '"' => self.in_string = !self.in_string,
            '{' if !self.in_string => self.depth += 1,
            '}' if !self.in_string => {
                self.depth -= 1;
                if self.depth == 0 {
                    self.end_object(replies);
                }
            }
            _ => {}
        }
    }

    fn keep(&mut self, character: char) {
        if self.open.len() < LONGEST {
            self.open.push(character);
        } else {
            self.is_cut = true;
        }
    }

    fn end_object(&mut self, replies: &mut Vec<Reply>) {
        let text = std::mem::take(&mut self.open);
        let is_cut = std::mem::take(&mut self.is_cut);
        match serde_json::from_str(&text) {
            Ok(Value::Object(object)) if !is_cut => read_object(&Value::Object(object), replies),
            _ => prose(&text, replies),
        }
    }

    fn end_line(&mut self, replies: &mut Vec<Reply>) {
        self.is_cut = false;
        let line = std::mem::take(&mut self.open);
        prose(&line, replies);
    }
}

/// A claim, an object with a list of claims, or what is missing.
fn read_object(object: &Value, replies: &mut Vec<Reply>) {
    #[derive(Deserialize)]
    struct Wire {
        #[serde(default, alias = "heading", alias = "term", alias = "aspect")]
        title: Option<String>,
        #[serde(default, alias = "text", alias = "claim", alias = "sentence")]
        say: String,
        #[serde(default, alias = "citations", alias = "quotes")]
        cite: Vec<WireQuote>,
        #[serde(default)]
        missing: Option<String>,
        #[serde(default, alias = "sentences", alias = "answer")]
        claims: Vec<Value>,
    }
    #[derive(Deserialize)]
    struct WireQuote {
        #[serde(default, alias = "passage", alias = "label")]
        source: String,
        #[serde(default, alias = "words")]
        quote: String,
    }
    let Ok(wire) = Wire::deserialize(object) else {
        return prose(&object.to_string(), replies);
    };
    if !wire.say.trim().is_empty() {
        let quotes = wire.cite.into_iter().map(|cited| Quote {
            source: cited.source,
            words: cited.quote,
        });
        replies.push(Reply::Claim(Claim {
            title: wire
                .title
                .map(|title| title.trim().to_owned())
                .filter(|title| !title.is_empty()),
            text: wire.say.trim().to_owned(),
            quotes: quotes.collect(),
        }));
    }
    for claim in wire.claims.iter().filter(|claim| claim.is_object()) {
        read_object(claim, replies);
    }
    if let Some(missing) = wire.missing.filter(|missing| !missing.trim().is_empty()) {
        replies.push(Reply::Missing(missing.trim().to_owned()));
    }
}

/// What is said outside of objects, unless it is what stands around them.
fn prose(line: &str, replies: &mut Vec<Reply>) {
    let line = line.trim();
    let is_frame = line.starts_with("```") || line.chars().all(|c| "[],` ".contains(c));
    if !is_frame {
        replies.push(Reply::Claim(Claim {
            title: None,
            text: line.to_owned(),
            quotes: Vec::new(),
        }));
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*, sample::select};

    use super::*;

    /// What replies are made of, whole and in pieces.
    const PARTS: &[&str] = &[
        "{",
        "}",
        "[",
        "]",
        "\"",
        "\\",
        ":",
        ",",
        "\n",
        "```json",
        "\"say\"",
        "\"cite\"",
        "\"quote\"",
        "\"claims\"",
        "\"missing\"",
        "null",
        "1e999",
        "睡眠",
        "words",
        "\\u0000",
        "\\ud800",
        LINE,
    ];

    proptest! {
        #[test]
        fn where_the_pieces_end_changes_nothing(parts in vec(select(PARTS), 0..60), cut in 1_usize..9) {
            let text = parts.concat();
            let chars: Vec<char> = text.chars().collect();
            let pieces: Vec<String> = chars.chunks(cut).map(|piece| piece.iter().collect()).collect();
            let pieces: Vec<&str> = pieces.iter().map(String::as_str).collect();
            let replies = read(&pieces);
            prop_assert_eq!(&replies, &read(&[&text]));
            for reply in replies {
                let said = match reply { Reply::Claim(claim) => claim.text, Reply::Missing(missing) => missing };
                prop_assert!(!said.trim().is_empty());
            }
        }
    }

    fn read(pieces: &[&str]) -> Vec<Reply> {
        let (mut reader, mut replies) = (ReplyReader::default(), Vec::new());
        for piece in pieces {
            reader.push(piece, &mut replies);
        }
        reader.finish(&mut replies);
        replies
    }

    fn claim(text: &str, quotes: &[(&str, &str)]) -> Reply {
        let quote = |(source, words): &(&str, &str)| Quote {
            source: (*source).to_owned(),
            words: (*words).to_owned(),
        };
        Reply::Claim(Claim {
            title: None,
            text: text.to_owned(),
            quotes: quotes.iter().map(quote).collect(),
        })
    }

    const LINE: &str =
        r#"{"say":"Mice {sleep} \"long\".","cite":[{"source":"S1","quote":"slept for 12}"}]}"#;

    fn expected() -> Reply {
        claim("Mice {sleep} \"long\".", &[("S1", "slept for 12}")])
    }

    #[test]
    fn each_object_is_a_claim_wherever_the_pieces_end() {
        let two = format!("{LINE}\n{LINE}\n");
        assert_eq!(read(&[&two]), [expected(), expected()]);
        for cut in (0..two.len()).filter(|cut| two.is_char_boundary(*cut)) {
            assert_eq!(read(&[&two[..cut], &two[cut..]]), [expected(), expected()]);
        }
    }

    #[test]
    fn what_stands_around_objects_is_no_claim() {
        for reply in [
            format!("```json\n{LINE}\n```"),
            format!("[{LINE},\n{LINE}]"),
            format!("{{\"claims\": [\n {LINE}, {LINE} ]}}"),
        ] {
            let replies = read(&[&reply]);
            assert!(
                replies.iter().all(|reply| *reply == expected()),
                "{replies:?}"
            );
        }
    }

    #[test]
    fn a_sentence_can_stand_under_a_title() {
        let [Reply::Claim(claim)] =
            &read(&[r#"{"term": " REM ", "say": "A phase of sleep."}"#])[..]
        else {
            panic!("one claim");
        };
        assert_eq!(claim.title.as_deref(), Some("REM"));
    }

    #[test]
    fn what_is_missing_is_told() {
        let replies = read(&[r#"{"missing": "No passage speaks of cats."}"#]);
        assert_eq!(
            replies,
            [Reply::Missing("No passage speaks of cats.".to_owned())]
        );
    }

    #[test]
    fn prose_is_a_claim_that_nothing_proves() {
        let reply = format!("Here is what I found:\n{LINE}\nI hope that helps");
        let expected = [
            claim("Here is what I found:", &[]),
            expected(),
            claim("I hope that helps", &[]),
        ];
        assert_eq!(read(&[&reply]), expected);
        assert_eq!(read(&["{not json}"]), [claim("{not json}", &[])]);
        assert_eq!(read(&[r#"{"say": 3}"#]), [claim(r#"{"say":3}"#, &[])]);
    }

    #[test]
    fn an_object_that_was_cut_off_is_no_claim() {
        assert_eq!(read(&[&LINE[..LINE.len() - 3]]), []);
    }

    #[test]
    fn an_endless_object_takes_no_more_than_its_share_of_memory() {
        let (mut reader, mut replies) = (ReplyReader::default(), Vec::new());
        reader.push("{\"say\": \"", &mut replies);
        for _ in 0..10 {
            reader.push(&"a".repeat(LONGEST), &mut replies);
        }
        assert!(reader.open.len() <= LONGEST);
        reader.push("\"}", &mut replies);
        let [Reply::Claim(claim)] = replies.as_slice() else {
            panic!("{} replies", replies.len());
        };
        assert!(claim.quotes.is_empty());
    }
}
