//! Bytes as text: whether they are any, in which encoding, and which of them begin a page of HTML.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, ISO_2022_JP, UTF_8, UTF_16BE, UTF_16LE};

use crate::document::extraction::error::ExtractionError;

/// A thousandth of the characters may be unreadable, and always this many.
const UNREADABLE_MAX: usize = 4;
/// What a page of HTML may begin with, after blanks and comments.
const HTML_BEGINNINGS: [&[u8]; 8] = [
    b"<!doctype html",
    b"<html",
    b"<head",
    b"<body",
    b"<title",
    b"<meta",
    b"<script",
    b"<style",
];

/// Whether the beginning of a file is text: no bytes that text never has.
pub fn is_text(head: &[u8]) -> bool {
    if marked(head).is_some_and(|encoding| encoding != UTF_8) {
        return true;
    }
    head.iter().all(|byte| match byte {
        // The last two: an escape to a Japanese set, and the end of a file of DOS.
        b'\t' | b'\n' | b'\r' | 0x0B | 0x0C | 0x1B | 0x1A => true,
        0..0x20 | 0x7F => false,
        _ => true,
    })
}

/// Whether text that begins so is a page of HTML.
pub fn is_html(head: &[u8]) -> bool {
    // Of UTF-16, every other byte of its Latin letters is zero.
    let bytes = head.iter().copied().filter(|byte| *byte != 0);
    let bytes: Vec<u8> = bytes.map(|byte| byte.to_ascii_lowercase()).collect();
    let mut rest = bytes.as_slice();
    for mark in [&[0xEF, 0xBB, 0xBF][..], &[0xFF, 0xFE], &[0xFE, 0xFF]] {
        rest = rest.strip_prefix(mark).unwrap_or(rest);
    }
    loop {
        rest = rest.trim_ascii_start();
        let end: &[u8] = match rest {
            [b'<', b'!', b'-', b'-', ..] => b"-->",
            [b'<', b'?', ..] => b"?>",
            _ => break,
        };
        let Some(at) = rest.windows(end.len()).position(|window| window == end) else {
            return false;
        };
        rest = &rest[at + end.len()..];
    }
    HTML_BEGINNINGS
        .iter()
        .any(|beginning| rest.starts_with(beginning))
}

/// The text of a whole file. `declared` is the encoding that the file itself names, if any.
pub fn decode(bytes: &[u8], declared: Option<&str>) -> Result<String, ExtractionError> {
    let encoding = marked(bytes).unwrap_or_else(|| guessed(bytes, declared));
    let (text, ..) = encoding.decode(bytes);
    let unreadable = text.chars().filter(|c| *c == '\u{FFFD}').count();
    if unreadable > UNREADABLE_MAX.max(text.chars().count() / 1_000) {
        return Err(ExtractionError::damaged(
            "the text",
            format!(
                "{unreadable} of its characters are none in {}; save it as UTF-8",
                encoding.name()
            ),
        ));
    }
    Ok(text.into_owned())
}

/// The encoding that a byte order mark names.
fn marked(bytes: &[u8]) -> Option<&'static Encoding> {
    Encoding::for_bom(bytes).map(|(encoding, _)| encoding)
}

fn guessed(bytes: &[u8], declared: Option<&str>) -> &'static Encoding {
    if is_iso_2022_jp(bytes) {
        return ISO_2022_JP;
    }
    if std::str::from_utf8(bytes).is_ok() {
        return UTF_8;
    }
    let declared = declared.and_then(|name| Encoding::for_label(name.as_bytes()));
    if let Some(declared) = declared.filter(|it| ![UTF_16LE, UTF_16BE].contains(it)) {
        return declared;
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
    detector.feed(bytes, true);
    detector.guess(None, Utf8Detection::Allow)
}

/// ISO-2022-JP is seven bits with an escape to a Japanese set.
fn is_iso_2022_jp(bytes: &[u8]) -> bool {
    bytes.is_ascii()
        && bytes
            .windows(3)
            .any(|window| matches!(window, b"\x1B$B" | b"\x1B$@" | b"\x1B(J"))
}
