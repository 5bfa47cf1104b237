//! Appends to the newest segment, and the thread for which whatever waits shares one write and one sync.

use std::{
    fs::File,
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, atomic::Ordering, mpsc},
};

use tokio::sync::oneshot;

use super::{
    frame,
    log::{AppendError, Durability, LogSettings, Shared, Written},
    segment::Segment,
};

/// Bytes of one write (4 MiB); a longer entry is written alone.
const GROUP_BYTES: usize = 4 * 1024 * 1024;

/// An entry, and who waits for it.
pub(super) struct Append {
    pub payload: Vec<u8>,
    pub done: oneshot::Sender<Result<(), AppendError>>,
}

pub(super) struct Writer {
    folder: PathBuf,
    settings: LogSettings,
    shared: Arc<Shared>,
    segment: Segment,
    file: File,
    /// Whole frames in the segment.
    bytes: u64,
}

impl Writer {
    pub fn begin(
        folder: &Path,
        number: u64,
        settings: LogSettings,
        shared: Arc<Shared>,
    ) -> io::Result<Self> {
        let segment = Segment::at(folder, number);
        let file = segment.create(settings.durability == Durability::Disk)?;
        Ok(Self {
            folder: folder.to_owned(),
            settings,
            shared,
            segment,
            file,
            bytes: 0,
        })
    }

    /// Appends whole frames, of so many entries.
    pub fn keep(&mut self, frames: &[u8], entries: u64) -> Result<(), AppendError> {
        let bytes = frames.len() as u64;
        if let Err(error) = self.write(frames) {
            tracing::error!(%error, segment = %self.segment.path.display(), "the log could not be written");
            self.give_up_segment();
            let is_full = error.kind() == io::ErrorKind::StorageFull
                || error.kind() == io::ErrorKind::QuotaExceeded;
            return Err(if is_full {
                AppendError::Full
            } else {
                AppendError::Failed
            });
        }
        self.bytes += bytes;
        self.shared.used_bytes.fetch_add(bytes, Ordering::Relaxed);
        self.shared.set_written(Written {
            segment: self.segment.clone(),
            bytes: self.bytes,
        });
        self.shared.appended.fetch_add(entries, Ordering::Release);
        self.shared.grew.notify_one();
        Ok(())
    }

    fn write(&mut self, frames: &[u8]) -> io::Result<()> {
        if self.bytes >= self.settings.segment_bytes {
            self.next_segment()?;
        }
        self.file.write_all(frames)?;
        if self.settings.durability == Durability::Disk {
            self.file.sync_data()?;
        }
        Ok(())
    }

    fn next_segment(&mut self) -> io::Result<()> {
        let segment = Segment::at(&self.folder, self.segment.number + 1);
        self.file = segment.create(self.settings.durability == Durability::Disk)?;
        self.segment = segment;
        self.bytes = 0;
        Ok(())
    }

    /// What a failed write left is of unknown shape: it is cut off, and the next entry begins a
    /// segment of its own, for a disk that failed to sync may have dropped what it was given.
    fn give_up_segment(&mut self) {
        if let Err(error) = self.file.set_len(self.bytes) {
            tracing::error!(%error, "what was written in part could not be cut off");
        }
        if let Err(error) = self.next_segment() {
            // The segment stays; the next write tries again.
            tracing::error!(%error, "no new segment of the log could be made");
        }
    }
}

/// Appends what is queued until every [`super::Log`] is gone.
pub(super) fn run(writer: &Mutex<Writer>, shared: &Shared, appends: &mpsc::Receiver<Append>) {
    let mut frames = Vec::new();
    while let Ok(first) = appends.recv() {
        let mut waiting = Vec::new();
        let mut next = Some(first);
        while let Some(Append { payload, done }) = next {
            frame::encode(&payload, &mut frames);
            waiting.push(done);
            next = (frames.len() < GROUP_BYTES)
                .then(|| appends.try_recv().ok())
                .flatten();
        }
        let kept = writer
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .keep(&frames, waiting.len() as u64);
        let bytes = frames.len() as u64;
        shared.queued_bytes.fetch_sub(bytes, Ordering::Relaxed);
        for done in waiting {
            // One who waits no longer has lost nothing.
            let _gone = done.send(kept);
        }
        frames.clear();
        frames.shrink_to(GROUP_BYTES);
    }
}
