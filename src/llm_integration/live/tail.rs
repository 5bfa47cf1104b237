//! One watcher of a project's traces.

use std::time::Duration;

use tokio::{
    sync::watch,
    time::{self, Instant},
};

use super::{Position, hub::Place, window::News};
use crate::{
    kernel::Actor,
    llm_integration::{FoundTrace, LlmError, TraceFilter},
};

/// Changes that come within it are looked up together.
const GATHERING: Duration = Duration::from_millis(100);
/// Traces that are looked up together.
const AT_ONCE: usize = 200;
/// The longest silence: then a sign of life is due.
const SILENCE: Duration = Duration::from_secs(15);
/// A tail ends after it, and is to be begun again: so a key that was revoked sees no more.
const LONGEST: Duration = Duration::from_mins(5);

/// What a tail has seen.
#[derive(Debug)]
pub enum Seen {
    /// These traces changed; whoever has all of them is at `upto`.
    Traces {
        traces: Vec<FoundTrace>,
        upto: Position,
    },
    /// Something may have been missed.
    Gap { upto: Position },
    /// Nothing, for a while.
    Nothing { upto: Position },
}

pub struct Tail {
    place: Place,
    newest: watch::Receiver<Position>,
    actor: Actor,
    filter: TraceFilter,
    io: bool,
    at: Position,
    ends_at: Instant,
    due_at: Instant,
}

impl Tail {
    pub(super) fn new(
        place: Place,
        actor: Actor,
        filter: TraceFilter,
        io: bool,
        at: Position,
    ) -> Self {
        let now = Instant::now();
        Self {
            newest: place.newest(),
            place,
            actor,
            filter,
            io,
            at,
            ends_at: now + LONGEST,
            due_at: now + SILENCE,
        }
    }

    /// Where it is.
    pub const fn at(&self) -> Position {
        self.at
    }

    /// What it sees next; `None` at its end, after which another can go on from where it was.
    ///
    /// # Errors
    /// When traces can not be read; nothing was missed by then.
    pub async fn next(&mut self) -> Result<Option<Seen>, LlmError> {
        loop {
            if self.place.closed().is_cancelled() || Instant::now() >= self.ends_at {
                return Ok(None);
            }
            // Whatever comes from here on wakes the wait below.
            self.newest.mark_unchanged();
            let seen = match self.place.news(self.at, AT_ONCE) {
                News::Missed { upto } => Some(Seen::Gap { upto }),
                News::Changed { traces, upto } if traces.is_empty() => {
                    self.at = upto;
                    continue;
                }
                News::Changed { traces, upto } => {
                    let found = self.place.traces().changed(
                        &self.actor,
                        self.filter.clone(),
                        traces,
                        self.io,
                    );
                    let traces = found.await?;
                    if traces.is_empty() {
                        self.at = upto;
                        continue;
                    }
                    Some(Seen::Traces { traces, upto })
                }
                News::Nothing => self.wait().await,
            };
            if let Some(seen) = seen {
                let (Seen::Traces { upto, .. } | Seen::Gap { upto } | Seen::Nothing { upto }) =
                    seen;
                self.at = upto;
                self.due_at = Instant::now() + SILENCE;
                return Ok(Some(seen));
            }
        }
    }

    /// Waits until there may be something, or a sign of life is due.
    async fn wait(&mut self) -> Option<Seen> {
        let closed = self.place.closed();
        tokio::select! {
            // The sender lives as long as the place does.
            _ = self.newest.changed() => {
                // It ends early, or the time is over: either way it is looked again.
                let _is_over = time::timeout(GATHERING, closed.cancelled()).await;
            }
            () = closed.cancelled() => {}
            () = time::sleep_until(self.ends_at) => {}
            () = time::sleep_until(self.due_at) => return Some(Seen::Nothing { upto: self.at }),
        }
        None
    }
}
