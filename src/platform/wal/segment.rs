//! Segment files: their names, which sort in the order in which they were written, and their making.

use std::{
    fs::{self, File, OpenOptions},
    io,
    path::{Path, PathBuf},
};

const ENDING: &str = "wal";

/// A segment of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Segment {
    pub number: u64,
    pub path: PathBuf,
}

impl Segment {
    pub fn at(folder: &Path, number: u64) -> Self {
        Self {
            number,
            path: folder.join(format!("{number:020}.{ENDING}")),
        }
    }

    /// The segments of a folder, oldest first.
    pub fn list(folder: &Path) -> io::Result<Vec<Self>> {
        let mut found = Vec::new();
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            let number = path
                .file_stem()
                .filter(|_| path.extension().is_some_and(|ending| ending == ENDING))
                .and_then(|stem| stem.to_str()?.parse().ok());
            found.extend(number.map(|number| Self { number, path }));
        }
        found.sort_by_key(|segment| segment.number);
        Ok(found)
    }

    /// Makes the file, which must not exist; `synced` makes its name durable too.
    pub fn create(&self, synced: bool) -> io::Result<File> {
        let file = OpenOptions::new()
            .create_new(true)
            .append(true)
            .open(&self.path)?;
        if let Some(folder) = self.path.parent().filter(|_| synced) {
            File::open(folder)?.sync_all()?;
        }
        Ok(file)
    }

    pub fn bytes(&self) -> io::Result<u64> {
        Ok(fs::metadata(&self.path)?.len())
    }
}
