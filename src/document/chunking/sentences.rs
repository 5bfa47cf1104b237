//! Where sentences end, in Japanese and in languages that write blanks between them.

/// An opened quote is closed within so many characters, else it is taken for none.
const QUOTE_CHARACTERS_MAX: usize = 400;
/// What a full stop after it does not end.
const ABBREVIATIONS: [&str; 20] = [
    "al", "approx", "cf", "dr", "e.g", "ed", "eds", "eq", "etc", "fig", "figs", "i.e", "mr", "mrs",
    "no", "pp", "prof", "sec", "st", "vs",
];

/// The ends of a text's sentences, as byte offsets, the last one its length; blanks belong to the sentence before.
pub fn ends(text: &str) -> Vec<usize> {
    let characters: Vec<(usize, char)> = text.char_indices().collect();
    let mut ends = Vec::new();
    let (mut at, mut quote) = (0, None::<Quote>);
    while at < characters.len() {
        let character = characters[at].1;
        quote = match quote {
            Some(quote) if quote.is_closed_by(character) || quote.is_long(at) => None,
            Some(quote) => Some(quote),
            None => Quote::opened_by(character, at),
        };
        at += 1;
        if character == '\n' || (quote.is_none() && is_end(&characters, at)) {
            at = after_closers(&characters, at);
            ends.push(characters.get(at).map_or(text.len(), |(byte, _)| *byte));
        }
    }
    if ends.last() != Some(&text.len()) && !text.is_empty() {
        ends.push(text.len());
    }
    ends
}

/// A Japanese quote: a full stop inside it ends no sentence of the text around it.
#[derive(Clone, Copy)]
struct Quote {
    close: char,
    from: usize,
}

impl Quote {
    fn opened_by(character: char, from: usize) -> Option<Self> {
        let close = match character {
            '「' => '」',
            '『' => '』',
            '（' => '）',
            _ => return None,
        };
        Some(Self { close, from })
    }

    fn is_closed_by(self, character: char) -> bool {
        character == self.close
    }

    fn is_long(self, at: usize) -> bool {
        at - self.from > QUOTE_CHARACTERS_MAX
    }
}

/// Whether a sentence ends with the character before `at`.
fn is_end(characters: &[(usize, char)], at: usize) -> bool {
    let next = characters.get(at).map(|(_, character)| *character);
    match characters[at - 1].1 {
        '。' | '！' | '？' | '｡' => !next.is_some_and(is_end_mark),
        '．' => !next.is_some_and(|next| next.is_numeric() || is_end_mark(next)),
        // What was said, and how the sentence goes on: 「…。」と言った。
        '」' | '』' => {
            let said = at >= 2 && is_end_mark(characters[at - 2].1);
            said && next
                .is_some_and(|next| !is_particle(next) && !is_end_mark(next) && next != '、')
        }
        '!' | '?' => next.is_none_or(|next| next.is_whitespace() || is_closer(next)),
        '.' => {
            let goes_on = next.is_none_or(|next| next.is_whitespace() || is_closer(next));
            goes_on && !follows_abbreviation(characters, at - 1) && begins_after(characters, at)
        }
        _ => false,
    }
}

fn is_end_mark(character: char) -> bool {
    matches!(character, '。' | '！' | '？' | '．' | '｡' | '!' | '?' | '.')
}

fn is_closer(character: char) -> bool {
    matches!(
        character,
        ')' | ']' | '"' | '\'' | '”' | '’' | '）' | '」' | '』' | '】' | '〉' | '》'
    )
}

/// Hiragana that carries a quoted sentence on.
fn is_particle(character: char) -> bool {
    ('\u{3041}'..='\u{3096}').contains(&character)
}

/// Whether what follows may begin a sentence: anything but a small letter.
fn begins_after(characters: &[(usize, char)], at: usize) -> bool {
    let rest = characters[at..].iter().map(|(_, character)| *character);
    let mut rest = rest.skip_while(|c| c.is_whitespace() || is_closer(*c));
    rest.next().is_none_or(|next| !next.is_lowercase())
}

fn follows_abbreviation(characters: &[(usize, char)], stop: usize) -> bool {
    let before = characters[..stop]
        .iter()
        .rev()
        .map(|(_, character)| *character);
    let word: Vec<char> = before
        .take(8)
        .take_while(|c| c.is_ascii_alphanumeric() || *c == '.')
        .collect();
    let word: String = word.iter().rev().map(char::to_ascii_lowercase).collect();
    let is_initial = word.chars().count() == 1 && !word.starts_with(|c: char| c.is_ascii_digit());
    is_initial || ABBREVIATIONS.contains(&word.as_str())
}

/// Past what closes the sentence, and past the blanks behind it.
fn after_closers(characters: &[(usize, char)], mut at: usize) -> usize {
    let is = |at: usize, of: fn(char) -> bool| {
        let character = characters.get(at);
        character.is_some_and(|(_, character)| of(*character))
    };
    while is(at, is_closer) {
        at += 1;
    }
    while is(at, char::is_whitespace) {
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sentences(text: &str) -> Vec<&str> {
        let ends = ends(text);
        let starts = std::iter::once(0).chain(ends.iter().copied());
        starts
            .zip(&ends)
            .map(|(start, end)| &text[start..*end])
            .collect()
    }

    #[test]
    fn japanese_sentences_end_with_their_mark() {
        assert_eq!(
            sentences("犬が走る。猫は寝る！本当か？はい"),
            ["犬が走る。", "猫は寝る！", "本当か？", "はい"]
        );
        assert_eq!(
            sentences("何だって！？知らない。"),
            ["何だって！？", "知らない。"]
        );
    }

    #[test]
    fn a_quote_does_not_end_the_sentence_around_it() {
        assert_eq!(
            sentences("彼は「もう遅い。帰る。」と言った。そして帰った。"),
            ["彼は「もう遅い。帰る。」と言った。", "そして帰った。"]
        );
        assert_eq!(
            sentences("「もう遅い。」彼は帰った。"),
            ["「もう遅い。」", "彼は帰った。"]
        );
        assert_eq!(
            sentences("近年（例えば2020年。）増えた。以上。"),
            ["近年（例えば2020年。）増えた。", "以上。"]
        );
    }

    #[test]
    fn an_unclosed_quote_does_not_swallow_the_text() {
        let text = format!("「{}", "あ。".repeat(500));
        assert!(sentences(&text).len() > 200);
    }

    #[test]
    fn english_sentences_end_before_a_beginning() {
        assert_eq!(
            sentences("It is 3.5 m, see Fig. 2 of Smith et al. (2020). Next one. \"Yes.\" No?"),
            [
                "It is 3.5 m, see Fig. 2 of Smith et al. (2020). ",
                "Next one. ",
                "\"Yes.\" ",
                "No?"
            ]
        );
        assert_eq!(
            sentences("J. K. Rowling wrote. e.g. this"),
            ["J. K. Rowling wrote. e.g. this"]
        );
    }

    #[test]
    fn a_line_is_an_end() {
        assert_eq!(sentences("one\ntwo"), ["one\n", "two"]);
    }
}
