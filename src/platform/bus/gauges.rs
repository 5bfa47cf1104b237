//! What the event-processor last saw of its queues, in memory for whoever asks.

use std::sync::{Arc, Mutex, PoisonError};

use crate::platform::outbox::OutboxLag;

/// The last measurement. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct EventGauges(Arc<Mutex<Option<EventFigures>>>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventFigures {
    pub outbox: OutboxLag,
    /// Events that groups gave up.
    pub dead_letters: usize,
    /// Entries of the Redis Stream; `None` without Redis.
    pub stream_length: Option<usize>,
}

impl EventGauges {
    /// `None` in a process that does not run the event-processor, or has not measured yet.
    pub fn read(&self) -> Option<EventFigures> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn set(&self, figures: EventFigures) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(figures);
    }
}
