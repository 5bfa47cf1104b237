//! What the model is told to write a note.

use super::model::{NewNote, NoteKind};
use crate::{
    document::proving::{RULES, Shown, write_passages},
    llm_integration::{Speaker, Turn},
};

/// The task, for one part of the documents.
pub(super) fn task(request: &NewNote) -> String {
    let form = if request.kind.is_titled() {
        r#"{"title": "<title>", "say": "<one sentence>", "cite": [{"source": "<label of a passage>", "quote": "<words of that passage>"}]}"#
    } else {
        r#"{"say": "<one sentence>", "cite": [{"source": "<label of a passage>", "quote": "<words of that passage>"}]}"#
    };
    let wish = request
        .wish
        .as_deref()
        .map(|wish| format!("\n- The reader's wish: {wish}"))
        .unwrap_or_default();
    format!(
        "{}\n\nWrite one JSON object a line, and nothing around them. Each object is one sentence with the words that \
         prove it:\n{form}\n\n{RULES}\n- Write in the language of the passages, unless the reader wishes another.{wish}",
        work(request)
    )
}

fn work(request: &NewNote) -> String {
    match request.kind {
        NoteKind::ShortSummary => {
            "Summarise the passages in 3 to 5 sentences: what it is about, how it was done, what came out.".to_owned()
        }
        NoteKind::LongSummary => {
            "Summarise the passages in 10 to 25 sentences, in the order of the text: question, background, method, \
             results, limits, conclusions."
                .to_owned()
        }
        NoteKind::SectionSummary => {
            "Summarise each section of the passages in 1 to 4 sentences. `title` is the section's heading as the passage \
             gives it."
                .to_owned()
        }
        NoteKind::KeyPoints => {
            "List the 5 to 12 points of the passages that somebody has to know, the most important first. Each is one \
             sentence that can be understood alone."
                .to_owned()
        }
        NoteKind::Terms => {
            "List the technical terms of the passages with their definitions. `title` is the term, the sentence says what \
             it means here."
                .to_owned()
        }
        NoteKind::Cards => {
            "Write question cards for somebody who learns what the passages say. `title` is a question that has one right \
             answer, the sentence is that answer."
                .to_owned()
        }
        NoteKind::Comparison => {
            let aspects = if request.aspects.is_empty() {
                "question, method, data, results, limits".to_owned()
            } else {
                request.aspects.join("; ")
            };
            format!(
                "Describe the document of the passages by these aspects, so that it can be compared with others: {aspects}. \
                 `title` is the aspect, word for word as given here. One or two sentences an aspect; leave out an aspect of \
                 which the passages say nothing."
            )
        }
    }
}

/// The passages of one part.
pub(super) fn turn(passages: &[Shown<'_>]) -> Vec<Turn> {
    vec![Turn {
        speaker: Speaker::User,
        text: write_passages(passages),
    }]
}

/// The task of choosing among sentences that are proved: nothing new is written.
pub(super) fn choose(request: &NewNote) -> String {
    format!(
        "You are given numbered sentences about a document. Choose those that belong into this note: {} Choose at most {}. \
         Answer with one JSON object, the numbers in the order of the note: {{\"keep\": [<numbers>]}}",
        work(request),
        request.kind.sentences_max()
    )
}

/// The sentences to choose from.
pub(super) fn candidates(sentences: &[String]) -> Vec<Turn> {
    let lines = sentences.iter().enumerate();
    let text: Vec<_> = lines
        .map(|(place, sentence)| format!("{}. {sentence}", place + 1))
        .collect();
    vec![Turn {
        speaker: Speaker::User,
        text: text.join("\n"),
    }]
}

/// The places that a model chose: those that exist, each once, `most` at most. `None` when it chose none.
pub(super) fn chosen(reply: &str, count: usize, most: usize) -> Option<Vec<usize>> {
    #[derive(serde::Deserialize)]
    struct Choice {
        keep: Vec<usize>,
    }
    let object = reply.get(reply.find('{')?..=reply.rfind('}')?)?;
    // What is no choice chooses nothing: the caller keeps the first sentences then.
    let choice: Choice = serde_json::from_str(object).ok()?;
    let mut places: Vec<usize> = Vec::new();
    for place in choice
        .keep
        .into_iter()
        .filter_map(|number| number.checked_sub(1))
    {
        if place < count && !places.contains(&place) {
            places.push(place);
        }
    }
    places.truncate(most);
    (!places.is_empty()).then_some(places)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_is_of_what_is_there() {
        for (reply, expected) in [
            ("{\"keep\": [3, 1, 3, 9, 0]}", Some(vec![2, 0])),
            ("Here: ```json\n{\"keep\": [2]}\n```", Some(vec![1])),
            ("{\"keep\": []}", None),
            ("all of them", None),
            ("}{", None),
        ] {
            assert_eq!(chosen(reply, 3, 5), expected, "{reply}");
        }
        assert_eq!(chosen("{\"keep\": [1, 2, 3]}", 3, 2), Some(vec![0, 1]));
    }
}
