//! Objects: what is too large for a row, in files of the data directory or in an S3 bucket.
//!
//! A key is a path; who writes an object chooses one that nobody else uses. An object is written
//! before the row that refers to it, and removed after: a row never points at nothing.

mod settings;
mod store;
mod writer;

pub use settings::ObjectSettings;
pub use store::{ObjectError, ObjectStream, Objects};
pub use writer::ObjectWriter;
