//! What tells a person: mail addresses, telephone and card numbers, My Number, IBAN.
//!
//! A regular expression finds candidates in the folded text, so that fullwidth digits count too;
//! their check digits and what stands around them decide.

use std::ops::Range;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum PiiKind {
    Email,
    /// Japanese numbers, international ones with `+`, North American ones with separators.
    Phone,
    /// 13 to 19 digits with a valid Luhn check digit.
    Card,
    /// Japan's individual number: 12 digits with a valid check digit.
    MyNumber,
    Iban,
}

impl PiiKind {
    pub const ALL: [Self; 5] = [
        Self::Email,
        Self::Phone,
        Self::Card,
        Self::MyNumber,
        Self::Iban,
    ];

    /// What stands in a redacted text.
    pub const fn placeholder(self) -> &'static str {
        match self {
            Self::Email => "[EMAIL]",
            Self::Phone => "[PHONE]",
            Self::Card => "[CARD]",
            Self::MyNumber => "[MY_NUMBER]",
            Self::Iban => "[IBAN]",
        }
    }

    /// For folded text. The hyphens are those that people type between digits in Japanese, too.
    pub(super) const fn expression(self) -> &'static str {
        match self {
            Self::Email => {
                r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[a-z0-9-]{1,63}\.){1,8}[a-z]{2,24}"
            }
            Self::Phone => {
                r"\+[1-9](?:[ ().‐‑–—―−ー-]{0,2}[0-9]){7,14}|\(?0[0-9]{1,4}(?:[ )(‐‑–—―−ー-]{0,2}[0-9]){7,9}|\(?[2-9][0-9]{2}\)?[ .-]?[2-9][0-9]{2}[ .-][0-9]{4}"
            }
            Self::Card => r"[0-9](?:[ ‐‑–—―−ー-]?[0-9]){12,18}",
            Self::MyNumber => r"[0-9](?:[ ‐‑–—―−ー-]?[0-9]){11}",
            Self::Iban => r"[a-z]{2}[0-9]{2}(?: ?[a-z0-9]){11,30}",
        }
    }

    /// How many bytes of a candidate are one; `None` when it is none.
    pub(super) fn verify(self, text: &str, candidate: &Range<usize>) -> Option<usize> {
        let before = text[..candidate.start].chars().next_back();
        let found = &text[candidate.clone()];
        let after = text[candidate.end..].chars().next();
        let is_digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
        let is_word = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
        match self {
            Self::Email => (!is_word(after)).then_some(found.len()),
            _ if is_digit(before) => None,
            Self::Phone => {
                (!is_digit(after) && before != Some('+') && is_phone(found)).then_some(found.len())
            }
            Self::Card => longest(found, after, 13..=19, is_digit, is_card),
            Self::MyNumber => longest(found, after, 12..=12, is_digit, is_my_number),
            Self::Iban if is_word(before) => None,
            Self::Iban => longest(found, after, 15..=34, is_word, is_iban),
        }
    }
}

/// The longest part from the beginning that is valid and after which it does not go on.
fn longest(
    found: &str,
    after: Option<char>,
    lengths: std::ops::RangeInclusive<usize>,
    goes_on: impl Fn(Option<char>) -> bool,
    is_valid: impl Fn(&[u8]) -> bool,
) -> Option<usize> {
    let mut ends = Vec::new();
    let mut kept = Vec::new();
    for (at, c) in found
        .char_indices()
        .filter(|(_, c)| c.is_ascii_alphanumeric())
    {
        ends.push(at + c.len_utf8());
        kept.push(c as u8);
    }
    let fits = |count: &usize| {
        let end = ends[count - 1];
        let next = found[end..].chars().next().or(after);
        !goes_on(next) && is_valid(&kept[..*count])
    };
    let most = kept.len().min(*lengths.end());
    let count = (*lengths.start()..=most).rev().find(fits)?;
    Some(ends[count - 1])
}

fn digits(text: &str) -> Vec<u8> {
    text.bytes()
        .filter(u8::is_ascii_digit)
        .map(|digit| digit - b'0')
        .collect()
}

fn is_phone(found: &str) -> bool {
    let digits = digits(found);
    if found.starts_with('+') {
        return (8..=15).contains(&digits.len());
    }
    match digits.as_slice() {
        // Mobile numbers, IP telephony and 0800 have eleven digits, all else in Japan has ten.
        [0, 5..=9, 0, ..] => digits.len() == 11,
        [0, 1..=9, ..] => digits.len() == 10,
        [0, ..] => false,
        _ => digits.len() == 10,
    }
}

fn is_card(digits: &[u8]) -> bool {
    let all_equal = digits.windows(2).all(|pair| pair[0] == pair[1]);
    let double = |digit: u32| if digit > 4 { digit * 2 - 9 } else { digit * 2 };
    let sum: u32 = digits
        .iter()
        .rev()
        .map(|digit| u32::from(digit - b'0'))
        .enumerate()
        .map(|(place, digit)| if place % 2 == 1 { double(digit) } else { digit })
        .sum();
    !all_equal && sum.is_multiple_of(10)
}

/// The check digit is the last; the weights are 2 to 7 and 2 to 6 from the right.
fn is_my_number(digits: &[u8]) -> bool {
    let Some((check, rest)) = digits.split_last() else {
        return false;
    };
    let weights = (2..=7).chain(2..=6);
    let sum: u32 = rest
        .iter()
        .rev()
        .zip(weights)
        .map(|(digit, weight)| u32::from(digit - b'0') * weight)
        .sum();
    let expected = match sum % 11 {
        0 | 1 => 0,
        rest => 11 - rest,
    };
    let all_equal = digits.windows(2).all(|pair| pair[0] == pair[1]);
    !all_equal && u32::from(check - b'0') == expected
}

/// The number with its first four characters moved to the end is 1 modulo 97.
fn is_iban(text: &[u8]) -> bool {
    let moved = text[4..].iter().chain(&text[..4]);
    let rest = moved.fold(0_u32, |rest, c| {
        if c.is_ascii_digit() {
            (rest * 10 + u32::from(c - b'0')) % 97
        } else {
            (rest * 100 + u32::from(c - b'a') + 10) % 97
        }
    });
    rest == 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::llm_integration::guardrails::scan::{Scanner, Window};

    fn redacted(kind: PiiKind, text: &str) -> String {
        let scanner = Scanner::pii(kind);
        let mut window = Window::default();
        let mut out = String::new();
        window
            .push(&scanner, text, kind.placeholder(), true, &mut out)
            .unwrap();
        out
    }

    #[track_caller]
    fn found(kind: PiiKind, text: &str) {
        let shown = redacted(kind, &format!("は{text}です"));
        assert_eq!(shown, format!("は{}です", kind.placeholder()), "{text}");
    }

    #[track_caller]
    fn not_found(kind: PiiKind, text: &str) {
        assert_eq!(redacted(kind, text), text);
    }

    #[test]
    fn mail_addresses() {
        for text in [
            "a.b+c@example.co.jp",
            "Taro@Example.COM",
            "ｔａｒｏ＠ｅｘａｍｐｌｅ．ｊｐ",
        ] {
            found(PiiKind::Email, text);
        }
        not_found(PiiKind::Email, "@example.com and a@b");
    }

    #[test]
    fn telephone_numbers() {
        for text in [
            "090-1234-5678",
            "09012345678",
            "０９０－１２３４－５６７８",
            "03-1234-5678",
            "(03)1234-5678",
            "03(1234)5678",
            "0120-123-456",
            "090ー1234ー5678",
            "+81 90-1234-5678",
            "+44 20 7946 0958",
            "212-555-0123",
            "(212) 555-0123",
        ] {
            found(PiiKind::Phone, text);
        }
        for text in [
            "2026-11-22",
            "12345678901234567890",
            "0901234567",
            "00-0000-0000",
            "1,234,567,890",
        ] {
            not_found(PiiKind::Phone, text);
        }
    }

    #[test]
    fn card_numbers_have_their_check_digit() {
        for text in [
            "4111 1111 1111 1111",
            "4111111111111111",
            "3782-822463-10005",
            "４１１１１１１１１１１１１１１１",
        ] {
            found(PiiKind::Card, text);
        }
        assert_eq!(
            redacted(PiiKind::Card, "4111 1111 1111 1111 12/28"),
            "[CARD] 12/28"
        );
        for text in [
            "4111 1111 1111 1112",
            "0000000000000000",
            "41111111111111111111111",
        ] {
            not_found(PiiKind::Card, text);
        }
    }

    #[test]
    fn my_number_has_its_check_digit() {
        for text in ["123456789018", "1234 5678 9018", "1234-5678-9018"] {
            found(PiiKind::MyNumber, text);
        }
        for text in ["123456789012", "1234567890181", "000000000000"] {
            not_found(PiiKind::MyNumber, text);
        }
    }

    #[test]
    fn bank_accounts() {
        found(PiiKind::Iban, "DE89 3704 0044 0532 0130 00");
        found(PiiKind::Iban, "GB82WEST12345698765432");
        not_found(PiiKind::Iban, "DE89 3704 0044 0532 0130 01");
        let text = redacted(PiiKind::Iban, "DE89 3704 0044 0532 0130 00 is mine");
        assert_eq!(text, "[IBAN] is mine");
    }
}
