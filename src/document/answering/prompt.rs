//! What the model is told to answer a question: its task, the conversation so far, the passages.

use crate::{
    document::proving::{RULES, Shown, write_passages},
    llm_integration::{Speaker, Turn},
};

/// A question that was asked before, and the text of its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Exchange {
    pub question: String,
    pub answer: String,
}

/// The task of answering.
pub(super) fn answer() -> String {
    format!(
        r#"You answer questions from passages of documents, and from nothing else.

Write one JSON object a line, and nothing around them. Each object is one sentence of the answer with the words that prove it:
{{"say": "<one sentence>", "cite": [{{"source": "<label of a passage>", "quote": "<words of that passage>"}}]}}

{RULES}
- Where passages disagree, say so and quote both.
- Answer in the language of the question.
- If the passages do not hold the answer, or only a part of it, end with one line {{"missing": "<what the passages do not say>"}}."#
    )
}

/// The task of making a follow-up stand alone.
pub(super) const REWRITE: &str = "You rewrite the last question of a conversation so that it can be understood, \
and searched for, without the conversation. Keep its language, its names and its numbers. Put in what its pronouns and \
omissions stand for. Answer with the question alone, on one line. If it already stands alone, repeat it.";

/// The conversation that ends with the passages and the question.
pub(super) fn turns(before: &[Exchange], passages: &[Shown<'_>], question: &str) -> Vec<Turn> {
    let text = format!("{}Question: {question}", write_passages(passages));
    with_last(before, text)
}

/// The conversation that ends with the question alone.
pub(super) fn turns_to_rewrite(before: &[Exchange], question: &str) -> Vec<Turn> {
    with_last(before, format!("The last question: {question}"))
}

fn with_last(before: &[Exchange], last: String) -> Vec<Turn> {
    let turns = before.iter().flat_map(|exchange| {
        [
            (Speaker::User, exchange.question.clone()),
            (Speaker::Assistant, exchange.answer.clone()),
        ]
    });
    let turns = turns.chain([(Speaker::User, last)]);
    turns
        .map(|(speaker, text)| Turn { speaker, text })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_follow_up_keeps_its_conversation() {
        let before = [Exchange {
            question: "Q1".to_owned(),
            answer: "A1".to_owned(),
        }];
        let turns = turns(&before, &[], "Q2");
        let texts: Vec<_> = turns
            .iter()
            .map(|turn| (turn.speaker, turn.text.as_str()))
            .collect();
        let expected = [
            (Speaker::User, "Q1"),
            (Speaker::Assistant, "A1"),
            (Speaker::User, "Question: Q2"),
        ];
        assert_eq!(texts, expected);
    }
}
