//! Translation between the wire formats of chat: golden files, and properties that hold for all.
mod golden;
mod properties;
