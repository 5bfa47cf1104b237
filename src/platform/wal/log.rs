//! The log as those see it who append to it.

use std::{
    io,
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
};

use serde::{Deserialize, Serialize};
use tokio::sync::{Notify, oneshot};

use super::{
    folder::Folder,
    frame::{self, HEADER_BYTES, MAX_PAYLOAD_BYTES},
    reader::LogReader,
    segment::Segment,
    writer::{self, Append, Writer},
};

/// Entries that wait for the thread that appends.
const QUEUE_ENTRIES: usize = 4096;
/// A longer entry (64 KiB) is written by the thread; a shorter one costs less to write than to hand over,
/// where the system has it as soon as it is written.
const OWN_WRITE_BYTES: usize = 64 * 1024;
/// Memory that they may hold (128 MiB).
const QUEUE_BYTES: u64 = 128 * 1024 * 1024;

/// What an entry outlives once it is appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Durability {
    /// The end of the process, however it comes: the system has the bytes.
    Process,
    /// A power cut too: the disk has them.
    Disk,
}

#[derive(Clone, Copy, Debug)]
pub struct LogSettings {
    pub durability: Durability,
    /// Of all segments together, those of dead processes included.
    pub limit_bytes: u64,
    /// A segment that has grown this long is followed by another.
    pub segment_bytes: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// The log has reached its limit, or its disk is full: try again later.
    #[error("the log is full")]
    Full,
    #[error("an entry of {bytes} bytes is longer than the log takes")]
    TooLong { bytes: usize },
    #[error("the log could not be written")]
    Failed,
}

/// Appends to the log of this process. Cheap to clone; the log ends when the last one is dropped.
#[derive(Clone)]
pub struct Log {
    queue: mpsc::SyncSender<Append>,
    writer: Arc<Mutex<Writer>>,
    durability: Durability,
    shared: Arc<Shared>,
}

/// An entry that was taken in.
#[derive(Debug)]
enum Submitted {
    Durable,
    Queued(oneshot::Receiver<Result<(), AppendError>>),
}

/// What the log's two ends know of each other.
pub(super) struct Shared {
    /// Entries of this process that are durable.
    pub appended: AtomicU64,
    /// Bytes in segments that are not released.
    pub used_bytes: AtomicU64,
    /// Bytes in the queue.
    pub queued_bytes: AtomicU64,
    pub limit_bytes: u64,
    /// How far the newest segment may be read; `None` before the first entry.
    pub written: Mutex<Option<Written>>,
    pub grew: Notify,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Written {
    pub segment: Segment,
    pub bytes: u64,
}

impl Shared {
    pub fn written(&self) -> Option<Written> {
        self.written
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub fn set_written(&self, written: Written) {
        *self.written.lock().unwrap_or_else(PoisonError::into_inner) = Some(written);
    }
}

impl Log {
    /// Takes a folder below `log`, and reads what dead processes left there.
    ///
    /// # Errors
    /// When the folder can not be written.
    pub fn open(log: &Path, settings: LogSettings) -> io::Result<(Self, LogReader)> {
        let own = Folder::claim(log)?;
        let left = Segment::list(&own.path)?;
        let next = left.last().map_or(1, |last| last.number + 1);
        let shared = Arc::new(Shared {
            appended: AtomicU64::new(0),
            used_bytes: AtomicU64::new(0),
            queued_bytes: AtomicU64::new(0),
            limit_bytes: settings.limit_bytes,
            written: Mutex::new(None),
            grew: Notify::new(),
        });
        let (queue, appends) = mpsc::sync_channel(QUEUE_ENTRIES);
        // Fails at once where no file can be made, rather than at the first entry.
        let writer = Writer::begin(&own.path, next, settings, Arc::clone(&shared))?;
        let writer = Arc::new(Mutex::new(writer));
        let (of_thread, known) = (Arc::clone(&writer), Arc::clone(&shared));
        std::thread::Builder::new()
            .name("write-ahead log".to_owned())
            .spawn(move || writer::run(&of_thread, &known, &appends))?;
        let reader = LogReader::new(log.to_owned(), own, next, Arc::clone(&shared))?;
        let log = Self {
            queue,
            writer,
            durability: settings.durability,
            shared,
        };
        Ok((log, reader))
    }

    /// Returns once the entry is durable. It is kept also when nobody waits any more.
    ///
    /// # Errors
    /// [`AppendError`]: the entry is not kept.
    pub async fn append(&self, payload: Vec<u8>) -> Result<(), AppendError> {
        match self.take_in(payload)? {
            Submitted::Durable => Ok(()),
            Submitted::Queued(done) => done.await.unwrap_or(Err(AppendError::Failed)),
        }
    }

    /// Hands the entry over; it is durable soon.
    ///
    /// # Errors
    /// When there is no room for it.
    pub fn submit(&self, payload: Vec<u8>) -> Result<(), AppendError> {
        // The thread says in the log what it could not write.
        self.take_in(payload).map(drop)
    }

    fn take_in(&self, payload: Vec<u8>) -> Result<Submitted, AppendError> {
        if payload.is_empty() || payload.len() > MAX_PAYLOAD_BYTES {
            return Err(AppendError::TooLong {
                bytes: payload.len(),
            });
        }
        let bytes = (payload.len() + HEADER_BYTES) as u64;
        let queued = self.shared.queued_bytes.fetch_add(bytes, Ordering::Relaxed);
        let used = self.shared.used_bytes.load(Ordering::Relaxed);
        let has_room = used + queued + bytes <= self.shared.limit_bytes
            && (queued == 0 || queued + bytes <= QUEUE_BYTES);
        if !has_room {
            self.shared.queued_bytes.fetch_sub(bytes, Ordering::Relaxed);
            return Err(AppendError::Full);
        }
        if let Some(kept) = self.write_at_once(&payload) {
            self.shared.queued_bytes.fetch_sub(bytes, Ordering::Relaxed);
            return kept.map(|()| Submitted::Durable);
        }
        let (done, waiting) = oneshot::channel();
        if self.queue.try_send(Append { payload, done }).is_err() {
            self.shared.queued_bytes.fetch_sub(bytes, Ordering::Relaxed);
            return Err(AppendError::Full);
        }
        Ok(Submitted::Queued(waiting))
    }

    /// `None` when the entry is rather for the thread.
    fn write_at_once(&self, payload: &[u8]) -> Option<Result<(), AppendError>> {
        let is_due = self.durability == Durability::Process && payload.len() <= OWN_WRITE_BYTES;
        let mut writer = self.writer.try_lock().ok().filter(|_| is_due)?;
        let mut framed = Vec::with_capacity(payload.len() + HEADER_BYTES);
        frame::encode(payload, &mut framed);
        Some(writer.keep(&framed, 1))
    }

    /// Entries that this process has made durable so far.
    pub fn appended(&self) -> u64 {
        self.shared.appended.load(Ordering::Acquire)
    }

    /// Bytes in segments that are not released.
    pub fn used_bytes(&self) -> u64 {
        self.shared.used_bytes.load(Ordering::Relaxed)
    }
}
