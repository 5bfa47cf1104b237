//! A write-ahead log: what is appended is durable before the database has it.
//!
//! Entries are frames in segment files of a folder. Where the log outlives the process only, a short
//! entry is written at once by who appends it; otherwise one thread appends, and everything that waits
//! for it shares one write and one sync. A [`LogReader`] reads the
//! entries in their order, hands them out in batches, and removes segments once all of their entries
//! are released. What a process leaves behind, at whatever point it died, the next one reads; a frame
//! that was cut off half way ends its segment, for nobody was told that it was kept. An entry can be
//! read again after a crash, so what is done with it must be done once in effect.
//!
//! A process has a folder of its own below the log's. Folders whose process is gone are read too.

mod folder;
mod frame;
mod log;
mod reader;
mod segment;
#[cfg(test)]
mod tests;
mod writer;

pub use log::{AppendError, Durability, Log, LogSettings};
pub use reader::{LogBatch, LogReader};
