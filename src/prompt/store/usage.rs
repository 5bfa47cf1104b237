//! How often each version was fetched.

use diesel::prelude::*;

use crate::{
    kernel::Timestamp,
    platform::db::{Conn, DbError, each_backend},
    prompt::{
        model::{PromptId, VersionId, VersionNumber},
        schema::{prompt_usage, prompt_version},
    },
};

/// One version's counters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionUsage {
    pub version: VersionNumber,
    pub fetches: i64,
    pub last_fetched_at: Option<Timestamp>,
}

/// Adds to counters. A version that is deleted by now has none, and nothing happens.
pub fn add_fetches(
    conn: &mut Conn,
    counts: &[(VersionId, i64)],
    now: Timestamp,
) -> Result<(), DbError> {
    for (version, count) in counts {
        each_backend!(conn, |c| {
            diesel::update(prompt_usage::table.find(*version))
                .set((
                    prompt_usage::fetches.eq(prompt_usage::fetches + *count),
                    prompt_usage::last_fetched_at.eq(now),
                ))
                .execute(c)
        })?;
    }
    Ok(())
}

/// The counters of a prompt's versions, from the highest version down.
pub fn usage(conn: &mut Conn, prompt: PromptId, limit: i64) -> Result<Vec<VersionUsage>, DbError> {
    let query = prompt_usage::table
        .inner_join(prompt_version::table)
        .filter(prompt_version::prompt_id.eq(prompt))
        .order(prompt_version::number.desc())
        .limit(limit)
        .select((
            prompt_version::number,
            prompt_usage::fetches,
            prompt_usage::last_fetched_at,
        ));
    let rows: Vec<(i32, i64, Option<Timestamp>)> = each_backend!(conn, |c| query.load(c))?;
    let usage = |(number, fetches, last_fetched_at)| VersionUsage {
        version: VersionNumber::stored(number),
        fetches,
        last_fetched_at,
    };
    Ok(rows.into_iter().map(usage).collect())
}
