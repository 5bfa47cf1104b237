//! Plain text: paragraphs between empty lines, headings and lists by how their lines begin.

use std::sync::LazyLock;

use regex::Regex;

use super::{flow::Flow, pages::Pages};
use crate::document::extraction::{
    error::ExtractionError,
    model::{BlockKind, FileMetadata},
};

const HEADING_CHARACTERS_MAX: usize = 80;
/// Lines broken to a width fill at least this part of it, in percent.
const FILLED_PERCENT: usize = 60;
/// Columns to which people break lines; longer lines were broken for another reason.
const WIDTH_MAX: usize = 120;
const WIDTH_MIN: usize = 30;

pub fn read(text: &str, mut pages: Pages<'_>) -> Result<FileMetadata, ExtractionError> {
    pages.begin(None)?;
    // Typewritten text breaks its pages by a form feed.
    for (at, page) in text.split('\u{0C}').enumerate() {
        if at > 0 {
            pages.turn()?;
        }
        for paragraph in paragraphs(page) {
            write(&paragraph, &mut pages)?;
        }
    }
    pages.finish(FileMetadata::default())
}

/// Lines that stand together. An indented line of Japanese begins a paragraph without an empty line before it.
fn paragraphs(page: &str) -> Vec<Vec<&str>> {
    let mut paragraphs = vec![Vec::new()];
    for line in page.lines().map(str::trim_end) {
        let begins = line.is_empty() || line.starts_with('\u{3000}');
        if begins && paragraphs.last().is_some_and(|open| !open.is_empty()) {
            paragraphs.push(Vec::new());
        }
        if let (false, Some(open)) = (line.is_empty(), paragraphs.last_mut()) {
            open.push(line);
        }
    }
    paragraphs.retain(|lines| !lines.is_empty());
    paragraphs
}

fn write(lines: &[&str], pages: &mut Pages<'_>) -> Result<(), ExtractionError> {
    if let Some(level) = heading(lines) {
        return pages.text(BlockKind::Heading { level }, lines[0].trim());
    }
    let items = lines.iter().filter(|line| is_item(line)).count();
    if items > 0 && is_item(lines[0]) {
        return write_items(lines, pages);
    }
    if is_filled(lines) {
        let mut flow = Flow::default();
        for line in lines {
            flow.push(line);
            flow.push("\n");
        }
        pages.text(BlockKind::Paragraph, &flow.take())
    } else {
        pages.text(BlockKind::Paragraph, &lines.join("\n"))
    }
}

/// Lines that begin an item, each with the lines that go on with it.
fn write_items(lines: &[&str], pages: &mut Pages<'_>) -> Result<(), ExtractionError> {
    let mut item = Flow::default();
    for line in lines {
        if is_item(line) && !item.is_empty() {
            pages.text(BlockKind::ListItem, &item.take())?;
        }
        item.push(line);
        item.push("\n");
    }
    pages.text(BlockKind::ListItem, &item.take())
}

/// Whether lines were broken to fill a width: all but the last are nearly as long as the longest.
fn is_filled(lines: &[&str]) -> bool {
    let [filled @ .., _] = lines else {
        return false;
    };
    let widths = || filled.iter().map(|line| width(line));
    let widest = widths().max().unwrap_or(0);
    let is_table = |line: &&&str| line.trim_start().contains("   ") || line.contains('\t');
    (WIDTH_MIN..=WIDTH_MAX).contains(&widest)
        && widths().all(|width| width * 100 >= widest * FILLED_PERCENT)
        && !lines.iter().any(|line| is_table(&line))
}

/// In columns of a terminal.
fn width(line: &str) -> usize {
    line.chars()
        .map(|c| if super::flow::is_unspaced(c) { 2 } else { 1 })
        .sum()
}

fn is_item(line: &str) -> bool {
    static ITEM: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^\s*(?:[-*+•◦‣]\s+|・|[0-9０-９]{1,3}[.)．）]\s|[(（][0-9０-９a-z]{1,3}[)）])")
            .expect("a regex that compiles")
    });
    ITEM.is_match(line)
}

/// The level of a heading: one short line that is numbered as one, marked, or underlined.
fn heading(lines: &[&str]) -> Option<u8> {
    static NUMBERED: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^([0-9０-９]{1,3}(?:[.．][0-9０-９]{1,3}){0,4})[.．]?[\s\u{3000}]+\S")
            .expect("a regex that compiles")
    });
    static NAMED: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^(?:第\s*[0-9０-９一二三四五六七八九十百]+\s*([部章節項])|(?i:(part|chapter|section|appendix))\s+[0-9IVXA-Z]+\b)")
            .expect("a regex that compiles")
    });
    let line = match lines {
        [line] => line.trim(),
        [line, rule] if is_rule(rule, '=') => return is_short(line).then_some(1),
        [line, rule] if is_rule(rule, '-') => return is_short(line).then_some(2),
        _ => return None,
    };
    if !is_short(line) || line.ends_with(['。', '.', '、', ',', '：', ':', ';']) {
        return None;
    }
    if let Some(found) = NAMED.captures(line) {
        let word = found
            .get(1)
            .or(found.get(2))
            .map(|it| it.as_str().to_lowercase());
        return Some(match word.as_deref() {
            Some("節" | "section") => 2,
            Some("項") => 3,
            _ => 1,
        });
    }
    if let Some(found) = NUMBERED.captures(line) {
        let dots = found[1].chars().filter(|c| matches!(c, '.' | '．')).count();
        return u8::try_from(dots + 1).ok();
    }
    if line.starts_with(['■', '◆', '●', '【']) {
        return Some(2);
    }
    let letters = line.chars().filter(|c| c.is_alphabetic());
    let is_capital = letters.clone().count() > 3 && letters.clone().all(char::is_uppercase);
    is_capital.then_some(1)
}

fn is_short(line: &str) -> bool {
    line.trim().chars().count() <= HEADING_CHARACTERS_MAX
}

fn is_rule(line: &str, of: char) -> bool {
    line.chars().count() >= 3 && line.chars().all(|character| character == of)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_are_told_by_their_line() {
        let level = |line: &str| heading(&[line]);
        assert_eq!(level("1. Introduction"), Some(1));
        assert_eq!(level("2.3 Method"), Some(2));
        assert_eq!(level("第3章　結果"), Some(1));
        assert_eq!(level("第二節 方法"), Some(2));
        assert_eq!(level("■ まとめ"), Some(2));
        assert_eq!(level("Chapter 2"), Some(1));
        assert_eq!(level("ABSTRACT"), Some(1));
        assert_eq!(level("1. It is one."), None);
        assert_eq!(level("今日は雨だ。"), None);
        assert_eq!(heading(&["Title", "====="]), Some(1));
    }

    #[test]
    fn lines_broken_to_a_width_are_joined() {
        assert!(is_filled(&[
            "This is a paragraph whose lines were broken by",
            "an editor at about the same width, as usual",
            "here."
        ]));
        assert!(!is_filled(&["roses are red", "violets are blue"]));
        assert!(!is_filled(&[
            "a table      of columns and more of it",
            "b    c"
        ]));
    }
}
