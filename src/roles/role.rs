//! What a process does.

use clap::ValueEnum;

/// A part of the product that a process can play. Without any, a process plays all but `migrate`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Role {
    /// HTTP for clients.
    Api,
    /// Background jobs.
    Worker,
    /// Moves events from the outbox to those who wait for them.
    EventProcessor,
    /// Applies migrations, then exits; the same as the command `migrate`.
    Migrate,
}

impl Role {
    /// The roles of a process that serves, in the order in which they start.
    pub const SERVING: [Self; 3] = [Self::Api, Self::Worker, Self::EventProcessor];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Worker => "worker",
            Self::EventProcessor => "event-processor",
            Self::Migrate => "migrate",
        }
    }
}
