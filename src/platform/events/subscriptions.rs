//! Who is told of which event. Filled in by `roles`, the one place that knows every context.

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    future::Future,
    sync::Arc,
};

use futures::future::BoxFuture;

use super::{
    Envelope, Event, HandlerError, Received,
    handler::{self, DurableHandler, EverywhereHandler},
};

/// One group's handlers by the name of the event.
pub(in crate::platform) type GroupHandlers = HashMap<&'static str, DurableHandler>;
type GapHandler = Arc<dyn Fn() -> BoxFuture<'static, ()> + Send + Sync>;

/// Every subscription of the product. Each role runs its part: the event-processor the durable
/// ones, every replica those that are everywhere.
#[derive(Clone, Default)]
pub struct Subscriptions {
    durable: BTreeMap<&'static str, GroupHandlers>,
    everywhere: HashMap<&'static str, Vec<EverywhereHandler>>,
    gaps: Vec<GapHandler>,
}

impl Subscriptions {
    pub fn new() -> Self {
        Self::default()
    }

    /// `handler` handles each `E` at least once, on whichever process `group` runs. A handler has
    /// half of `events.claim_after_ms`; longer work belongs in a job that it enqueues.
    ///
    /// # Panics
    /// When `group` has a handler of `E` already: one of the two would never run.
    #[must_use]
    pub fn durable<E, F, Fut>(mut self, group: &'static str, handler: F) -> Self
    where
        E: Event,
        F: Fn(Received<E>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), HandlerError>> + Send + 'static,
    {
        let handlers = self.durable.entry(group).or_default();
        let replaced = handlers.insert(E::NAME, handler::durable(group, handler));
        assert!(replaced.is_none(), "group `{group}` subscribes twice to `{}`", E::NAME);
        self
    }

    /// `handler` is told of each `E` on every replica that listens, within moments of its commit.
    /// An error is logged; nothing is delivered again.
    #[must_use]
    pub fn everywhere<E, F, Fut>(mut self, handler: F) -> Self
    where
        E: Event,
        F: Fn(E) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), HandlerError>> + Send + 'static,
    {
        self.everywhere.entry(E::NAME).or_default().push(handler::everywhere(handler));
        self
    }

    /// `handler` is told when events for everywhere may have been missed: after the connection was
    /// away for longer than the bus remembers, or the bus lost what it held.
    #[must_use]
    pub fn on_gap<F, Fut>(mut self, handler: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        self.gaps.push(Arc::new(move || Box::pin(handler())));
        self
    }

    pub(in crate::platform) fn groups(&self) -> impl Iterator<Item = (&'static str, &GroupHandlers)> {
        self.durable.iter().map(|(group, handlers)| (*group, handlers))
    }

    /// The groups that want an event of this name.
    pub(in crate::platform) fn groups_for(&self, name: &str) -> impl Iterator<Item = &'static str> {
        self.groups().filter(move |(_, handlers)| handlers.contains_key(name)).map(|(group, _)| group)
    }

    pub(in crate::platform) async fn tell_everywhere(&self, envelope: &Envelope) {
        for handler in self.everywhere.get(envelope.name.as_str()).into_iter().flatten() {
            if let Err(error) = handler(envelope).await {
                tracing::warn!(
                    event.id = %envelope.id, event.name = envelope.name,
                    error = &error as &dyn std::error::Error, "an event was not taken in here"
                );
            }
        }
    }

    pub(in crate::platform) async fn tell_gap(&self) {
        for handler in &self.gaps {
            handler().await;
        }
    }
}

impl fmt::Debug for Subscriptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscriptions")
            .field("groups", &self.durable.keys())
            .field("everywhere", &self.everywhere.keys())
            .finish_non_exhaustive()
    }
}
