//! Reads the log in its order, and removes what is done with.

use std::{
    collections::VecDeque,
    fs::{self, File},
    io::{self, Read, Seek, SeekFrom},
    path::PathBuf,
    sync::{Arc, atomic::Ordering},
};

use super::{
    folder::Folder,
    frame::{self, Frame},
    log::Shared,
    segment::Segment,
};

/// Bytes that are read at once.
const READ_BYTES: usize = 1024 * 1024;

/// The one reader of a process's log, and of what dead processes left.
pub struct LogReader {
    log: PathBuf,
    shared: Arc<Shared>,
    own: Arc<Folder>,
    /// Segments that nobody appends to any more, oldest first.
    left: VecDeque<Left>,
    /// The segment that is read, unless one that was left is.
    live: Segment,
    live_offset: u64,
    reading: Option<Reading>,
    /// Entries of this process that were read.
    read: u64,
    /// Segments that were read to their end since the last release.
    finished: Vec<Left>,
}

struct Left {
    segment: Segment,
    /// Held until the folder's last segment is removed.
    _folder: Arc<Folder>,
}

struct Reading {
    /// `None` for the live segment.
    left: Option<Left>,
    file: File,
    offset: u64,
}

/// Entries that are to be done with before they are released.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct LogBatch {
    pub entries: Vec<Vec<u8>>,
    /// Entries of this process up to the end of the batch, counted as by [`super::Log::appended`].
    pub read: u64,
    /// Whether everything is read that dead processes left.
    pub recovered: bool,
}

impl LogReader {
    pub(super) fn new(
        log: PathBuf,
        own: Folder,
        first: u64,
        shared: Arc<Shared>,
    ) -> io::Result<Self> {
        let own = Arc::new(own);
        let mut reader = Self {
            log,
            shared,
            left: VecDeque::new(),
            live: Segment::at(&own.path, first),
            own: Arc::clone(&own),
            live_offset: 0,
            reading: None,
            read: 0,
            finished: Vec::new(),
        };
        let mut before = Segment::list(&own.path)?;
        before.retain(|segment| segment.number < first);
        reader.take_over(&own, before)?;
        reader.adopt()?;
        Ok(reader)
    }

    /// Takes over what processes left that have died since. Blocking.
    ///
    /// # Errors
    /// When the log's folder can not be read.
    pub fn adopt(&mut self) -> io::Result<()> {
        for folder in Folder::abandoned(&self.log)? {
            let segments = Segment::list(&folder.path)?;
            self.take_over(&Arc::new(folder), segments)?;
        }
        Ok(())
    }

    fn take_over(&mut self, folder: &Arc<Folder>, segments: Vec<Segment>) -> io::Result<()> {
        for segment in segments {
            let bytes = segment.bytes()?;
            let path = segment.path.display();
            tracing::info!(%path, bytes, "a dead process left this in its log; it is done now");
            self.shared.used_bytes.fetch_add(bytes, Ordering::Relaxed);
            self.left.push_back(Left {
                segment,
                _folder: Arc::clone(folder),
            });
        }
        Ok(())
    }

    /// Waits until there may be something to read.
    pub async fn grew(&self) {
        self.shared.grew.notified().await;
    }

    /// The next entries, of about `bytes`; none when everything is read. Blocking.
    ///
    /// # Errors
    /// When a segment can not be read.
    pub fn next(&mut self, bytes: usize) -> io::Result<LogBatch> {
        let mut batch = LogBatch::default();
        let mut room = bytes;
        while room > 0 {
            let mut reading = match self.reading.take() {
                Some(reading) => reading,
                None => match self.open_next()? {
                    Some(reading) => reading,
                    None => break,
                },
            };
            let end = self.end_of(&reading)?;
            if reading.offset < end {
                let entries = batch.entries.len();
                room = room.saturating_sub(reading.take_frames(end, &mut batch.entries)?);
                if reading.left.is_none() {
                    self.read += (batch.entries.len() - entries) as u64;
                }
                self.reading = Some(reading);
            } else if !self.finish(reading) {
                break;
            }
        }
        batch.read = self.read;
        let reads_left = self
            .reading
            .as_ref()
            .is_some_and(|reading| reading.left.is_some());
        batch.recovered = self.left.is_empty() && !reads_left;
        Ok(batch)
    }

    fn open_next(&mut self) -> io::Result<Option<Reading>> {
        if let Some(left) = self.left.pop_front() {
            return Ok(Some(Reading {
                file: File::open(&left.segment.path)?,
                left: Some(left),
                offset: 0,
            }));
        }
        let nothing_yet = self
            .shared
            .written()
            .is_none_or(|written| written.segment.number < self.live.number);
        if nothing_yet {
            return Ok(None);
        }
        Ok(Some(Reading {
            left: None,
            file: File::open(&self.live.path)?,
            offset: self.live_offset,
        }))
    }

    /// How far a segment can be read now.
    fn end_of(&self, reading: &Reading) -> io::Result<u64> {
        let written = self
            .shared
            .written()
            .filter(|written| reading.left.is_none() && written.segment == self.live);
        match written {
            Some(written) => Ok(written.bytes),
            // Nobody appends to it any more.
            None => Ok(reading.file.metadata()?.len()),
        }
    }

    /// Ends a segment that was read as far as it goes. False when there is no other to go on with.
    fn finish(&mut self, reading: Reading) -> bool {
        if let Some(left) = reading.left {
            self.finished.push(left);
            return true;
        }
        let newest = self.shared.written().map(|written| written.segment.number);
        if newest.is_some_and(|newest| newest > self.live.number) {
            let next = Segment::at(&self.own.path, self.live.number + 1);
            self.finished.push(Left {
                segment: std::mem::replace(&mut self.live, next),
                _folder: Arc::clone(&self.own),
            });
            self.live_offset = 0;
            return true;
        }
        self.live_offset = reading.offset;
        if self.left.is_empty() {
            self.reading = Some(reading);
            return false;
        }
        true
    }

    /// Removes the segments whose entries were all handed out: the caller is done with them. Blocking.
    pub fn release(&mut self) {
        for Left { segment, .. } in self.finished.drain(..) {
            let bytes = segment.bytes().unwrap_or(0);
            if let Err(error) = fs::remove_file(&segment.path) {
                // It is read again at the next start, which repeats what was done.
                tracing::error!(%error, path = %segment.path.display(), "a segment was not removed");
                continue;
            }
            let less = |used: u64| Some(used.saturating_sub(bytes));
            let used = &self.shared.used_bytes;
            // It always gives a value, so it never fails.
            let _before = used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
        }
    }

    /// Removes also the live segment when everything in it was handed out: after a clean end there is
    /// nothing to repeat. Nobody may append any more.
    pub fn close(mut self) {
        let offset = match &self.reading {
            Some(reading) if reading.left.is_none() => reading.offset,
            _ => self.live_offset,
        };
        let written = self.shared.written();
        let all_read =
            written.is_none_or(|written| written.segment == self.live && written.bytes == offset);
        if all_read && self.left.is_empty() {
            self.finished.push(Left {
                segment: self.live.clone(),
                _folder: Arc::clone(&self.own),
            });
        }
        self.release();
    }
}

impl Reading {
    /// Reads whole frames up to about [`READ_BYTES`]; what is no frame ends the segment at `end`.
    fn take_frames(&mut self, end: u64, entries: &mut Vec<Vec<u8>>) -> io::Result<usize> {
        let mut buffer = self.read(end, READ_BYTES)?;
        if let Frame::Short { needs } = frame::decode(&buffer)
            && self.offset + needs as u64 <= end
        {
            buffer = self.read(end, needs)?;
        }
        let mut at = 0;
        loop {
            match frame::decode(&buffer[at..]) {
                Frame::Whole { payload, bytes } => {
                    entries.push(payload.to_vec());
                    at += bytes;
                }
                Frame::Short { needs } if self.offset + (at + needs) as u64 <= end => break,
                Frame::Short { .. } if self.offset + at as u64 >= end => break,
                Frame::Short { .. } | Frame::Broken => {
                    self.cut_off(self.offset + at as u64, end);
                    self.offset = end;
                    return Ok(at.max(1));
                }
            }
        }
        self.offset += at as u64;
        Ok(at.max(1))
    }

    fn read(&mut self, end: u64, bytes: usize) -> io::Result<Vec<u8>> {
        let bytes = (end - self.offset).min(bytes as u64);
        let mut buffer = Vec::with_capacity(usize::try_from(bytes).unwrap_or(READ_BYTES));
        self.file.seek(SeekFrom::Start(self.offset))?;
        (&mut self.file).take(bytes).read_to_end(&mut buffer)?;
        Ok(buffer)
    }

    fn cut_off(&self, from: u64, end: u64) {
        let segment = self
            .left
            .as_ref()
            .map(|left| left.segment.path.display().to_string());
        tracing::warn!(
            segment,
            from,
            bytes = end - from,
            "the log's segment ends in the middle of an entry, which nobody was told was kept"
        );
    }
}
