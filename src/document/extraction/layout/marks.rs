//! What the first characters of a paragraph say of it: an item, a number of a section, a caption, a reference.

use std::sync::LazyLock;

use regex::Regex;

const BULLETS: &[char] = &[
    '•', '◦', '‣', '▪', '■', '□', '●', '○', '◆', '◇', '・', '–', '—', '*', '➢', '✓', '-',
];
/// Bullets that Japanese text sets without a blank after them.
const TIGHT_BULLETS: &[char] = &['・', '■', '□', '●', '○', '◆', '◇', '•'];
/// Longer ones are sentences that begin with such a word.
const LONGEST_NAME_CHARS: usize = 30;

macro_rules! pattern {
    ($name:ident, $pattern:literal) => {
        static $name: LazyLock<Regex> =
            LazyLock::new(|| Regex::new($pattern).expect("a regex that compiles"));
    };
}

pattern!(
    ITEM,
    r"^(?:[(（][0-9]{1,3}[)）]|[(（][a-zA-Z][)）]|[0-9]{1,3}[.)] |[0-9]{1,3}．|[a-z]\) |[①-⑳])"
);
pattern!(
    SECTION,
    r"^(?:([0-9]{1,2}(?:\.[0-9]{1,2}){0,4})[.．]?[\s　]+\S|([A-Z](?:\.[0-9]{1,2}){1,3})[\s　]+\S|第[0-9０-９一二三四五六七八九十]{1,4}([章節部])|(?:Chapter|Appendix|Part)\s+[0-9A-Z]{1,3}\b|付録\s*[0-9A-Z]?)"
);
pattern!(
    CAPTION,
    r"^(?i:(?:figure|fig\.?|table|listing|algorithm|scheme|plate)|図表?|表|写真|グラフ|リスト)[\s　]*[0-9０-９]+(?:[-.．‐–][0-9０-９]+)*[a-z]?([.:：．、)）\]　|–—]?)"
);
pattern!(
    REFERENCE,
    r"^(?:\[[0-9]{1,3}\]|\[[A-Za-z+]{2,12}[0-9]{2,4}[a-z]?\]|［[0-9０-９]{1,3}］|[0-9]{1,3}[.)]\s|\([0-9]{1,3}\)\s)"
);
pattern!(YEAR, r"\b(?:1[89]|20)[0-9]{2}[a-z]?\b");
pattern!(LEADER, r"(?:[.．・…‥]\s?){4,}\s*[0-9ivxlcdm]{1,5}\s*$");
pattern!(DOTS, r"(?:[.．・…‥]\s?){4,}");
pattern!(
    NOTE,
    r"^(?:[0-9]{1,3}|[*†‡§¶]{1,3}|[（(]?注[0-9]*[)）]?)[\s　]?[^\s0-9.,]"
);
pattern!(
    REFERENCES_NAME,
    r"(?i)^(?:[0-9A-Z]{0,2}[.．]?\s*)(?:references(?: cited)?|bibliography|literature cited|works cited|参考文献|引用文献|参照文献|文献)\s*$"
);
pattern!(
    UNNUMBERED,
    r"(?i)^(?:abstract|summary|introduction|conclusions?|acknowledg(?:e)?ments?|preface|contents|appendix|index|要旨|概要|はじめに|おわりに|序論|結論|まとめ|謝辞|目次|索引|まえがき|あとがき)\s*$"
);

/// Whether a line begins with the mark of a list's item: a bullet, `1.`, `(a)`, `①`.
pub(super) fn begins_item(text: &str) -> bool {
    let text = text.trim_start();
    let Some(first) = text.chars().next() else {
        return false;
    };
    let rest = &text[first.len_utf8()..];
    if BULLETS.contains(&first) {
        return rest.starts_with([' ', '　']) || TIGHT_BULLETS.contains(&first) && !rest.is_empty();
    }
    ITEM.is_match(text)
}

/// How deep the number of a section goes: 1 for `2`, 3 for `2.4.1`; `None` where there is none.
pub(super) fn section_depth(text: &str) -> Option<u8> {
    let found = SECTION.captures(text.trim_start())?;
    let number = found.get(1).or_else(|| found.get(2));
    let depth = match (number, found.get(3)) {
        (Some(number), _) => number
            .as_str()
            .split('.')
            .filter(|part| !part.is_empty())
            .count(),
        (None, Some(unit)) if unit.as_str() == "節" => 2,
        _ => 1,
    };
    u8::try_from(depth).ok()
}

/// A section that is known by its name.
pub(super) fn is_section_name(text: &str) -> bool {
    text.chars().count() <= LONGEST_NAME_CHARS && (UNNUMBERED.is_match(text) || is_references(text))
}

/// The name of the list of references.
pub(super) fn is_references(text: &str) -> bool {
    text.chars().count() <= LONGEST_NAME_CHARS && REFERENCES_NAME.is_match(text.trim())
}

/// `Table 3: ...`, `図 2.1 ...`: surely one, or one if it also stands beside a figure or table.
pub(super) fn caption(text: &str) -> Option<Surely> {
    let found = CAPTION.captures(text)?;
    let rest = &text[found.get(0)?.end()..];
    let marked = found.get(1).is_some_and(|mark| !mark.as_str().is_empty());
    let ends = text.trim_end().ends_with(['。', '.']);
    let japanese = text.starts_with(['図', '表', '写']);
    if marked || rest.is_empty() || japanese && rest.starts_with([' ', '　']) && !ends {
        Some(Surely(true))
    } else {
        Some(Surely(false))
    }
}

pub(super) struct Surely(pub bool);

/// `[12] A. Author, ...`, with a year somewhere.
pub(super) fn is_reference(text: &str) -> bool {
    REFERENCE.is_match(text) && YEAR.is_match(text)
}

/// Whether a line begins like an entry of a numbered list of references.
pub(super) fn begins_reference(text: &str) -> bool {
    text.starts_with(['[', '［']) && REFERENCE.is_match(text)
}

/// A line of a table of contents: words, dots, a page's number.
pub(super) fn is_leader(text: &str) -> bool {
    LEADER.is_match(text)
}

/// Its dots say nothing.
pub(super) fn without_leader(text: &str) -> String {
    DOTS.replace_all(text, " … ")
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

/// `1 See also ...`, `* The author ...`, `注1) ...`.
pub(super) fn is_note(text: &str) -> bool {
    NOTE.is_match(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_of_items_are_known() {
        for item in [
            "• one",
            "1. one",
            "12) one",
            "(a) one",
            "（3）三",
            "① 一",
            "・項目",
            "– dash",
            "●項目",
        ] {
            assert!(begins_item(item), "{item}");
        }
        for other in [
            "1.5 V",
            "2024 was",
            "a man",
            "(see below)",
            "3D",
            "*p",
            "–5",
            "-1",
        ] {
            assert!(!begins_item(other), "{other}");
        }
    }

    #[test]
    fn numbers_of_sections_tell_their_depth() {
        let depths = [
            ("1 Introduction", Some(1)),
            ("2.4.1 Boxes", Some(3)),
            ("第3章 方法", Some(1)),
            ("第2節 結果", Some(2)),
            ("A.1 Proofs", Some(2)),
            ("Appendix B Data", Some(1)),
            ("2024年の", None),
            ("3.14", None),
            ("1．はじめに", None),
        ];
        for (text, depth) in depths {
            assert_eq!(section_depth(text), depth, "{text}");
        }
    }

    #[test]
    fn captions_are_told_from_sentences_about_figures() {
        let sure = |text| caption(text).map(|sure| sure.0);
        assert_eq!(sure("Figure 3: The system"), Some(true));
        assert_eq!(sure("図2.1 全体の構成"), Some(true));
        assert_eq!(sure("Figure 3 shows that it works."), Some(false));
        assert_eq!(sure("表1 に示すように、結果は良い。"), Some(false));
        assert_eq!(sure("Figures are nice"), None);
    }

    #[test]
    fn references_have_a_mark_and_a_year() {
        assert!(is_reference(
            "[12] A. Turing. Computing machinery. Mind, 1950."
        ));
        assert!(is_reference("[Knu84] D. Knuth, 1984"));
        assert!(!is_reference("[12] is wrong") && !is_reference("In 1950, Turing"));
        assert!(
            is_references("7. References")
                && is_references("参考文献")
                && !is_references("References to it")
        );
    }

    #[test]
    fn leaders_are_not_text() {
        assert!(
            is_leader("1.1 コンソールの基礎 . . . . . . . 12") && is_leader("Preface...... iv")
        );
        assert!(!is_leader("and so on ... 12"));
        assert_eq!(without_leader("1.1 Start . . . . . . 12"), "1.1 Start … 12");
    }
}
