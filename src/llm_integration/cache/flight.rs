//! Of equal calls at the same time, one is made: the others wait for its answer.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::watch;

use super::{CacheKey, CachedAnswer};

type State = Option<CachedAnswer>;
type Waiting = HashMap<CacheKey, watch::Receiver<State>>;

/// Which calls of this process are in flight. Cheap to clone.
#[derive(Clone, Default)]
pub(super) struct Flights(Arc<Mutex<Waiting>>);

/// How waiting ended.
pub(super) enum Joined {
    /// Nobody is making the call.
    First(Lead),
    /// Somebody made it.
    Answered(CachedAnswer),
}

/// The right and the duty to make the call. Dropped without an answer, another call gets it.
pub struct Lead {
    key: CacheKey,
    flights: Flights,
    answer: watch::Sender<State>,
}

impl Flights {
    pub async fn join(&self, key: &CacheKey) -> Joined {
        loop {
            let mut waiting = match self.enter(key) {
                Ok(lead) => return Joined::First(lead),
                Err(waiting) => waiting,
            };
            // An error: the one that made the call went away without an answer.
            if waiting.changed().await.is_ok()
                && let Some(answer) = waiting.borrow().clone()
            {
                return Joined::Answered(answer);
            }
        }
    }

    fn enter(&self, key: &CacheKey) -> Result<Lead, watch::Receiver<State>> {
        let mut flights = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(waiting) = flights.get(key) {
            return Err(waiting.clone());
        }
        let (answer, waiting) = watch::channel(None);
        flights.insert(key.clone(), waiting);
        Ok(Lead {
            key: key.clone(),
            flights: self.clone(),
            answer,
        })
    }
}

impl Lead {
    /// Gives those who wait their answer.
    pub fn finish(self, answer: CachedAnswer) {
        // Nobody may be waiting.
        self.answer.send_replace(Some(answer));
    }
}

impl Drop for Lead {
    fn drop(&mut self) {
        let mut flights = self
            .flights
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        flights.remove(&self.key);
    }
}
