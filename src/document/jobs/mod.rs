//! What is done with documents in the background: reading, indexing, removing, and keeping up.

mod index;
mod keep_up;
mod kinds;
mod process;
mod register;

pub use kinds::{READER, enqueue_indexing, enqueue_reading, enqueue_removal};
