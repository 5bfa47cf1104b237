//! PDF by pdfium, in the child: what stands on a page, and what a file says of itself.

mod document;
mod drawing;
mod frame;
mod glyphs;
mod metadata;
mod pieces;

pub(super) use document::{Pdf, PdfPage, Pdfium};
pub(super) use drawing::Drawing;
pub(super) use frame::Frame;
pub(super) use glyphs::{Concealment, Face, Glyph, GlyphPage};
pub(super) use pieces::pieces;
