//! From pieces of lines, whoever read them, to blocks in the order in which a person reads them.

mod blocks;
mod classify;
mod columns;
mod lines;
mod piece;
mod script;
mod typography;

pub(super) use blocks::{PageContent, page_blocks};
pub(super) use piece::{Piece, Word};
pub(super) use script::{is_cjk, joins_without_space};
pub(super) use typography::{Typography, TypographySample};
