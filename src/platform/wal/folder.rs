//! The folders of a log: one a process, held by a lock that the system gives back when it dies.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io,
    path::{Path, PathBuf},
};

use super::segment::Segment;

/// Processes that can append to one log at once.
const MAX_FOLDERS: u32 = 1000;
const LOCK: &str = "lock";

/// A folder that nobody else uses while this lives.
#[derive(Debug)]
pub(super) struct Folder {
    pub path: PathBuf,
    _lock: File,
}

impl Folder {
    /// The first folder that no living process holds.
    pub fn claim(log: &Path) -> io::Result<Self> {
        for number in 0..MAX_FOLDERS {
            let path = log.join(number.to_string());
            fs::create_dir_all(&path)?;
            if let Some(folder) = Self::try_lock(path)? {
                return Ok(folder);
            }
        }
        Err(io::Error::other(format!(
            "{MAX_FOLDERS} processes hold the folders of {}",
            log.display()
        )))
    }

    /// The folders that dead processes left with something in them.
    pub fn abandoned(log: &Path) -> io::Result<Vec<Self>> {
        let mut found = Vec::new();
        for entry in fs::read_dir(log)? {
            let path = entry?.path();
            if !path.is_dir() || Segment::list(&path)?.is_empty() {
                continue;
            }
            found.extend(Self::try_lock(path)?);
        }
        Ok(found)
    }

    fn try_lock(path: PathBuf) -> io::Result<Option<Self>> {
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path.join(LOCK))?;
        match lock.try_lock() {
            Ok(()) => Ok(Some(Self { path, _lock: lock })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}
