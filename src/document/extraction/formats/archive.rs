//! A ZIP archive, of which bounded parts are read by name. Names are only compared: none becomes a path on a disk.

use std::{
    cell::Cell,
    io::{self, BufReader, Read, Seek, SeekFrom},
    rc::Rc,
};

use zip::{ZipArchive, read::ZipFile, result::ZipError};

use super::limits::FormatLimits;
use crate::document::extraction::error::{ExtractionError, Limit};

/// What may be read while the list of entries is looked for: about 170,000 of its shortest entries.
const DIRECTORY_BYTES: u64 = 8 * 1024 * 1024;
const SHORTEST_ENTRY_BYTES: u64 = 46;
/// A small part may be inflated more: a page of blanks is no bomb.
const RATIO_COUNTS_FROM_BYTES: u64 = 1024 * 1024;

/// What can be read and moved about in.
pub trait Source: Read + Seek {}

impl<T: Read + Seek> Source for T {}

pub struct Archive<'a> {
    zip: ZipArchive<BufReader<Bounded<'a>>>,
    limits: &'a FormatLimits,
    inflated: Cell<u64>,
}

impl<'a> Archive<'a> {
    pub fn open(
        input: &'a mut dyn Source,
        limits: &'a FormatLimits,
    ) -> Result<Self, ExtractionError> {
        let left = Rc::new(Cell::new(Some(DIRECTORY_BYTES)));
        let bounded = Bounded {
            input,
            left: Rc::clone(&left),
        };
        let mut zip = ZipArchive::new(BufReader::new(bounded)).map_err(|why| damaged(&why))?;
        if zip.len() as u64 > limits.archive_entries {
            return Err(ExtractionError::TooLarge {
                limit: Limit::ArchiveEntries,
                allowed: limits.archive_entries,
            });
        }
        left.set(None);
        if zip.has_overlapping_entries().map_err(|why| damaged(&why))? {
            return Err(ExtractionError::refused(
                "the archive",
                "its entries overlap each other",
            ));
        }
        Ok(Self {
            zip,
            limits,
            inflated: Cell::new(0),
        })
    }

    /// The part of that name; `None` where there is none.
    pub fn part(&mut self, name: &str) -> Result<Option<Part<'_, 'a>>, ExtractionError> {
        let Some(index) = self.zip.index_for_name(name) else {
            return Ok(None);
        };
        let file = match self.zip.by_index(index) {
            Ok(file) => file,
            Err(ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED)) => {
                return Err(ExtractionError::Encrypted);
            }
            Err(why) => return Err(ExtractionError::damaged(name, why)),
        };
        Ok(Some(Part {
            compressed: file.compressed_size(),
            file,
            name: name.to_owned(),
            read: 0,
            inflated: &self.inflated,
            limits: self.limits,
        }))
    }

    /// The part of that name, which every file of its kind has.
    pub fn required(&mut self, name: &str) -> Result<Part<'_, 'a>, ExtractionError> {
        let missing = || ExtractionError::damaged("the archive", format!("it has no {name}"));
        self.part(name)?.ok_or_else(missing)
    }

    /// A small part as text.
    pub fn text(&mut self, name: &str, most: u64) -> Result<Option<String>, ExtractionError> {
        let Some(part) = self.part(name)? else {
            return Ok(None);
        };
        let mut bytes = Vec::new();
        part.take(most).read_to_end(&mut bytes)?;
        Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
    }
}

/// One part of an archive while it is inflated. Its errors hold an [`ExtractionError`].
pub struct Part<'p, 'a> {
    file: ZipFile<'p, BufReader<Bounded<'a>>>,
    name: String,
    compressed: u64,
    read: u64,
    inflated: &'p Cell<u64>,
    limits: &'a FormatLimits,
}

impl Part<'_, '_> {
    pub fn name(&self) -> &str {
        &self.name
    }

    fn over_limit(&self) -> Option<ExtractionError> {
        let limits = self.limits;
        let too_large = |limit, allowed| Some(ExtractionError::TooLarge { limit, allowed });
        let ratio_allows = self.compressed.saturating_mul(limits.inflation_ratio);
        if self.read > limits.part_bytes {
            too_large(Limit::PartBytes, limits.part_bytes)
        } else if self.inflated.get() > limits.inflated_bytes {
            too_large(Limit::InflatedBytes, limits.inflated_bytes)
        } else if self.read > RATIO_COUNTS_FROM_BYTES && self.read > ratio_allows {
            too_large(Limit::InflationRatio, limits.inflation_ratio)
        } else {
            None
        }
    }
}

impl Read for Part<'_, '_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let inflated = self.file.read(into);
        let count =
            inflated.map_err(|why| io::Error::other(ExtractionError::damaged(&self.name, why)))?;
        self.read += count as u64;
        self.inflated.set(self.inflated.get() + count as u64);
        match self.over_limit() {
            Some(error) => Err(io::Error::other(error)),
            None => Ok(count),
        }
    }
}

/// The archive's bytes, of which no more are read than are left, where that is set.
struct Bounded<'a> {
    input: &'a mut dyn Source,
    left: Rc<Cell<Option<u64>>>,
}

impl Read for Bounded<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let Some(left) = self.left.get() else {
            return self.input.read(into);
        };
        let count = self.input.read(into)? as u64;
        let left = left.checked_sub(count).ok_or_else(|| {
            io::Error::other(ExtractionError::TooLarge {
                limit: Limit::ArchiveEntries,
                allowed: DIRECTORY_BYTES / SHORTEST_ENTRY_BYTES,
            })
        })?;
        self.left.set(Some(left));
        Ok(usize::try_from(count).expect("no more than the buffer holds"))
    }
}

impl Seek for Bounded<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.input.seek(to)
    }
}

fn damaged(error: &ZipError) -> ExtractionError {
    match error {
        ZipError::Io(io) => io
            .get_ref()
            .and_then(|inner| inner.downcast_ref::<ExtractionError>())
            .cloned()
            .unwrap_or_else(|| ExtractionError::damaged("the archive", io)),
        other => ExtractionError::damaged("the archive", other),
    }
}
