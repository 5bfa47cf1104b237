//! PDF by pdfium, in the child: what stands on a page, and what a file says of itself.

mod document;
mod drawing;
mod frame;
mod glyphs;
mod metadata;
mod pieces;

pub(super) use document::{Pdf, PdfPage, Pdfium};
pub(super) use drawing::{Drawing, Rule};
pub(super) use frame::Frame;
pub(super) use glyphs::{Concealment, Face, Glyph};
pub(super) use pieces::pieces;
