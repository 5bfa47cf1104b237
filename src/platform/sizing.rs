//! How many threads, connections and jobs: from the processors this process may use.

use std::{num::NonZero, thread};

/// Sizes that follow from the machine. A configured value other than 0 replaces one of them.
#[derive(Clone, Copy, Debug)]
pub struct Sizing {
    /// Processors this process may use; the cgroup quota counts.
    pub processors: usize,
}

impl Sizing {
    pub fn of_machine() -> Self {
        Self {
            processors: thread::available_parallelism().map_or(1, NonZero::get),
        }
    }

    pub const fn http_workers(self, configured: usize) -> usize {
        or(configured, self.processors)
    }

    /// SQLite connections that only read.
    pub const fn sqlite_readers(self, configured: usize) -> usize {
        or(configured, clamp(2 * self.processors, 2, 16))
    }

    pub const fn postgres_connections(self, configured: usize) -> usize {
        or(configured, clamp(4 * self.processors, 8, 64))
    }

    pub const fn redis_connections(self, configured: usize) -> usize {
        or(configured, clamp(2 * self.processors, 4, 32))
    }

    pub const fn jobs(self, configured: usize) -> usize {
        or(configured, clamp(2 * self.processors, 2, 64))
    }
}

/// What is configured; `automatic` where that is 0.
pub const fn or(configured: usize, automatic: usize) -> usize {
    if configured == 0 {
        automatic
    } else {
        configured
    }
}

const fn clamp(value: usize, low: usize, high: usize) -> usize {
    if value < low {
        low
    } else if value > high {
        high
    } else {
        value
    }
}
