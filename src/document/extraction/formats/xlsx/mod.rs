//! Workbooks: a sheet is a page, and each run of rows without a gap is a table.
//!
//! calamine reads a sheet as a whole and does not tell which of its rows are hidden; here rows are streamed, and what
//! is hidden is known.

mod cells;
mod numbers;
mod sheet;
mod strings;
mod workbook;

pub use workbook::read;
