//! An event-processor and listener as a process would run them, in this one.

use std::sync::Arc;

use kaname::{
    kernel::{Clock, ProjectId},
    platform::{
        bus::{Bus, EventSettings},
        db::{Db, DbError},
        events::{Event, HandlerError, Received, Subscriptions},
        outbox,
        redis::Redis,
    },
};
use serde::{Deserialize, Serialize};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::effects;

/// Something that happened, with a number to count it by.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Counted {
    pub aggregate: String,
    pub number: i64,
}

impl Counted {
    pub fn of(aggregate: &str, number: i64) -> Self {
        Self {
            aggregate: aggregate.to_owned(),
            number,
        }
    }

    /// Commits the event alone.
    pub async fn announce(self, db: &Db, clock: &Clock) {
        let clock = clock.clone();
        db.write(move |conn| outbox::append(conn, &clock, &self))
            .await
            .unwrap();
    }
}

impl Event for Counted {
    const NAME: &'static str = "test.counted.v1";
    fn project(&self) -> ProjectId {
        ProjectId::from_name("p")
    }
    fn aggregate(&self) -> String {
        self.aggregate.clone()
    }
}

pub fn event_settings() -> EventSettings {
    EventSettings {
        batch: 20,
        poll_interval_ms: 500,
        delivery_attempts: 3,
        claim_after_ms: 400,
        stream_max_events: 50,
        retention_hours: 1,
        dead_letter_hours: 1,
    }
}

/// Writes an event's effect, once however often the event is delivered.
pub async fn write_effect(
    db: &Db,
    group: &'static str,
    received: Received<Counted>,
) -> Result<(), HandlerError> {
    let write = db.write(move |conn| {
        if received.is_first(conn)? {
            effects::write(conn, group, received.event.number)?;
        }
        Ok::<_, DbError>(())
    });
    Ok(write.await?)
}

/// Subscribes a group that writes each event's effect.
pub fn effect_group(subscriptions: Subscriptions, group: &'static str, db: &Db) -> Subscriptions {
    let db = db.clone();
    subscriptions.durable::<Counted, _, _>(group, move |received| {
        let db = db.clone();
        async move { write_effect(&db, group, received).await }
    })
}

pub struct Processor {
    stop: CancellationToken,
    tasks: [JoinHandle<()>; 2],
    pub bus: Bus,
}

impl Processor {
    pub fn start(db: &Db, redis: Option<Redis>, subscriptions: Subscriptions) -> Self {
        Self::start_with(db, redis, subscriptions, event_settings())
    }

    pub fn start_with(
        db: &Db,
        redis: Option<Redis>,
        subscriptions: Subscriptions,
        settings: EventSettings,
    ) -> Self {
        let stop = CancellationToken::new();
        let bus = Bus::new(db.clone(), Clock::system(), settings, redis);
        let subscriptions = Arc::new(subscriptions);
        let (processing, listening) = (bus.clone(), bus.clone());
        let (told, heard) = (stop.clone(), stop.clone());
        let also = Arc::clone(&subscriptions);
        let tasks = [
            tokio::spawn(async move { processing.process(also, told).await }),
            tokio::spawn(async move { listening.listen(subscriptions, heard).await }),
        ];
        Self { stop, tasks, bus }
    }

    pub async fn stop(self) {
        self.stop.cancel();
        for task in self.tasks {
            task.await.unwrap();
        }
    }
}
