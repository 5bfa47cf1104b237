//! The bus: carries events from the outbox to the groups and replicas that want them.
//!
//! One face, two carriers. Without Redis, everything runs in one process: the relay writes what
//! each group owes into table `platform_delivery`, and tells this process' listeners. With Redis,
//! the relay appends to the stream `kaname:events`; groups are consumer groups, and every replica
//! reads the stream. Either way the database is what counts: an event that some group has not
//! handled is never only in memory, nor only in Redis (a stream that lost entries is filled again).
//!
//! Both carriers give each group the same promises: at least once; a try that did not end is
//! repeated after `events.claim_after_ms`; after `events.delivery_attempts` the event goes to the
//! dead letters with the last error; a group that fails holds up no other.

mod carriers;
mod consumer;
mod entry;
mod gauges;
mod housekeeping;
mod listener;
mod relay;
mod settings;
mod stream;
mod stream_source;
mod table;

pub use carriers::Bus;
pub use gauges::{EventFigures, EventGauges};
pub use settings::EventSettings;
