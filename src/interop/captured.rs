//! JSON that others wrote, kept as it came, as long as every reader of it can follow.

use std::borrow::Cow;

use crate::llm_integration::JsonText;

/// Readers of what is stored give up below this many brackets; deeper text stays text.
const MAX_JSON_DEPTH: usize = 100;

/// JSON where the text is JSON that a reader can follow, otherwise the text itself.
pub fn captured(text: &str) -> JsonText {
    if nests_deeper_than(text, MAX_JSON_DEPTH) {
        return JsonText::string(text);
    }
    JsonText::capture_bytes(&well_formed(text.as_bytes()), usize::MAX)
}

/// Counts brackets, also those within strings: too careful rather than too deep.
fn nests_deeper_than(text: &str, limit: usize) -> bool {
    let mut depth = 0_usize;
    text.bytes().any(|byte| {
        match byte {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth > limit
    })
}

/// JSON in which half a character (`\ud83d` alone, which JavaScript writes when it cuts a text in two)
/// is the sign for an unknown one: no parser but JavaScript's takes the half.
pub fn well_formed(json: &[u8]) -> Cow<'_, [u8]> {
    let mut mended = Cow::Borrowed(json);
    let mut place = 0;
    while let Some(next) = json[place..].iter().position(|byte| *byte == b'\\') {
        let escape = place + next;
        place = escape + 2;
        match code_unit(json, escape) {
            Some(0xd800..=0xdbff) if is_second_half(code_unit(json, escape + 6)) => {
                place = escape + 12;
            }
            Some(0xd800..=0xdfff) => {
                mended.to_mut()[escape + 2..escape + 6].copy_from_slice(b"fffd");
            }
            Some(_) | None => {}
        }
        if place >= json.len() {
            break;
        }
    }
    mended
}

/// The number in `\u0000` at this place.
fn code_unit(json: &[u8], escape: usize) -> Option<u16> {
    let digits = json.get(escape..escape + 6)?.strip_prefix(b"\\u")?;
    u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

const fn is_second_half(unit: Option<u16>) -> bool {
    matches!(unit, Some(0xdc00..=0xdfff))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_holds_json_is_json_unless_it_is_too_deep_to_read() {
        assert_eq!(captured("{\"a\": 1}").get(), "{\"a\": 1}");
        assert_eq!(captured("{a}").get(), "\"{a}\"");
        let deep = "[".repeat(5_000) + &"]".repeat(5_000);
        assert_eq!(captured(&deep).plain(), deep);
    }

    #[test]
    fn half_characters_become_unknown_ones_and_whole_ones_stay() {
        let mend =
            |text: &str| String::from_utf8(well_formed(text.as_bytes()).into_owned()).unwrap();
        let whole = r#""\ud83d\ude00 \\ud83d \n 世""#;
        assert_eq!(mend(whole), whole);
        assert_eq!(mend(r#""a\ud83d""#), r#""a\ufffd""#);
        assert_eq!(
            mend(r#""\ude00\ud83d\ud83d\ude00""#),
            r#""\ufffd\ufffd\ud83d\ude00""#
        );
        assert_eq!(mend(r#""\ud8"#), r#""\ud8"#);
        assert_eq!(mend("\\"), "\\");
    }
}
