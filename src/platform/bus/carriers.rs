//! The bus' face, and the choice between its two carriers.

use std::{collections::BTreeMap, sync::Arc};

use futures::future;
use tokio::sync::{Notify, broadcast};
use tokio_util::sync::CancellationToken;

use super::{
    EventGauges, EventSettings, consumer::Group, housekeeping, listener, relay, stream,
    stream_source::StreamSource, table, table::TableSource,
};
use crate::{
    kernel::Clock,
    platform::{
        db::Db,
        events::{Envelope, Subscriptions},
        redis::Redis,
    },
};

/// Events for everywhere that a slow listener of this process can be behind.
const LISTENER_BACKLOG: usize = 1_024;

/// Carries events. Cheap to clone.
#[derive(Clone)]
pub struct Bus {
    pub(super) db: Db,
    pub(super) clock: Clock,
    pub(super) settings: Arc<EventSettings>,
    pub(super) carrier: Carrier,
    gauges: EventGauges,
}

#[derive(Clone)]
pub(super) enum Carrier {
    /// Rows for the groups of this process, and a channel for its listeners.
    Process {
        moved: Wakers,
        events: broadcast::Sender<Arc<Envelope>>,
    },
    Redis(Redis),
}

/// What wakes each group when the relay has moved something.
type Wakers = Arc<std::sync::Mutex<BTreeMap<&'static str, Arc<Notify>>>>;

impl Bus {
    /// Without Redis, the api, worker and event-processor roles must run in this one process.
    pub fn new(db: Db, clock: Clock, settings: EventSettings, redis: Option<Redis>) -> Self {
        let carrier = redis.map_or_else(
            || Carrier::Process {
                moved: Wakers::default(),
                events: broadcast::channel(LISTENER_BACKLOG).0,
            },
            Carrier::Redis,
        );
        Self {
            db,
            clock,
            settings: Arc::new(settings),
            carrier,
            gauges: EventGauges::default(),
        }
    }

    /// The event-processor: relays events and runs the durable groups until `stop`, then ends once
    /// the batches in hand are settled.
    pub async fn process(&self, subscriptions: Arc<Subscriptions>, stop: CancellationToken) {
        if stop
            .run_until_cancelled(self.prepare(&subscriptions))
            .await
            .is_none()
        {
            return;
        }
        let groups = subscriptions.groups().map(|(name, handlers)| {
            let (settings, clock) = ((*self.settings).clone(), self.clock.clone());
            Group {
                name,
                handlers: handlers.clone(),
                settings,
                clock,
            }
        });
        let groups = groups.map(|group| self.run_group(group, stop.clone()));
        tokio::join!(
            relay::run(self.clone(), Arc::clone(&subscriptions), stop.clone()),
            future::join_all(groups),
            housekeeping::run(self.clone(), Arc::clone(&subscriptions), stop.clone()),
        );
    }

    /// Creates the stream's groups before anything is relayed: what is appended before a group
    /// exists would pass it by. Without Redis: takes back what a stream of earlier days still held.
    async fn prepare(&self, subscriptions: &Subscriptions) {
        match &self.carrier {
            Carrier::Redis(redis) => {
                let groups: Vec<_> = subscriptions.groups().map(|(group, _)| group).collect();
                stream::create_groups(redis, &groups).await;
            }
            Carrier::Process { .. } => relay::take_back_from_stream(&self.db).await,
        }
    }

    async fn run_group(&self, group: Group, stop: CancellationToken) {
        let (name, settings) = (group.name, (*self.settings).clone());
        let (db, clock) = (self.db.clone(), self.clock.clone());
        let table = |moved| TableSource {
            group: name,
            db,
            clock,
            settings: settings.clone(),
            moved,
        };
        match &self.carrier {
            Carrier::Process { moved, .. } => {
                let moved = Arc::clone(lock(moved).entry(name).or_default());
                group.run(table(moved), stop).await;
            }
            Carrier::Redis(redis) => {
                let consumer = self.clock.new_id::<Self>().to_string();
                // The table may hold deliveries from before Redis was configured.
                let table = table(Arc::default());
                let stream = StreamSource::new(redis.clone(), name, consumer, settings.clone());
                tokio::join!(
                    group.clone().run(table, stop.clone()),
                    group.run(stream, stop)
                );
            }
        }
    }

    /// Tells the subscriptions that are for everywhere, until `stop`. For every replica.
    pub async fn listen(&self, subscriptions: Arc<Subscriptions>, stop: CancellationToken) {
        let listening: future::BoxFuture<'_, ()> = match &self.carrier {
            Carrier::Process { events, .. } => {
                Box::pin(table::listen(events.subscribe(), subscriptions))
            }
            Carrier::Redis(redis) => Box::pin(listener::listen(
                redis.clone(),
                subscriptions,
                &self.settings,
            )),
        };
        let _stopped = stop.run_until_cancelled(listening).await;
    }

    /// What the event-processor last saw; all zero in a process that does not run it.
    pub fn gauges(&self) -> &EventGauges {
        &self.gauges
    }

    /// Wakes the groups of this process, and tells its listeners.
    pub(super) fn moved_here(&self, relayed: Vec<Envelope>) {
        let Carrier::Process { moved, events } = &self.carrier else {
            return;
        };
        lock(moved).values().for_each(|group| group.notify_one());
        for envelope in relayed {
            // Without a listener there is nobody to tell.
            let _listeners = events.send(Arc::new(envelope));
        }
    }
}

fn lock(wakers: &Wakers) -> std::sync::MutexGuard<'_, BTreeMap<&'static str, Arc<Notify>>> {
    wakers
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}
