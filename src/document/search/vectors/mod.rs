//! Vectors in memory: every one of a project compared with a query's, none left out.

mod codes;
mod halves;

pub use codes::Matrix;
pub use halves::{dot, from_bytes, to_bytes, to_halves, unit};
