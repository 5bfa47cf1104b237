//! From pieces of lines, whoever read them, to blocks in the order in which a person reads them.

mod blocks;
mod classify;
mod columns;
mod figures;
#[cfg(test)]
mod fuzz;
mod grid;
mod lines;
mod marks;
mod paragraphs;
mod piece;
mod running;
mod script;
mod tables;
mod typography;

pub(super) use blocks::{PageContent, PageContext, page_blocks};
pub(super) use piece::{Piece, Word};
pub(super) use running::Edges;
pub(super) use script::is_cjk;
pub(super) use typography::{Typography, TypographySample};
