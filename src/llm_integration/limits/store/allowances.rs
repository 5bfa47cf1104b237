//! What is set aside of limits that outlive a process: the one place where such a limit is enforced.

use diesel::prelude::*;

use super::rules;
use crate::{
    kernel::{ProjectId, Timestamp},
    llm_integration::limits::{
        local::Deposit,
        model::Counter,
        schema::llm_allowance::{self, dsl},
    },
    platform::db::{Backend, Conn, DbError, each_backend},
};

/// What a process asks for one counter.
#[derive(Clone, Debug)]
pub(in crate::llm_integration::limits) struct Ask {
    pub counter: Counter,
    pub limit: i64,
    /// Less would not do. Below 0 the balance suffices, if no more is set aside than the limit.
    pub need: i64,
    /// Welcome, if there is as much.
    pub wish: i64,
}

/// Why nothing was set aside.
#[derive(Debug, thiserror::Error)]
pub(in crate::llm_integration::limits) enum Refused {
    /// The limit of this one of the asks leaves less than it needs.
    #[error("nothing is left to set aside")]
    Exhausted { at: usize, set_aside: i64 },
    #[error(transparent)]
    Db(#[from] DbError),
}

#[derive(Insertable)]
#[diesel(table_name = llm_allowance)]
struct AllowanceRow<'a> {
    project_id: ProjectId,
    subject_kind: &'a str,
    subject_value: &'a str,
    unit: &'a str,
    period: &'a str,
    starts_at: Timestamp,
    ends_at: Option<Timestamp>,
    set_aside: i64,
}

/// The row of a counter: its primary key.
macro_rules! row_of {
    ($counter:expr) => {
        llm_allowance::table.find((
            $counter.project,
            $counter.subject.kind().name(),
            $counter.subject.value(),
            $counter.measure.unit(),
            rules::period($counter.measure),
            $counter.starts_at,
        ))
    };
}

/// Sets aside for all of the asks, or for none. They come in the order of their counters, so that
/// two processes that ask at once wait for each other in the same order.
pub(in crate::llm_integration::limits) fn take(
    conn: &mut Conn,
    asks: &[Ask],
) -> Result<Vec<Deposit>, Refused> {
    let mut deposits = Vec::with_capacity(asks.len());
    for (at, ask) in asks.iter().enumerate() {
        let set_aside = lock(conn, &ask.counter)?;
        let left = ask.limit - set_aside;
        if left < ask.need {
            return Err(Refused::Exhausted { at, set_aside });
        }
        let amount = ask.wish.max(ask.need).min(left).max(0);
        let set_aside = set_aside + amount;
        set(conn, &ask.counter, set_aside)?;
        deposits.push(Deposit { amount, set_aside });
    }
    Ok(deposits)
}

/// Sets aside what was used beyond what had been set aside, whatever the limit says.
pub(in crate::llm_integration::limits) fn take_debt(
    conn: &mut Conn,
    counter: &Counter,
    amount: i64,
) -> Result<Deposit, DbError> {
    let set_aside = lock(conn, counter)?.saturating_add(amount);
    set(conn, counter, set_aside)?;
    Ok(Deposit { amount, set_aside })
}

/// Gives back what was set aside and not used.
pub(in crate::llm_integration::limits) fn give_back(
    conn: &mut Conn,
    counter: &Counter,
    amount: i64,
) -> Result<(), DbError> {
    each_backend!(conn, |c| {
        diesel::update(row_of!(counter))
            .set(dsl::set_aside.eq(dsl::set_aside - amount))
            .execute(c)
    })?;
    Ok(())
}

/// What is set aside; 0 for a counter that nobody asked for.
pub(in crate::llm_integration::limits) fn set_aside(
    conn: &mut Conn,
    counter: &Counter,
) -> Result<i64, DbError> {
    let found: Option<i64> = each_backend!(conn, |c| {
        row_of!(counter).select(dsl::set_aside).first(c).optional()
    })?;
    Ok(found.unwrap_or(0))
}

/// The subjects of a kind that something is set aside for in a window, the most first.
pub(in crate::llm_integration::limits) fn subjects(
    conn: &mut Conn,
    of: &Counter,
    limit: i64,
) -> Result<Vec<Counter>, DbError> {
    let (kind, unit, period) = (
        of.subject.kind().name(),
        of.measure.unit(),
        rules::period(of.measure),
    );
    let values: Vec<String> = each_backend!(conn, |c| {
        llm_allowance::table
            .filter(dsl::project_id.eq(of.project))
            .filter(dsl::subject_kind.eq(kind))
            .filter(dsl::unit.eq(unit))
            .filter(dsl::period.eq(period))
            .filter(dsl::starts_at.eq(of.starts_at))
            .order((dsl::set_aside.desc(), dsl::subject_value))
            .limit(limit)
            .select(dsl::subject_value)
            .load(c)
    })?;
    Ok(values.iter().map(|value| of.like(value)).collect())
}

/// Removes the rows of windows that ended before `time`.
pub(in crate::llm_integration::limits) fn remove_ended(
    conn: &mut Conn,
    time: Timestamp,
) -> Result<usize, DbError> {
    Ok(each_backend!(conn, |c| {
        diesel::delete(llm_allowance::table.filter(dsl::ends_at.lt(time))).execute(c)
    })?)
}

/// Makes sure that there is a row, and keeps others from changing it until the commit.
fn lock(conn: &mut Conn, counter: &Counter) -> Result<i64, DbError> {
    let row = AllowanceRow {
        project_id: counter.project,
        subject_kind: counter.subject.kind().name(),
        subject_value: counter.subject.value(),
        unit: counter.measure.unit(),
        period: rules::period(counter.measure),
        starts_at: counter.starts_at,
        ends_at: counter.ends_at(),
        set_aside: 0,
    };
    each_backend!(conn, |c| {
        diesel::insert_into(llm_allowance::table)
            .values(&row)
            .on_conflict_do_nothing()
            .execute(c)
    })?;
    let query = row_of!(counter).select(dsl::set_aside);
    Ok(match conn.backend() {
        Backend::Pg(c) => query.for_update().first(c)?,
        // The one writer holds the whole database already.
        Backend::Sqlite(c) => query.first(c)?,
    })
}

fn set(conn: &mut Conn, counter: &Counter, set_aside: i64) -> Result<(), DbError> {
    each_backend!(conn, |c| {
        diesel::update(row_of!(counter))
            .set(dsl::set_aside.eq(set_aside))
            .execute(c)
    })?;
    Ok(())
}
