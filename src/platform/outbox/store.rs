//! Rows of the outbox, from their relay to their removal.

use std::time::Duration;

use diesel::{dsl, insert_into, prelude::*, update};

use super::schema::{platform_handled_event, platform_outbox, platform_relay};
use crate::{
    kernel::{ProjectId, Timestamp},
    platform::{
        db::{Backend, Conn, DbError, JsonColumn, each_backend},
        events::{Envelope, EventId},
    },
};

/// The row of `platform_relay`.
const RELAY: &str = "outbox";

/// An event that the relay has yet to move.
#[derive(Clone, Debug)]
pub(in crate::platform) struct Undelivered {
    pub sequence: i64,
    pub envelope: Envelope,
}

/// How far the relay is behind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OutboxLag {
    pub events: usize,
    /// Age of the oldest event that waits.
    pub oldest: Duration,
}

#[derive(Queryable)]
pub(super) struct EventColumns {
    id: EventId,
    project_id: ProjectId,
    aggregate: String,
    name: String,
    payload: JsonColumn,
    occurred_at: Timestamp,
}

impl From<EventColumns> for Envelope {
    fn from(row: EventColumns) -> Self {
        let EventColumns {
            id,
            project_id,
            aggregate,
            name,
            payload,
            occurred_at,
        } = row;
        Self {
            id,
            name,
            project: project_id,
            aggregate,
            occurred_at,
            payload: payload.0,
        }
    }
}

/// The right to move events, until the transaction that took it ends.
pub(in crate::platform) struct RelayTurn {
    /// The last entry that was written to the stream.
    pub last_entry: Option<String>,
}

/// Takes the relay's turn until the transaction ends, `None` when another process has the turn. Only one relay moves events at a time: if several
/// took rows past each other's locks, the order within an aggregate would be lost. The turn ends
/// with its transaction, so a killed relay is followed at once.
pub(in crate::platform) fn lock_relay(conn: &mut Conn) -> Result<Option<RelayTurn>, DbError> {
    let row = platform_relay::table
        .find(RELAY)
        .select(platform_relay::last_entry);
    let last_entry = match conn.backend() {
        Backend::Pg(c) => row.for_update().skip_locked().first(c).optional()?,
        Backend::Sqlite(c) => row.first(c).optional()?,
    };
    Ok(last_entry.map(|last_entry| RelayTurn { last_entry }))
}

pub(in crate::platform) fn set_last_entry(conn: &mut Conn, entry: &str) -> Result<(), DbError> {
    let row = update(platform_relay::table.find(RELAY)).set(platform_relay::last_entry.eq(entry));
    each_backend!(conn, |c| row.execute(c))?;
    Ok(())
}

/// The oldest events that were not relayed.
pub(in crate::platform) fn undelivered(
    conn: &mut Conn,
    limit: i64,
) -> Result<Vec<Undelivered>, DbError> {
    use platform_outbox::dsl as o;
    let query = o::platform_outbox
        .filter(o::relayed_at.is_null())
        .order(o::sequence)
        .limit(limit)
        .select((
            o::sequence,
            (
                o::id,
                o::project_id,
                o::aggregate,
                o::name,
                o::payload,
                o::occurred_at,
            ),
        ));
    let rows: Vec<(i64, EventColumns)> = each_backend!(conn, |c| query.load(c))?;
    Ok(rows
        .into_iter()
        .map(|(sequence, row)| Undelivered {
            sequence,
            envelope: row.into(),
        })
        .collect())
}

/// Notes that an event is on the bus: in the stream at `entry`, or (`None`) with the groups'
/// deliveries, which hold it from now on.
pub(in crate::platform) fn mark_relayed(
    conn: &mut Conn,
    sequence: i64,
    entry: Option<&str>,
    now: Timestamp,
) -> Result<(), DbError> {
    use platform_outbox::dsl as o;
    let settled = entry.is_none().then_some(now);
    let row = update(o::platform_outbox.find(sequence)).set((
        o::relayed_at.eq(Some(now)),
        o::entry.eq(entry),
        o::settled_at.eq(settled),
    ));
    each_backend!(conn, |c| row.execute(c))?;
    Ok(())
}

/// Every group is done with the stream's entries before `entry`.
pub(in crate::platform) fn mark_settled_by_entry(
    conn: &mut Conn,
    before: &str,
    now: Timestamp,
) -> Result<usize, DbError> {
    use platform_outbox::dsl as o;
    let rows = update(
        o::platform_outbox
            .filter(o::settled_at.is_null())
            .filter(o::entry.lt(before)),
    )
    .set(o::settled_at.eq(Some(now)));
    Ok(each_backend!(conn, |c| rows.execute(c))?)
}

/// The last entry that the relay wrote to the stream.
pub(in crate::platform) fn last_entry(conn: &mut Conn) -> Result<Option<String>, DbError> {
    let row = platform_relay::table
        .find(RELAY)
        .select(platform_relay::last_entry);
    Ok(each_backend!(conn, |c| row.first(c))?)
}

/// The stream lost what came after `entry`: those events that were not settled are to be relayed
/// again.
pub(in crate::platform) fn forget_entries_after(
    conn: &mut Conn,
    entry: &str,
) -> Result<usize, DbError> {
    use platform_outbox::dsl as o;
    let lost = o::platform_outbox
        .filter(o::settled_at.is_null())
        .filter(o::entry.gt(entry));
    let rows = update(lost).set((
        o::relayed_at.eq(None::<Timestamp>),
        o::entry.eq(None::<String>),
    ));
    Ok(each_backend!(conn, |c| rows.execute(c))?)
}

/// Notes that `group` commits an effect of the event; `false` when it did so before.
pub(in crate::platform) fn note_handled(
    conn: &mut Conn,
    group: &str,
    event: EventId,
    now: Timestamp,
) -> Result<bool, DbError> {
    use platform_handled_event::dsl as h;
    let row = (
        h::group_name.eq(group),
        h::event_id.eq(event),
        h::handled_at.eq(now),
    );
    let inserted = each_backend!(conn, |c| {
        insert_into(h::platform_handled_event)
            .values(row)
            .on_conflict_do_nothing()
            .execute(c)
    })?;
    Ok(inserted == 1)
}

/// Deletes at most `limit` events that were settled before `before`.
pub(in crate::platform) fn delete_settled_before(
    conn: &mut Conn,
    before: Timestamp,
    limit: i64,
) -> Result<usize, DbError> {
    use super::schema::platform_delivery as d;
    use platform_outbox::dsl as o;
    let undone = d::table
        .filter(d::sequence.eq(o::sequence))
        .select(d::sequence);
    let old = o::platform_outbox
        .filter(o::settled_at.lt(before))
        .filter(dsl::not(dsl::exists(undone)))
        .order(o::settled_at)
        .limit(limit)
        .select(o::sequence);
    let old: Vec<i64> = each_backend!(conn, |c| old.load(c))?;
    let rows = diesel::delete(o::platform_outbox.filter(o::sequence.eq_any(old)));
    Ok(each_backend!(conn, |c| rows.execute(c))?)
}

/// Deletes at most `limit` notes of [`note_handled`] older than `before`.
pub(in crate::platform) fn delete_handled_before(
    conn: &mut Conn,
    before: Timestamp,
    limit: i64,
) -> Result<usize, DbError> {
    use platform_handled_event::dsl as h;
    let old = h::platform_handled_event
        .filter(h::handled_at.lt(before))
        .order(h::handled_at)
        .limit(limit)
        .select((h::group_name, h::event_id));
    let old: Vec<(String, EventId)> = each_backend!(conn, |c| old.load(c))?;
    for (group, event) in &old {
        let row = diesel::delete(h::platform_handled_event.find((group, event)));
        each_backend!(conn, |c| row.execute(c))?;
    }
    Ok(old.len())
}

/// What `count(*)` gave.
pub(super) fn count(rows: i64) -> usize {
    usize::try_from(rows).unwrap_or_default()
}

/// # Errors
/// When the database fails.
pub fn lag(conn: &mut Conn, now: Timestamp) -> Result<OutboxLag, DbError> {
    use platform_outbox::dsl as o;
    let waiting = o::platform_outbox.filter(o::relayed_at.is_null());
    let counted = waiting.select((dsl::count_star(), dsl::min(o::sequence)));
    let (events, first): (i64, Option<i64>) = each_backend!(conn, |c| counted.first(c))?;
    let Some(first) = first else {
        return Ok(OutboxLag::default());
    };
    let occurred = o::platform_outbox.find(first).select(o::occurred_at);
    let occurred: Timestamp = each_backend!(conn, |c| occurred.first(c))?;
    Ok(OutboxLag {
        events: count(events),
        oldest: now.since(occurred),
    })
}
