//! What each group still has to handle, as rows: the bus of a process without Redis.

use diesel::{dsl, insert_into, prelude::*, update};

use super::{
    schema::{platform_dead_event, platform_delivery, platform_outbox},
    store::EventColumns,
};
use crate::{
    kernel::Timestamp,
    platform::{
        db::{Conn, DbError, JsonColumn, each_backend},
        events::Envelope,
    },
};

/// An event that is due for a group.
pub(in crate::platform) struct TableDelivery {
    pub sequence: i64,
    /// Tries that ended before this one.
    pub attempts: i32,
    pub envelope: Envelope,
}

/// What became of one delivery.
pub(in crate::platform) enum Settled<'a> {
    Done,
    /// To be tried again.
    Again { due_at: Timestamp },
    /// Given up.
    Dead { envelope: &'a Envelope, attempts: i32, error: &'a str, now: Timestamp },
}

/// Owes an event to `group`.
pub(in crate::platform) fn deliver(
    conn: &mut Conn,
    group: &str,
    sequence: i64,
    now: Timestamp,
) -> Result<(), DbError> {
    use platform_delivery::dsl as d;
    let row = (d::group_name.eq(group), d::sequence.eq(sequence), d::attempts.eq(0), d::due_at.eq(now));
    each_backend!(conn, |c| {
        insert_into(d::platform_delivery).values(row).on_conflict_do_nothing().execute(c)
    })?;
    Ok(())
}

/// What is due for `group`, oldest event first.
pub(in crate::platform) fn due(
    conn: &mut Conn,
    group: &str,
    now: Timestamp,
    limit: i64,
) -> Result<Vec<TableDelivery>, DbError> {
    use platform_delivery::dsl as d;
    use platform_outbox::dsl as o;
    let query = d::platform_delivery
        .inner_join(o::platform_outbox)
        .filter(d::group_name.eq(group))
        .filter(d::due_at.le(now))
        .order(d::sequence)
        .limit(limit)
        .select((
            (d::sequence, d::attempts),
            (o::id, o::project_id, o::aggregate, o::name, o::payload, o::occurred_at),
        ));
    let rows: Vec<((i64, i32), EventColumns)> = each_backend!(conn, |c| query.load(c))?;
    let delivery = |((sequence, attempts), row): (_, EventColumns)| TableDelivery {
        sequence,
        attempts,
        envelope: row.into(),
    };
    Ok(rows.into_iter().map(delivery).collect())
}

/// When the next delivery of `group` is due.
pub(in crate::platform) fn next_due(conn: &mut Conn, group: &str) -> Result<Option<Timestamp>, DbError> {
    use platform_delivery::dsl as d;
    let query = d::platform_delivery
        .filter(d::group_name.eq(group))
        .order(d::due_at)
        .limit(1)
        .select(d::due_at);
    Ok(each_backend!(conn, |c| query.first(c).optional())?)
}

/// Records what became of a delivery.
pub(in crate::platform) fn settle(
    conn: &mut Conn,
    group: &str,
    sequence: i64,
    outcome: &Settled<'_>,
) -> Result<(), DbError> {
    use platform_delivery::dsl as d;
    if let Settled::Again { due_at } = outcome {
        let row = update(d::platform_delivery.find((group, sequence)))
            .set((d::attempts.eq(d::attempts + 1), d::due_at.eq(*due_at)));
        each_backend!(conn, |c| row.execute(c))?;
        return Ok(());
    }
    if let Settled::Dead { envelope, attempts, error, now } = outcome {
        bury(conn, group, envelope, *attempts, error, *now)?;
    }
    let row = diesel::delete(d::platform_delivery.find((group, sequence)));
    each_backend!(conn, |c| row.execute(c))?;
    Ok(())
}

/// Keeps an event that a group gave up, with the last error.
fn bury(
    conn: &mut Conn,
    group: &str,
    envelope: &Envelope,
    attempts: i32,
    error: &str,
    now: Timestamp,
) -> Result<(), DbError> {
    use platform_dead_event::dsl as x;
    let Envelope { id, name, project, aggregate, occurred_at, payload } = envelope;
    let row = (
        (x::group_name.eq(group), x::event_id.eq(*id), x::project_id.eq(*project)),
        (x::aggregate.eq(aggregate), x::name.eq(name), x::payload.eq(JsonColumn(payload.clone()))),
        (x::occurred_at.eq(*occurred_at), x::attempts.eq(attempts), x::error.eq(error)),
        x::died_at.eq(now),
    );
    each_backend!(conn, |c| {
        insert_into(x::platform_dead_event).values(row).on_conflict_do_nothing().execute(c)
    })?;
    Ok(())
}

/// How many events groups have given up.
///
/// # Errors
/// When the database fails.
pub fn dead_count(conn: &mut Conn) -> Result<i64, DbError> {
    let query = platform_dead_event::table.select(dsl::count_star());
    Ok(each_backend!(conn, |c| query.first(c))?)
}
