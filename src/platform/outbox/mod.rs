//! The outbox: events that commit, or not, together with the state they are about.
//!
//! [`append`] writes a row in the caller's transaction. The event-processor's relay moves rows to
//! the bus in the order of their commits, one relay at a time, and says so in the row. A row is
//! *settled* once every durable group has handled it or given it up; until then the row is the
//! event's only safe copy, whatever Redis forgets.

mod append;
mod deliveries;
mod schema;
mod store;

pub use append::append;
pub use deliveries::dead_count;
pub(in crate::platform) use deliveries::{
    DeadEvent, TableDelivery, bury, delete_dead_before, deliver, keep, next_due, settle, take,
};
pub use store::{OutboxLag, lag};
pub(in crate::platform) use store::{
    Undelivered, delete_handled_before, delete_settled_before, forget_entries_after, last_entry,
    lock_relay, mark_relayed, mark_settled_by_entry, note_handled, set_last_entry, undelivered,
};
