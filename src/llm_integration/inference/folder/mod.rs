//! Models as folders: which there are, what their files say of them, and what tells two of them apart.

mod checkpoint;
mod fingerprint;
mod manifest;
mod read;

pub(super) use fingerprint::fingerprint;
pub(super) use read::{Found, find};
