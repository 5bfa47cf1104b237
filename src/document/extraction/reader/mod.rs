//! The child that reads: one file from its standard input, said page by page to the worker.

mod channel;
mod choice;
mod ocr;
mod pages;
mod picture;
mod poppler;
mod run;
mod showing;
mod sight;

pub use run::run;
