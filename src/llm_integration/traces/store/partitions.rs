//! Days as tables of their own, on PostgreSQL: made ahead of time, and dropped once they are empty.
//!
//! Each table's day is made, or dropped, in a transaction of its own that begins with the strongest
//! lock that it needs: who holds it waits for nothing that a writer of traces could hold.

use diesel::{PgConnection, QueryableByName, RunQueryDsl, connection::SimpleConnection, sql_query};

use crate::{
    kernel::Timestamp,
    platform::db::{Backend, Conn, DbError},
};

/// The tables that have partitions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::llm_integration::traces) enum Daily {
    Traces,
    Observations,
}

impl Daily {
    pub const ALL: [Self; 2] = [Self::Traces, Self::Observations];

    const fn table(self) -> &'static str {
        match self {
            Self::Traces => "llm_trace",
            Self::Observations => "llm_observation",
        }
    }
}

/// Days that were not made ahead of time are made for rows that lie in the default partition, this
/// many at once, the newest first.
const LATE_DAYS: i64 = 30;

#[derive(QueryableByName)]
struct Day {
    #[diesel(sql_type = diesel::sql_types::Text)]
    day: String,
}

/// The days, as `YYYYMMDD`, that have no partition and need one: `ahead` days from today on, and
/// those of rows that came before theirs was there. None on SQLite.
pub(in crate::llm_integration::traces) fn missing_days(
    conn: &mut Conn,
    now: Timestamp,
    ahead: i32,
) -> Result<Vec<String>, DbError> {
    let Backend::Pg(c) = conn.backend() else {
        return Ok(Vec::new());
    };
    let days: Vec<Day> = sql_query(
        "WITH late AS (
             SELECT (started_at AT TIME ZONE 'UTC')::date AS day FROM llm_trace_default
             UNION SELECT (started_at AT TIME ZONE 'UTC')::date FROM llm_observation_default
             ORDER BY day DESC LIMIT $3
         ), wanted AS (
             SELECT day FROM late WHERE day BETWEEN DATE '1970-01-01' AND DATE '9999-12-30'
             UNION SELECT ($1::timestamptz AT TIME ZONE 'UTC')::date + n FROM generate_series(-1, $2) n
         )
         SELECT to_char(day, 'YYYYMMDD') AS day FROM wanted
          WHERE to_regclass('llm_observation_' || to_char(day, 'YYYYMMDD')) IS NULL
             OR to_regclass('llm_trace_' || to_char(day, 'YYYYMMDD')) IS NULL",
    )
    .bind::<diesel::sql_types::Text, _>(now.to_fixed_width())
    .bind::<diesel::sql_types::Integer, _>(ahead)
    .bind::<diesel::sql_types::BigInt, _>(LATE_DAYS)
    .load(c)?;
    Ok(days.into_iter().map(|Day { day }| day).collect())
}

/// Makes a day's partition of a table, and moves what came before it there.
pub(in crate::llm_integration::traces) fn make_day(
    conn: &mut Conn,
    daily: Daily,
    day: &str,
) -> Result<(), DbError> {
    let Backend::Pg(c) = conn.backend() else {
        return Ok(());
    };
    let parent = daily.table();
    if exists(c, &format!("{parent}_{day}"))? {
        return Ok(());
    }
    // Nobody writes to the default partition between the move and the attachment, and nobody reads
    // it: attaching looks at its rows under this lock.
    let lock = format!("LOCK TABLE {parent}_default IN ACCESS EXCLUSIVE MODE");
    c.batch_execute(&lock)?;
    if exists(c, &format!("{parent}_{day}"))? {
        return Ok(());
    }
    c.batch_execute(&format!(
        "CREATE TABLE {parent}_{day} (LIKE {parent} INCLUDING DEFAULTS INCLUDING CONSTRAINTS);
         WITH moved AS (
             DELETE FROM {parent}_default
              WHERE started_at >= '{day} 00:00:00+00' AND started_at < '{day} 00:00:00+00'::timestamptz + interval '24 hours'
             RETURNING *
         ) INSERT INTO {parent}_{day} SELECT * FROM moved;"
    ))?;
    let bounds = bounds(c, day)?;
    c.batch_execute(&format!(
        "ALTER TABLE {parent} ATTACH PARTITION {parent}_{day} FOR VALUES {bounds}"
    ))?;
    Ok(())
}

fn exists(c: &mut PgConnection, table: &str) -> Result<bool, DbError> {
    let found: Vec<Day> = sql_query("SELECT relname::text AS day FROM pg_class WHERE relname = $1")
        .bind::<diesel::sql_types::Text, _>(table)
        .load(c)?;
    Ok(!found.is_empty())
}

/// `FROM (...) TO (...)`, for a statement that takes no parameters.
fn bounds(c: &mut PgConnection, day: &str) -> Result<String, DbError> {
    let Day { day } = sql_query(
        "SELECT format('FROM (%L) TO (%L)', $1::date || ' 00:00:00+00', ($1::date + 1) || ' 00:00:00+00') AS day",
    )
    .bind::<diesel::sql_types::Text, _>(day)
    .get_result(c)?;
    Ok(day)
}

/// Partitions of days that ended before `before`, the oldest first.
pub(in crate::llm_integration::traces) fn days_before(
    conn: &mut Conn,
    before: Timestamp,
) -> Result<Vec<String>, DbError> {
    let Backend::Pg(c) = conn.backend() else {
        return Ok(Vec::new());
    };
    let days: Vec<Day> = sql_query(
        "SELECT DISTINCT right(i.inhrelid::regclass::text, 8) AS day FROM pg_inherits i
          WHERE i.inhparent IN ('llm_trace'::regclass, 'llm_observation'::regclass)
            AND i.inhrelid::regclass::text ~ '_[0-9]{8}$'
            AND right(i.inhrelid::regclass::text, 8) < to_char($1::timestamptz AT TIME ZONE 'UTC', 'YYYYMMDD')
          ORDER BY day",
    )
    .bind::<diesel::sql_types::Text, _>(before.to_fixed_width())
    .load(c)?;
    Ok(days.into_iter().map(|Day { day }| day).collect())
}

/// Drops a day's partition of a table if it holds nothing; returns whether it did.
pub(in crate::llm_integration::traces) fn drop_empty_day(
    conn: &mut Conn,
    daily: Daily,
    day: &str,
) -> Result<bool, DbError> {
    let Backend::Pg(c) = conn.backend() else {
        return Ok(false);
    };
    let parent = daily.table();
    let table = format!("{parent}_{day}");
    // Looked at without a lock first, which would stop everybody for a day that is still in use.
    if !exists(c, &table)? || has_rows(c, &table)? {
        return Ok(false);
    }
    c.batch_execute(&format!(
        "LOCK TABLE ONLY {parent} IN ACCESS EXCLUSIVE MODE"
    ))?;
    if !exists(c, &table)? || has_rows(c, &table)? {
        return Ok(false);
    }
    c.batch_execute(&format!("DROP TABLE {table}"))?;
    Ok(true)
}

fn has_rows(c: &mut PgConnection, table: &str) -> Result<bool, DbError> {
    let rows: Vec<Day> = sql_query(format!("SELECT 'row' AS day FROM {table} LIMIT 1")).load(c)?;
    Ok(!rows.is_empty())
}
