//! When something began: the earliest that was said, and until then the earliest report.

use crate::kernel::Timestamp;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::llm_integration::traces) struct Start {
    said: Option<Timestamp>,
    /// When the first report was made.
    reported: Timestamp,
}

impl Start {
    pub fn new(said: Option<Timestamp>, reported: Timestamp) -> Self {
        Self {
            said,
            reported: said.unwrap_or(reported),
        }
    }

    /// A start that was stored, `said` or guessed from the first report.
    pub const fn stored(at: Timestamp, said: bool) -> Self {
        Self {
            said: if said { Some(at) } else { None },
            reported: at,
        }
    }

    pub fn join(&mut self, other: Self) {
        self.said = match (self.said, other.said) {
            (Some(one), Some(two)) => Some(one.min(two)),
            (one, two) => one.or(two),
        };
        // Once a start is said, the guess no longer counts; then it is not kept either.
        self.reported = self.reported.min(other.reported);
        if let Some(said) = self.said {
            self.reported = said;
        }
    }

    pub fn at(self) -> Timestamp {
        self.said.unwrap_or(self.reported)
    }

    pub const fn said(self) -> Option<Timestamp> {
        self.said
    }
}
