//! Work that nobody waits for, on processors that answer callers too.

use std::thread;

/// How such work shares a processor with those who answer callers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// Lets callers go first.
    Courteous,
    /// Takes its share, as what waits for it would only grow.
    Hurried,
}

impl Pace {
    /// Called every few hundred microseconds of work: that long a caller waits for it at most, where the
    /// system would let it use up its slice of some milliseconds. With nobody waiting it costs a
    /// fraction of a microsecond.
    pub fn step(self) {
        if self == Self::Courteous {
            thread::yield_now();
        }
    }
}
