//! What a handler is given, and what it answers.

use std::{error::Error, future::Future, sync::Arc};

use futures::future::BoxFuture;

use super::{Envelope, Event, EventId};
use crate::{
    kernel::{Clock, Timestamp},
    platform::{
        db::{Conn, DbError},
        outbox,
    },
};

/// Why a handler did not handle, and whether another try may help.
#[derive(Debug, thiserror::Error)]
pub enum HandlerError {
    /// Deliver it again later, up to `events.delivery_attempts` times.
    #[error("the event could not be handled now")]
    Retry(#[source] Box<dyn Error + Send + Sync>),
    /// It would fail the same way for ever: straight to the dead letters.
    #[error("the event can not be handled")]
    Fatal(#[source] Box<dyn Error + Send + Sync>),
}

impl From<DbError> for HandlerError {
    fn from(error: DbError) -> Self {
        match error {
            DbError::Corrupt { .. } => Self::Fatal(Box::new(error)),
            _ => Self::Retry(Box::new(error)),
        }
    }
}

/// One delivery of an event to a durable group.
#[derive(Clone, Debug)]
pub struct Received<E> {
    pub id: EventId,
    pub event: E,
    pub occurred_at: Timestamp,
    /// 1 for the first delivery to this group.
    pub attempt: u32,
    group: &'static str,
    clock: Clock,
}

impl<E> Received<E> {
    /// Whether this group's handler commits an effect of this event for the first time. Ask it
    /// inside the transaction that writes the effect; when it says no, the effect is there already.
    ///
    /// # Errors
    /// When the database fails.
    pub fn is_first(&self, conn: &mut Conn) -> Result<bool, DbError> {
        outbox::note_handled(conn, self.group, self.id, self.clock.now())
    }
}

type Outcome = Result<(), HandlerError>;
/// A durable handler with its event's type erased.
pub(in crate::platform) type DurableHandler =
    Arc<dyn Fn(Envelope, u32, Clock) -> BoxFuture<'static, Outcome> + Send + Sync>;
/// A handler of every replica with its event's type erased.
pub(in crate::platform) type EverywhereHandler =
    Arc<dyn Fn(&Envelope) -> BoxFuture<'static, Outcome> + Send + Sync>;

fn decode<E: Event>(envelope: &Envelope) -> Result<E, HandlerError> {
    E::deserialize(&envelope.payload).map_err(|error| HandlerError::Fatal(Box::new(error)))
}

pub(super) fn durable<E, F, Fut>(group: &'static str, handler: F) -> DurableHandler
where
    E: Event,
    F: Fn(Received<E>) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Outcome> + Send + 'static,
{
    let handler = Arc::new(handler);
    Arc::new(move |envelope, attempt, clock| {
        let handler = Arc::clone(&handler);
        Box::pin(async move {
            let event = decode(&envelope)?;
            let Envelope { id, occurred_at, .. } = envelope;
            handler(Received { id, event, occurred_at, attempt, group, clock }).await
        })
    })
}

pub(super) fn everywhere<E, F, Fut>(handler: F) -> EverywhereHandler
where
    E: Event,
    F: Fn(E) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Outcome> + Send + 'static,
{
    Arc::new(move |envelope| match decode(envelope) {
        Ok(event) => Box::pin(handler(event)),
        Err(error) => Box::pin(async { Err(error) }),
    })
}
