//! The publisher's side: one row in the publisher's own transaction.

use diesel::{RunQueryDsl, insert_into, prelude::*, sql_query, sql_types::BigInt};

use super::schema::platform_outbox;
use crate::{
    kernel::Clock,
    platform::{
        db::{Backend, Conn, DbError, JsonColumn, each_backend},
        events::{Envelope, Event, EventId},
        wakeup::Topic,
    },
};

/// Announces `event` when, and only when, the running transaction commits.
///
/// # Errors
/// When the event has no JSON form, or the database fails.
pub fn append<E: Event>(conn: &mut Conn, clock: &Clock, event: &E) -> Result<EventId, DbError> {
    let payload = serde_json::to_value(event)
        .map_err(|error| DbError::Corrupt { what: format!("event {}: {error}", E::NAME) })?;
    let (id, aggregate) = (clock.new_id::<Envelope>(), event.aggregate());
    keep_commit_order(conn, event, &aggregate)?;
    let row = (
        platform_outbox::id.eq(id),
        platform_outbox::project_id.eq(event.project()),
        platform_outbox::aggregate.eq(aggregate),
        platform_outbox::name.eq(E::NAME),
        platform_outbox::payload.eq(JsonColumn(payload)),
        platform_outbox::occurred_at.eq(clock.now()),
    );
    each_backend!(conn, |c| insert_into(platform_outbox::table).values(row).execute(c))?;
    conn.wake_after_commit(Topic::Outbox);
    Ok(id)
}

/// PostgreSQL numbers a row when it is written, not when it commits: of two transactions on one
/// aggregate, the later number could commit first and be relayed first. A lock on the aggregate,
/// held to the end of the transaction, makes the two orders one. SQLite has one writer anyway.
fn keep_commit_order<E: Event>(conn: &mut Conn, event: &E, aggregate: &str) -> Result<(), DbError> {
    let Backend::Pg(c) = conn.backend() else { return Ok(()) };
    let mut hasher = blake3::Hasher::new();
    hasher.update(event.project().as_uuid().as_bytes()).update(aggregate.as_bytes());
    let mut key = [0; 8];
    key.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
    sql_query("SELECT pg_advisory_xact_lock($1)").bind::<BigInt, _>(i64::from_le_bytes(key)).execute(c)?;
    Ok(())
}
