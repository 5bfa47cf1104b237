//! A prompt in the form that readers get: resolved, and rendered at most once for each API.

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicU64, Ordering},
};

use bytes::Bytes;

use super::model::{Graph, Label, Prompt, Version};

/// A version together with the prompt it belongs to, read at one moment.
#[derive(Clone, Debug)]
pub struct Snapshot {
    pub prompt: Prompt,
    /// As stored, or with its references replaced.
    pub version: Version,
    /// What went into a version whose references were replaced.
    pub graph: Option<Graph>,
}

impl Snapshot {
    /// The labels of the version, `latest` included.
    pub fn labels(&self) -> Vec<Label> {
        self.prompt.labels_of(self.version.number)
    }
}

/// What the cache holds: a resolved version, its bodies, and where its fetches are counted.
#[derive(Debug)]
pub struct Served {
    pub snapshot: Snapshot,
    own_body: OnceLock<Bytes>,
    foreign_body: OnceLock<Bytes>,
    fetches: Arc<AtomicU64>,
}

impl Served {
    pub(super) fn new(snapshot: Snapshot, fetches: Arc<AtomicU64>) -> Self {
        Self {
            snapshot,
            own_body: OnceLock::new(),
            foreign_body: OnceLock::new(),
            fetches,
        }
    }

    /// The body that our own API sends.
    pub(super) fn own_body(&self, render: impl FnOnce(&Snapshot) -> Bytes) -> Bytes {
        self.own_body.get_or_init(|| render(&self.snapshot)).clone()
    }

    /// The body that the one foreign API over prompts sends. Its caller always renders the same.
    pub fn foreign_body(&self, render: impl FnOnce(&Snapshot) -> Bytes) -> Bytes {
        self.foreign_body
            .get_or_init(|| render(&self.snapshot))
            .clone()
    }

    pub(super) fn count_fetch(&self) {
        self.fetches.fetch_add(1, Ordering::Relaxed);
    }

    /// Bytes in memory, roughly: the snapshot and a body for each of two APIs.
    pub(super) fn weight(&self) -> u32 {
        const COPIES: usize = 3;
        const OVERHEAD_BYTES: usize = 1024;
        let version = &self.snapshot.version;
        let bytes = version.content.text_bytes() + version.config.as_json().to_string().len();
        u32::try_from(OVERHEAD_BYTES + COPIES * bytes).unwrap_or(u32::MAX)
    }
}
