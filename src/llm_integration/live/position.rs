//! Where a tail is in what happens: positions grow, over processes and over restarts.

use std::{fmt, str::FromStr};

/// `<major>-<minor>`, the form of the ids that Redis gives to the entries of a stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    major: u64,
    minor: u64,
}

impl Position {
    /// The first one of a process that counts for itself since `micros`.
    pub const fn since(micros: u64) -> Self {
        Self {
            major: micros,
            minor: 0,
        }
    }

    #[must_use]
    pub const fn next(self) -> Self {
        match self.minor.checked_add(1) {
            Some(minor) => Self {
                major: self.major,
                minor,
            },
            None => Self {
                major: self.major.saturating_add(1),
                minor: 0,
            },
        }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.major, self.minor)
    }
}

impl FromStr for Position {
    type Err = String;
    /// The error says what would be right.
    fn from_str(text: &str) -> Result<Self, String> {
        let parsed = || {
            let (major, minor) = text.split_once('-')?;
            Some(Self {
                major: major.parse().ok()?,
                minor: minor.parse().ok()?,
            })
        };
        parsed().ok_or_else(|| "the `id` of an event of this endpoint".to_owned())
    }
}
