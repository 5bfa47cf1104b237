//! From characters to tokens, by html5ever's tokenizer, a piece at a time.

use std::cell::RefCell;

use html5ever::{
    buffer_queue::BufferQueue,
    tendril::StrTendril,
    tokenizer::{
        CharacterTokens, NullCharacterToken, TagKind, TagToken, Token, TokenSink, TokenSinkResult,
        Tokenizer, TokenizerOpts,
        states::{RawKind, ScriptData},
    },
};

use super::walk::Walk;
use crate::document::extraction::{
    error::{ExtractionError, Limit},
    formats::pages::{Pages, within},
    model::FileMetadata,
};

/// A tag's attributes are compared with one another.
const ATTRIBUTES_MAX: u64 = 500;
/// Characters that are tokenized before an error ends the reading.
const PIECE_BYTES: usize = 64 * 1024;

/// By which rules tags close.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Markup {
    Html,
    /// `<script/>` is closed.
    Xhtml,
}

/// A whole file.
pub fn read(text: &str, mut pages: Pages<'_>) -> Result<FileMetadata, ExtractionError> {
    pages.begin(None)?;
    let said = walk(text, Markup::Html, &mut pages)?;
    pages.finish(said)
}

/// Writes what a page shows into the open page; gives what it says of itself.
pub fn walk(
    text: &str,
    markup: Markup,
    pages: &mut Pages<'_>,
) -> Result<FileMetadata, ExtractionError> {
    refuse_declarations(text, markup)?;
    refuse_crowded_tags(text)?;
    let sink = Sink {
        markup,
        state: RefCell::new((Walk::new(pages), Ok(()))),
    };
    let tokenizer = Tokenizer::new(sink, TokenizerOpts::default());
    let mut rest = text;
    while !rest.is_empty() {
        let mut end = rest.len().min(PIECE_BYTES);
        while !rest.is_char_boundary(end) {
            end -= 1;
        }
        let input = BufferQueue::default();
        input.push_back(StrTendril::from_slice(&rest[..end]));
        // The tokenizer stops for scripts that it thinks are run.
        while !input.is_empty() {
            let _ = tokenizer.feed(&input);
        }
        tokenizer.sink.failed()?;
        rest = &rest[end..];
    }
    tokenizer.end();
    let (walk, outcome) = tokenizer.sink.state.into_inner();
    outcome?;
    walk.finish()
}

struct Sink<'w, 'a> {
    markup: Markup,
    state: RefCell<(Walk<'w, 'a>, Result<(), ExtractionError>)>,
}

impl Sink<'_, '_> {
    fn failed(&self) -> Result<(), ExtractionError> {
        self.state.borrow().1.clone()
    }

    fn take(
        &self,
        token: Token,
        walk: &mut Walk<'_, '_>,
    ) -> Result<Option<RawKind>, ExtractionError> {
        match token {
            CharacterTokens(text) => walk.text(&text),
            NullCharacterToken => walk.text("\u{FFFD}"),
            TagToken(tag) if tag.kind == TagKind::EndTag => walk.end(&tag.name)?,
            TagToken(tag) => {
                let closed = tag.self_closing && self.markup == Markup::Xhtml;
                walk.start(&tag, closed)?;
                if !closed {
                    return Ok(raw_text(&tag.name));
                }
            }
            _ => {}
        }
        Ok(None)
    }
}

impl TokenSink for Sink<'_, '_> {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let mut state = self.state.borrow_mut();
        let (walk, outcome) = &mut *state;
        if outcome.is_err() {
            return TokenSinkResult::Continue;
        }
        match self.take(token, walk) {
            Ok(Some(kind)) => TokenSinkResult::RawData(kind),
            Ok(None) => TokenSinkResult::Continue,
            Err(error) => {
                *outcome = Err(error);
                TokenSinkResult::Continue
            }
        }
    }
}

/// Elements in which tags are text.
fn raw_text(name: &str) -> Option<RawKind> {
    match name {
        "script" => Some(ScriptData),
        "style" | "xmp" | "iframe" | "noembed" | "noframes" => Some(RawKind::Rawtext),
        "title" | "textarea" => Some(RawKind::Rcdata),
        _ => None,
    }
}

/// XHTML is XML, which can declare entities; they are never expanded.
fn refuse_declarations(text: &str, markup: Markup) -> Result<(), ExtractionError> {
    let beginning = text
        .char_indices()
        .nth(PIECE_BYTES)
        .map_or(text, |(at, _)| &text[..at]);
    if markup == Markup::Xhtml && beginning.contains("<!ENTITY") {
        return Err(ExtractionError::refused(
            "the page",
            "it declares entities; they are never expanded",
        ));
    }
    Ok(())
}

fn refuse_crowded_tags(text: &str) -> Result<(), ExtractionError> {
    within(Limit::Attributes, crowded(text.as_bytes()), ATTRIBUTES_MAX)
}

/// The largest number of words that stand in one tag outside quotes.
fn crowded(text: &[u8]) -> u64 {
    let (mut most, mut words, mut in_tag, mut quote, mut last) = (0, 0, false, 0, b' ');
    for byte in text.iter().copied() {
        if !in_tag {
            in_tag = last == b'<' && byte.is_ascii_alphabetic();
            words = 0;
        } else if quote != 0 {
            if byte == quote {
                quote = 0;
            }
        } else {
            match byte {
                b'>' => in_tag = false,
                b'"' | b'\'' if last == b'=' => quote = byte,
                _ if is_between(last) && !is_between(byte) => words += 1,
                _ => {}
            }
            most = most.max(words);
        }
        last = byte;
    }
    most
}

fn is_between(byte: u8) -> bool {
    byte.is_ascii_whitespace() || matches!(byte, b'/' | b'"' | b'\'')
}
