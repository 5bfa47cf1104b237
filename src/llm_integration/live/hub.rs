//! Where what changes arrives, and where tails come to look.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{sync::watch, time};
use tokio_util::sync::CancellationToken;

use super::{
    Position, Tail,
    window::{News, Window},
};
use crate::{
    kernel::{Actor, Clock, Permission, ProjectId},
    llm_integration::{LlmError, TraceFilter, Traces},
};

/// How long a tail waits for what another process has told it of already.
const CATCH_UP: Duration = Duration::from_secs(1);

/// What changes in every project. Cheap to clone.
#[derive(Clone)]
pub struct LiveTraces(Arc<Inner>);

struct Inner {
    window: Mutex<Window>,
    /// Told of each new position.
    newest: watch::Sender<Position>,
    /// Tails that are open, by project.
    open: Mutex<HashMap<ProjectId, usize>>,
    most_open: usize,
    closed: CancellationToken,
    traces: Traces,
}

/// The place of an open tail; dropping it makes room for another.
pub(super) struct Place {
    live: LiveTraces,
    project: ProjectId,
}

impl LiveTraces {
    /// `most_open` bounds the tails of one project in this process.
    pub fn new(traces: Traces, clock: &Clock, most_open: usize) -> Self {
        let began = u64::try_from(clock.now().unix_micros()).unwrap_or(0);
        let start = Position::since(began);
        Self(Arc::new(Inner {
            window: Mutex::new(Window::new(start)),
            newest: watch::Sender::new(start),
            open: Mutex::default(),
            most_open,
            closed: CancellationToken::new(),
            traces,
        }))
    }

    /// A tail of the traces that pass `filter`, from what comes after `after`, or else from now on.
    pub async fn tail(
        &self,
        actor: Actor,
        filter: TraceFilter,
        io: bool,
        after: Option<Position>,
    ) -> Result<Tail, LlmError> {
        actor.require(Permission::TracesRead)?;
        let place = self.place(actor.project)?;
        let newest = || self.window().newest();
        let at = match after {
            None => newest(),
            Some(after) => {
                let mut moved = self.0.newest.subscribe();
                let caught_up = moved.wait_for(|newest| *newest >= after);
                // Past it the tail is told that it may have missed something.
                let _in_time = time::timeout(CATCH_UP, caught_up).await;
                after
            }
        };
        Ok(Tail::new(place, actor, filter, io, at))
    }

    fn place(&self, project: ProjectId) -> Result<Place, LlmError> {
        let mut open = self.open();
        let count = open.entry(project).or_default();
        if *count >= self.0.most_open {
            return Err(LlmError::TooManyTails {
                limit: self.0.most_open,
            });
        }
        *count += 1;
        Ok(Place {
            live: self.clone(),
            project,
        })
    }

    fn open(&self) -> MutexGuard<'_, HashMap<ProjectId, usize>> {
        self.0.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn window(&self) -> MutexGuard<'_, Window> {
        self.0.window.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the window, and tells the tails.
    pub(super) fn update(&self, change: impl FnOnce(&mut Window)) {
        let newest = {
            let mut window = self.window();
            change(&mut window);
            window.newest()
        };
        self.0.newest.send_replace(newest);
    }

    /// Ends every tail.
    pub(super) fn close(&self) {
        self.0.closed.cancel();
    }
}

impl Place {
    pub fn news(&self, after: Position, most: usize) -> News {
        self.live.window().news(self.project, after, most)
    }

    pub fn newest(&self) -> watch::Receiver<Position> {
        self.live.0.newest.subscribe()
    }

    pub fn closed(&self) -> &CancellationToken {
        &self.live.0.closed
    }

    pub fn traces(&self) -> &Traces {
        &self.live.0.traces
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.live.open();
        if let Some(count) = open.get_mut(&self.project) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.project);
            }
        }
    }
}
