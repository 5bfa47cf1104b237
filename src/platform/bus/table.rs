//! The carrier without Redis: deliveries are rows, and this process is the only one.

use std::{sync::Arc, time::Duration};

use futures::future::BoxFuture;
use tokio::{
    sync::{Notify, broadcast},
    time,
};

use super::{
    EventSettings,
    consumer::{CarrierError, Delivery, Outcome, Source},
};
use crate::{
    kernel::{Clock, Timestamp},
    platform::{
        db::{Conn, Db, DbError},
        events::{Envelope, Subscriptions},
        outbox::{self, DeadEvent, TableDelivery},
    },
};

/// Between two looks at deliveries that are due, but which another transaction holds.
const LEAST_WAIT: Duration = Duration::from_millis(10);

/// Moves one batch from the outbox to the groups' deliveries. Returns the events moved.
pub(super) fn relay(
    conn: &mut Conn,
    subscriptions: &Subscriptions,
    now: Timestamp,
    limit: i64,
) -> Result<Vec<Envelope>, DbError> {
    if outbox::lock_relay(conn)?.is_none() {
        return Ok(Vec::new());
    }
    let events = outbox::undelivered(conn, limit)?;
    for event in &events {
        for group in subscriptions.groups_for(&event.envelope.name) {
            outbox::deliver(conn, group, event.sequence, now)?;
        }
        outbox::mark_relayed(conn, event.sequence, None, now)?;
    }
    Ok(events.into_iter().map(|event| event.envelope).collect())
}

/// A group's deliveries.
pub(super) struct TableSource {
    pub group: &'static str,
    pub db: Db,
    pub clock: Clock,
    pub settings: EventSettings,
    /// The relay has moved something.
    pub moved: Arc<Notify>,
}

impl TableSource {
    async fn take_due(&self) -> Result<Vec<TableDelivery>, DbError> {
        let (group, now, limit) = (self.group, self.clock.now(), i64::from(self.settings.batch));
        let until = now.plus(self.settings.claim_after());
        self.db
            .write(move |conn| outbox::take(conn, group, (now, until), limit))
            .await
    }

    async fn wait(&self, next: Option<Timestamp>) {
        let poll = self.settings.poll_interval();
        let wait = next.map_or(poll, |next| {
            next.since(self.clock.now())
                .clamp(LEAST_WAIT, poll.max(LEAST_WAIT))
        });
        tokio::select! {
            () = self.moved.notified() => {}
            () = time::sleep(wait) => {}
        }
    }
}

impl Source for TableSource {
    type Key = i64;

    fn take(&mut self) -> BoxFuture<'_, Result<Vec<Delivery<i64>>, CarrierError>> {
        Box::pin(async {
            // Looking needs no write lock; taking does.
            let group = self.group;
            let next = self
                .db
                .read(move |conn| outbox::next_due(conn, group))
                .await?;
            if next.is_none_or(|next| next > self.clock.now()) {
                self.wait(next).await;
                return Ok(Vec::new());
            }
            let taken = self.take_due().await?;
            let delivery = |TableDelivery {
                                sequence,
                                attempt,
                                envelope,
                            }| Delivery {
                key: sequence,
                envelope,
                attempt: attempt.unsigned_abs(),
            };
            Ok(taken.into_iter().map(delivery).collect())
        })
    }

    fn keep(&mut self, keys: Vec<i64>) -> BoxFuture<'_, Result<(), CarrierError>> {
        Box::pin(async move {
            let (group, until) = (
                self.group,
                self.clock.now().plus(self.settings.claim_after()),
            );
            self.db
                .write(move |conn| outbox::keep(conn, group, &keys, until))
                .await?;
            Ok(())
        })
    }

    fn settle(
        &mut self,
        settled: Vec<(Delivery<i64>, Outcome)>,
    ) -> BoxFuture<'_, Result<(), CarrierError>> {
        Box::pin(async move {
            if settled.is_empty() {
                return Ok(());
            }
            let (group, now) = (self.group, self.clock.now());
            let write = self.db.write(move |conn| {
                for (delivery, outcome) in &settled {
                    if let Outcome::Dead { error } = outcome {
                        let attempts = i32::try_from(delivery.attempt).unwrap_or(i32::MAX);
                        let dead = DeadEvent {
                            envelope: &delivery.envelope,
                            attempts,
                            error,
                        };
                        outbox::bury(conn, group, &dead, now)?;
                    }
                }
                let keys: Vec<i64> = settled.iter().map(|(delivery, _)| delivery.key).collect();
                outbox::settle(conn, group, &keys)
            });
            write.await.map_err(|error: DbError| error.into())
        })
    }
}

/// Tells this process' listeners of events, until the sender is gone.
pub(super) async fn listen(
    mut events: broadcast::Receiver<Arc<Envelope>>,
    subscriptions: Arc<Subscriptions>,
) {
    loop {
        match events.recv().await {
            Ok(envelope) => subscriptions.tell_everywhere(&envelope).await,
            Err(broadcast::error::RecvError::Lagged(_)) => subscriptions.tell_gap().await,
            Err(broadcast::error::RecvError::Closed) => return,
        }
    }
}
