//! Events: what a context announces, and who is told.
//!
//! A publisher commits an event with the state it is about ([`outbox::append`]); the
//! event-processor relays it to the [`bus`]; subscribers react. Two kinds of subscription:
//!
//! * **durable**: each group handles each event at least once, on one process. A handler's writes
//!   to this database become "once in effect" with [`Received::is_first`]. The order of an
//!   aggregate's events is kept while handlers succeed and one event-processor runs; a retry or a
//!   takeover can deliver an older event after a newer one, so a handler reads current state
//!   instead of trusting the order.
//! * **everywhere**: every replica is told, nothing is kept. For caches: when a replica may have
//!   missed something, it is told so ([`Subscriptions::on_gap`]).
//!
//! [`outbox::append`]: super::outbox::append
//! [`bus`]: super::bus

mod envelope;
mod handler;
mod subscriptions;

pub use envelope::{Envelope, Event, EventId};
pub use handler::{HandlerError, Received};
pub(in crate::platform) use subscriptions::GroupHandlers;
pub use subscriptions::Subscriptions;
