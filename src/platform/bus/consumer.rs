//! One group at work: takes deliveries, runs handlers, settles. The same on both carriers.

use std::{
    error::Error,
    panic::AssertUnwindSafe,
    time::{Duration, Instant},
};

use futures::{FutureExt, future::BoxFuture};
use tokio::time;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use super::EventSettings;
use crate::{
    kernel::Clock,
    platform::{
        error_text::storable,
        events::{Envelope, GroupHandlers, HandlerError},
    },
};

/// Pause after the carrier failed.
const PAUSE: Duration = Duration::from_millis(200);
/// Handled events wait this long to be settled together with later ones.
const SETTLE_AFTER: Duration = Duration::from_millis(200);

pub(super) type CarrierError = Box<dyn Error + Send + Sync>;
type Carried<'a, T> = BoxFuture<'a, Result<T, CarrierError>>;

/// Where a group's deliveries come from.
pub(super) trait Source: Send {
    /// How the carrier names a delivery.
    type Key: Clone + Send + Sync;

    /// Waits a while for deliveries; may come back with none.
    fn take(&mut self) -> Carried<'_, Vec<Delivery<Self::Key>>>;

    /// Keeps deliveries that were taken from being taken over.
    fn keep(&mut self, keys: Vec<Self::Key>) -> Carried<'_, ()>;

    /// Records what became of deliveries. Those that are to be tried again are left alone: they are
    /// due once `events.claim_after_ms` is over.
    fn settle(&mut self, settled: Vec<(Delivery<Self::Key>, Outcome)>) -> Carried<'_, ()>;
}

pub(super) struct Delivery<K> {
    pub key: K,
    pub envelope: Envelope,
    /// 1 for the first.
    pub attempt: u32,
}

/// What became of a delivery that is not tried again.
pub(super) enum Outcome {
    Done,
    Dead { error: String },
}

#[derive(Clone)]
pub(super) struct Group {
    pub name: &'static str,
    pub handlers: GroupHandlers,
    pub settings: EventSettings,
    pub clock: Clock,
}

impl Group {
    pub async fn run<S: Source>(self, mut source: S, stop: CancellationToken) {
        while let Some(taken) = stop.run_until_cancelled(source.take()).await {
            let worked = match taken {
                Ok(deliveries) => self.work(&mut source, deliveries).await,
                Err(error) => Err(error),
            };
            if let Err(error) = worked {
                tracing::warn!(
                    event.group = self.name,
                    error = &*error as &dyn Error,
                    "the bus failed"
                );
                time::sleep(PAUSE).await;
            }
        }
    }

    /// Handles one batch in order.
    async fn work<S: Source>(
        &self,
        source: &mut S,
        deliveries: Vec<Delivery<S::Key>>,
    ) -> Result<(), CarrierError> {
        let mut waiting = deliveries.into_iter();
        let (mut settled, mut kept, mut settle_due) =
            (Vec::new(), Instant::now(), Instant::now() + SETTLE_AFTER);
        while let Some(delivery) = waiting.next() {
            if let Some(outcome) = self.handle(&delivery).await {
                settled.push((delivery, outcome));
            }
            if kept.elapsed() >= self.settings.claim_after() / 4 && !waiting.as_slice().is_empty() {
                let keys = waiting
                    .as_slice()
                    .iter()
                    .map(|delivery| delivery.key.clone())
                    .collect();
                source.keep(keys).await?;
                kept = Instant::now();
            }
            if Instant::now() >= settle_due {
                source.settle(std::mem::take(&mut settled)).await?;
                settle_due = Instant::now() + SETTLE_AFTER;
            }
        }
        source.settle(settled).await
    }

    /// `None` when the event is to be tried again.
    async fn handle<K>(&self, delivery: &Delivery<K>) -> Option<Outcome> {
        let Delivery {
            envelope, attempt, ..
        } = delivery;
        let Some(handler) = self.handlers.get(envelope.name.as_str()) else {
            return Some(Outcome::Done);
        };
        let attempts = self.settings.delivery_attempts;
        if *attempt > attempts {
            let error = "the process ended, or lost the bus, in each try".to_owned();
            return Some(self.dead(delivery, error));
        }
        let span = tracing::info_span!(
            "event", event.name = envelope.name, event.id = %envelope.id, event.group = self.name,
            event.attempt = attempt,
        );
        let handling = AssertUnwindSafe(handler(envelope.clone(), *attempt, self.clock.clone()));
        let limit = self.settings.handler_limit();
        let ended = time::timeout(limit, handling.catch_unwind().instrument(span)).await;
        let (error, again) = match ended {
            Ok(Ok(Ok(()))) => return Some(Outcome::Done),
            Ok(Ok(Err(HandlerError::Retry(error)))) => (storable(&*error), true),
            Ok(Ok(Err(HandlerError::Fatal(error)))) => (storable(&*error), false),
            Ok(Err(_panic)) => ("the handler panicked".to_owned(), true),
            Err(_) => (format!("the handler took longer than {limit:?}"), true),
        };
        if again && *attempt < attempts {
            tracing::warn!(
                event.name = envelope.name, event.id = %envelope.id, event.group = self.name,
                event.attempt = attempt, error, "an event was not handled; it will be delivered again"
            );
            return None;
        }
        Some(self.dead(delivery, error))
    }

    fn dead<K>(
        &self,
        Delivery {
            envelope, attempt, ..
        }: &Delivery<K>,
        error: String,
    ) -> Outcome {
        tracing::error!(
            event.name = envelope.name, event.id = %envelope.id, event.group = self.name,
            event.attempt = attempt, error, "an event goes to the dead letters"
        );
        Outcome::Dead { error }
    }
}
