//! A note's sentences as Markdown, each with a footnote that quotes the document.

use std::{collections::BTreeMap, fmt::Write as _};

use super::NoteKind;
use crate::document::{
    DocumentId,
    markdown::{inline, one_line},
    proving::{Citation, Sentence},
};

/// Footnotes in the order of their first mention; the same words are one footnote.
#[derive(Debug, Default)]
struct Footnotes<'a> {
    cited: Vec<&'a Citation>,
}

impl<'a> Footnotes<'a> {
    /// The marks of these citations, as in `[^1][^2]`.
    fn mark(&mut self, citations: &'a [Citation]) -> String {
        let mut marks = String::new();
        for citation in citations {
            let is_same = |known: &&Citation| {
                known.version == citation.version && known.range() == citation.range()
            };
            let place = self.cited.iter().position(is_same).unwrap_or_else(|| {
                self.cited.push(citation);
                self.cited.len() - 1
            });
            // Writing to a string never fails.
            let _ = write!(marks, "[^{}]", place + 1);
        }
        marks
    }

    fn write(&self, out: &mut String) {
        for (place, citation) in self.cited.iter().enumerate() {
            let pages = match citation.pages {
                (first, last) if first == last => format!("p. {first}"),
                (first, last) => format!("pp. {first}–{last}"),
            };
            let quote = one_line(&citation.quote);
            let _ = write!(
                out,
                "\n[^{}]: {}, {pages}: “{}”",
                place + 1,
                inline(&citation.title),
                inline(&quote)
            );
        }
    }
}

/// The whole note. `documents` are those that a comparison puts beside each other, with their titles, in order.
pub fn render(
    kind: NoteKind,
    sentences: &[Sentence],
    documents: &[(DocumentId, String)],
) -> String {
    let mut notes = Footnotes::default();
    let mut out = match kind {
        NoteKind::ShortSummary | NoteKind::LongSummary => prose(sentences, &mut notes),
        NoteKind::SectionSummary => sections(sentences, &mut notes),
        NoteKind::KeyPoints => list(sentences, &mut notes),
        NoteKind::Terms => terms(sentences, &mut notes),
        NoteKind::Cards => cards(sentences, &mut notes),
        NoteKind::Comparison => table(sentences, documents, &mut notes),
    };
    out.push('\n');
    notes.write(&mut out);
    out.trim_end().to_owned() + "\n"
}

fn said<'a>(sentence: &'a Sentence, notes: &mut Footnotes<'a>) -> String {
    let text = inline(&one_line(&sentence.text));
    format!("{text}{}", notes.mark(&sentence.citations))
}

fn prose<'a>(sentences: &'a [Sentence], notes: &mut Footnotes<'a>) -> String {
    let texts: Vec<_> = sentences
        .iter()
        .map(|sentence| said(sentence, notes))
        .collect();
    texts.join(" ")
}

fn list<'a>(sentences: &'a [Sentence], notes: &mut Footnotes<'a>) -> String {
    let lines: Vec<_> = sentences
        .iter()
        .map(|sentence| format!("- {}", said(sentence, notes)))
        .collect();
    lines.join("\n")
}

fn sections<'a>(sentences: &'a [Sentence], notes: &mut Footnotes<'a>) -> String {
    let parts = by_title(sentences).into_iter().map(|(title, sentences)| {
        let texts: Vec<_> = sentences
            .into_iter()
            .map(|sentence| said(sentence, notes))
            .collect();
        format!("## {}\n\n{}", inline(&one_line(title)), texts.join(" "))
    });
    parts.collect::<Vec<_>>().join("\n\n")
}

fn terms<'a>(sentences: &'a [Sentence], notes: &mut Footnotes<'a>) -> String {
    let lines = by_title(sentences).into_iter().map(|(term, sentences)| {
        let texts: Vec<_> = sentences
            .into_iter()
            .map(|sentence| said(sentence, notes))
            .collect();
        format!("- **{}**: {}", inline(&one_line(term)), texts.join(" "))
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn cards<'a>(sentences: &'a [Sentence], notes: &mut Footnotes<'a>) -> String {
    let cards = by_title(sentences)
        .into_iter()
        .map(|(question, sentences)| {
            let texts: Vec<_> = sentences
                .into_iter()
                .map(|sentence| said(sentence, notes))
                .collect();
            format!(
                "**Q:** {}\n\n**A:** {}",
                inline(&one_line(question)),
                texts.join(" ")
            )
        });
    cards.collect::<Vec<_>>().join("\n\n---\n\n")
}

fn table<'a>(
    sentences: &'a [Sentence],
    documents: &[(DocumentId, String)],
    notes: &mut Footnotes<'a>,
) -> String {
    let mut out = String::from("| |");
    for (_, title) in documents {
        let _ = write!(out, " {} |", cell(title));
    }
    out.push_str("\n|---|");
    out.push_str(&"---|".repeat(documents.len()));
    for (aspect, sentences) in by_title(sentences) {
        let mut cells: BTreeMap<DocumentId, Vec<String>> = BTreeMap::new();
        for sentence in sentences {
            if let Some(citation) = sentence.citations.first() {
                let text = said(sentence, notes);
                cells.entry(citation.document).or_default().push(text);
            }
        }
        let _ = write!(out, "\n| **{}** |", cell(aspect));
        for (document, _) in documents {
            let text = cells
                .get(document)
                .map_or_else(|| "–".to_owned(), |texts| texts.join(" "));
            let _ = write!(out, " {} |", text.replace('|', "\\|"));
        }
    }
    out
}

/// Sentences under their titles, in the order in which each title came first.
fn by_title(sentences: &[Sentence]) -> Vec<(&str, Vec<&Sentence>)> {
    let mut groups: Vec<(&str, Vec<&Sentence>)> = Vec::new();
    for sentence in sentences {
        let title = sentence.title.as_deref().unwrap_or_default();
        match groups.iter_mut().find(|(known, _)| *known == title) {
            Some((_, group)) => group.push(sentence),
            None => groups.push((title, vec![sentence])),
        }
    }
    groups
}

fn cell(text: &str) -> String {
    inline(&one_line(text)).replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Id;

    fn sentence(title: Option<&str>, text: &str, (document, start): (&str, usize)) -> Sentence {
        let citation = Citation {
            document: Id::from_name(document),
            version: Id::from_name(document),
            title: format!("Paper {document}"),
            quote: format!("words at\n{start}"),
            start,
            end: start + 10,
            pages: (2, 2),
            boxes: Vec::new(),
        };
        Sentence {
            title: title.map(str::to_owned),
            text: text.to_owned(),
            citations: vec![citation],
            doubt: None,
        }
    }

    #[test]
    fn every_sentence_has_its_footnote_and_the_same_words_have_one() {
        let sentences = [
            sentence(None, "Mice *sleep*.", ("a", 0)),
            sentence(None, "They do.", ("a", 0)),
            sentence(None, "So do cats.", ("a", 20)),
        ];
        let text = render(NoteKind::KeyPoints, &sentences, &[]);
        let expected = "- Mice \\*sleep\\*.[^1]\n- They do.[^1]\n- So do cats.[^2]\n\n\
            [^1]: Paper a, p. 2: “words at 0”\n[^2]: Paper a, p. 2: “words at 20”\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn a_comparison_puts_documents_beside_each_other() {
        let sentences = [
            sentence(Some("Method"), "A survey.", ("a", 0)),
            sentence(Some("Result"), "It works | well.", ("a", 20)),
            sentence(Some("Method"), "A trial.", ("b", 0)),
        ];
        let documents = [
            (Id::from_name("a"), "One".to_owned()),
            (Id::from_name("b"), "Two".to_owned()),
        ];
        let text = render(NoteKind::Comparison, &sentences, &documents);
        let table: Vec<_> = text.lines().take(4).collect();
        assert_eq!(
            table,
            [
                "| | One | Two |",
                "|---|---|---|",
                "| **Method** | A survey.[^1] | A trial.[^2] |",
                "| **Result** | It works \\| well.[^3] | – |",
            ]
        );
    }

    #[test]
    fn sentences_stand_under_their_titles() {
        let sentences = [
            sentence(Some("REM"), "A phase.", ("a", 0)),
            sentence(Some("EEG"), "A measure.", ("a", 20)),
            sentence(Some("REM"), "Of sleep.", ("a", 40)),
        ];
        let text = render(NoteKind::Terms, &sentences, &[]);
        assert!(
            text.starts_with("- **REM**: A phase.[^1] Of sleep.[^2]\n- **EEG**: A measure.[^3]\n"),
            "{text}"
        );
        let text = render(NoteKind::SectionSummary, &sentences, &[]);
        assert!(
            text.starts_with("## REM\n\nA phase.[^1] Of sleep.[^2]\n\n## EEG\n"),
            "{text}"
        );
        let text = render(NoteKind::Cards, &sentences[..1], &[]);
        assert!(
            text.starts_with("**Q:** REM\n\n**A:** A phase.[^1]\n"),
            "{text}"
        );
    }
}
