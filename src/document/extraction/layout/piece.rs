//! A piece of a line: words side by side without a gap that could be one between columns.

use crate::document::extraction::{
    Rect,
    pdf::{Concealment, Face},
};

#[derive(Clone, Debug, PartialEq)]
pub struct Word {
    pub text: String,
    pub bounds: Rect,
    /// No blank stands between it and the word before it.
    pub joined: bool,
}

#[derive(Clone, Debug)]
pub struct Piece {
    pub words: Vec<Word>,
    pub bounds: Rect,
    pub size: f32,
    pub face: Face,
    /// It is written from top to bottom, lines from right to left.
    pub vertical: bool,
    /// It is turned against the page.
    pub turned: bool,
    pub concealment: Option<Concealment>,
    /// Its last word goes on in the next line.
    pub divided: bool,
}

impl Piece {
    pub fn text(&self) -> String {
        let mut text = String::new();
        for word in &self.words {
            if !text.is_empty() && !word.joined {
                text.push(' ');
            }
            text.push_str(&word.text);
        }
        text
    }

    pub fn chars(&self) -> usize {
        self.words
            .iter()
            .map(|word| word.text.chars().count())
            .sum()
    }
}
