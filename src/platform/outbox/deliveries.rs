//! What each group still has to handle, as rows: the bus of a process without Redis.

use diesel::{dsl, insert_into, prelude::*, update};

use super::{
    schema::{platform_dead_event, platform_delivery, platform_outbox},
    store::{EventColumns, count},
};
use crate::{
    kernel::Timestamp,
    platform::{
        db::{Backend, Conn, DbError, JsonColumn, each_backend},
        events::{Envelope, EventId},
    },
};

/// An event that a group has taken.
pub(in crate::platform) struct TableDelivery {
    pub sequence: i64,
    /// 1 for the first try.
    pub attempt: i32,
    pub envelope: Envelope,
}

/// An event that a group gives up, and why.
pub(in crate::platform) struct DeadEvent<'a> {
    pub envelope: &'a Envelope,
    pub attempts: i32,
    pub error: &'a str,
}

/// Owes an event to `group`.
pub(in crate::platform) fn deliver(
    conn: &mut Conn,
    group: &str,
    sequence: i64,
    now: Timestamp,
) -> Result<(), DbError> {
    use platform_delivery::dsl as d;
    let row = (
        d::group_name.eq(group),
        d::sequence.eq(sequence),
        d::attempts.eq(0),
        d::due_at.eq(now),
    );
    each_backend!(conn, |c| {
        insert_into(d::platform_delivery)
            .values(row)
            .on_conflict_do_nothing()
            .execute(c)
    })?;
    Ok(())
}

/// Takes what is due for `group`, oldest event first. What is not settled by `until` is due again,
/// whatever became of the process: so every try counts, also one that ended the process.
pub(in crate::platform) fn take(
    conn: &mut Conn,
    group: &str,
    (now, until): (Timestamp, Timestamp),
    limit: i64,
) -> Result<Vec<TableDelivery>, DbError> {
    use platform_delivery::dsl as d;
    use platform_outbox::dsl as o;
    let due = d::platform_delivery
        .filter(d::group_name.eq(group))
        .filter(d::due_at.le(now))
        .order(d::sequence)
        .limit(limit)
        .select((d::sequence, d::attempts));
    let due: Vec<(i64, i32)> = match conn.backend() {
        Backend::Pg(c) => due.for_update().skip_locked().load(c)?,
        Backend::Sqlite(c) => due.load(c)?,
    };
    if due.is_empty() {
        return Ok(Vec::new());
    }
    let sequences: Vec<i64> = due.iter().map(|(sequence, _)| *sequence).collect();
    let taken = d::platform_delivery
        .filter(d::group_name.eq(group))
        .filter(d::sequence.eq_any(sequences.clone()));
    let taken = update(taken).set((d::attempts.eq(d::attempts + 1), d::due_at.eq(until)));
    each_backend!(conn, |c| taken.execute(c))?;
    let events = o::platform_outbox
        .filter(o::sequence.eq_any(sequences))
        .order(o::sequence)
        .select((
            o::id,
            o::project_id,
            o::aggregate,
            o::name,
            o::payload,
            o::occurred_at,
        ));
    let events: Vec<EventColumns> = each_backend!(conn, |c| events.load(c))?;
    let delivery = |((sequence, attempts), row): (_, EventColumns)| TableDelivery {
        sequence,
        attempt: attempts + 1,
        envelope: row.into(),
    };
    Ok(due.into_iter().zip(events).map(delivery).collect())
}

/// Keeps deliveries that were taken from being due before `until`.
pub(in crate::platform) fn keep(
    conn: &mut Conn,
    group: &str,
    sequences: &[i64],
    until: Timestamp,
) -> Result<(), DbError> {
    use platform_delivery::dsl as d;
    let mine = d::platform_delivery
        .filter(d::group_name.eq(group))
        .filter(d::sequence.eq_any(sequences.to_vec()));
    let rows = update(mine).set(d::due_at.eq(until));
    each_backend!(conn, |c| rows.execute(c))?;
    Ok(())
}

/// When the next delivery of `group` is due.
pub(in crate::platform) fn next_due(
    conn: &mut Conn,
    group: &str,
) -> Result<Option<Timestamp>, DbError> {
    use platform_delivery::dsl as d;
    let query = d::platform_delivery
        .filter(d::group_name.eq(group))
        .order(d::due_at)
        .limit(1)
        .select(d::due_at);
    Ok(each_backend!(conn, |c| query.first(c).optional())?)
}

/// `group` is done with events, having handled them or given them up.
pub(in crate::platform) fn settle(
    conn: &mut Conn,
    group: &str,
    sequences: &[i64],
) -> Result<(), DbError> {
    use platform_delivery::dsl as d;
    let done = d::platform_delivery
        .filter(d::group_name.eq(group))
        .filter(d::sequence.eq_any(sequences.to_vec()));
    each_backend!(conn, |c| diesel::delete(done).execute(c))?;
    Ok(())
}

/// Keeps an event that `group` gives up among the dead letters.
pub(in crate::platform) fn bury(
    conn: &mut Conn,
    group: &str,
    dead: &DeadEvent<'_>,
    now: Timestamp,
) -> Result<(), DbError> {
    use platform_dead_event::dsl as x;
    let Envelope {
        id,
        name,
        project,
        aggregate,
        occurred_at,
        payload,
    } = dead.envelope;
    let row = (
        (
            x::group_name.eq(group),
            x::event_id.eq(*id),
            x::project_id.eq(*project),
        ),
        (
            x::aggregate.eq(aggregate),
            x::name.eq(name),
            x::payload.eq(JsonColumn(payload.clone())),
        ),
        (
            x::occurred_at.eq(*occurred_at),
            x::attempts.eq(dead.attempts),
            x::error.eq(dead.error),
        ),
        x::died_at.eq(now),
    );
    each_backend!(conn, |c| {
        insert_into(x::platform_dead_event)
            .values(row)
            .on_conflict_do_nothing()
            .execute(c)
    })?;
    Ok(())
}

/// How many events groups have given up.
///
/// # Errors
/// When the database fails.
pub fn dead_count(conn: &mut Conn) -> Result<usize, DbError> {
    let query = platform_dead_event::table.select(dsl::count_star());
    Ok(count(each_backend!(conn, |c| query.first(c))?))
}

/// Deletes at most `limit` events that a group gave up before `before`.
pub(in crate::platform) fn delete_dead_before(
    conn: &mut Conn,
    before: Timestamp,
    limit: i64,
) -> Result<usize, DbError> {
    use platform_dead_event::dsl as x;
    let old = x::platform_dead_event
        .filter(x::died_at.lt(before))
        .order(x::died_at)
        .limit(limit)
        .select((x::group_name, x::event_id));
    let old: Vec<(String, EventId)> = each_backend!(conn, |c| old.load(c))?;
    for (group, event) in &old {
        let row = diesel::delete(x::platform_dead_event.find((group, event)));
        each_backend!(conn, |c| row.execute(c))?;
    }
    Ok(old.len())
}
