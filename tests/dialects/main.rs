//! Translation between the wire formats of chat: golden files, and properties that hold for all.
#![expect(
    clippy::unwrap_used,
    reason = "a test states what must hold by failing"
)]

mod golden;
mod properties;
