//! The rows behind `Idempotency-Key`: a reservation first, then the answer.

use diesel::{
    ExpressionMethods, Insertable, OptionalExtension, QueryDsl, Queryable, RunQueryDsl, Selectable,
    SelectableHelper,
};

use super::Claim;
use crate::{
    kernel::{ProjectId, Timestamp},
    platform::db::{Conn, DbError, each_backend},
};

diesel::table! {
    use diesel::sql_types::{Binary, Integer, Nullable, Text};
    use crate::platform::db::{DbInstant, DbUuid};

    platform_idempotency (project_id, key) {
        project_id -> DbUuid,
        key -> Text,
        request_hash -> Binary,
        status -> Nullable<Integer>,
        content_type -> Nullable<Text>,
        body -> Nullable<Binary>,
        created_at -> DbInstant,
    }
}

/// What became of the wish to reserve a key.
pub(super) enum Reservation {
    /// It is ours; the request is to be carried out.
    Taken,
    /// The same request is being carried out right now.
    InFlight,
    /// The key stands for another request.
    OtherRequest,
    Answered(StoredAnswer),
}

pub(super) struct StoredAnswer {
    pub status: i32,
    pub content_type: Option<String>,
    pub body: Vec<u8>,
}

#[derive(Insertable)]
#[diesel(table_name = platform_idempotency)]
struct NewRow<'a> {
    project_id: ProjectId,
    key: &'a str,
    request_hash: &'a [u8],
    created_at: Timestamp,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = platform_idempotency)]
struct Row {
    request_hash: Vec<u8>,
    status: Option<i32>,
    content_type: Option<String>,
    body: Option<Vec<u8>>,
}

/// Reserves the claim's key, unless it is taken. A reservation without an answer that was made
/// before `abandoned` is taken over.
pub(super) fn reserve(
    conn: &mut Conn,
    claim: &Claim,
    now: Timestamp,
    abandoned: Timestamp,
) -> Result<Reservation, DbError> {
    use platform_idempotency as t;
    let new = NewRow {
        project_id: claim.project,
        key: &claim.key,
        request_hash: &claim.request_hash,
        created_at: now,
    };
    let stale = || {
        t::table
            .filter(t::project_id.eq(claim.project))
            .filter(t::key.eq(&claim.key))
            .filter(t::status.is_null())
            .filter(t::created_at.lt(abandoned))
    };
    each_backend!(conn, |c| diesel::delete(stale()).execute(c))?;
    let inserted = each_backend!(conn, |c| {
        diesel::insert_into(t::table)
            .values(&new)
            .on_conflict_do_nothing()
            .execute(c)
    })?;
    if inserted == 1 {
        return Ok(Reservation::Taken);
    }
    let row: Option<Row> = each_backend!(conn, |c| {
        t::table
            .find((claim.project, &claim.key))
            .select(Row::as_select())
            .first(c)
            .optional()
    })?;
    Ok(match row {
        Some(row) if row.request_hash != claim.request_hash => Reservation::OtherRequest,
        Some(Row {
            status: Some(status),
            content_type,
            body,
            ..
        }) => Reservation::Answered(StoredAnswer {
            status,
            content_type,
            body: body.unwrap_or_default(),
        }),
        // Not answered yet, or released between the two statements: the caller may try again.
        Some(_) | None => Reservation::InFlight,
    })
}

pub(super) fn complete(
    conn: &mut Conn,
    claim: &Claim,
    answer: &StoredAnswer,
) -> Result<(), DbError> {
    use platform_idempotency as t;
    each_backend!(conn, |c| {
        diesel::update(t::table.find((claim.project, &claim.key)))
            .set((
                t::status.eq(answer.status),
                t::content_type.eq(answer.content_type.as_deref()),
                t::body.eq(&answer.body),
            ))
            .execute(c)
    })?;
    Ok(())
}

pub(super) fn release(conn: &mut Conn, claim: &Claim) -> Result<(), DbError> {
    use platform_idempotency as t;
    each_backend!(conn, |c| {
        diesel::delete(
            t::table
                .find((claim.project, &claim.key))
                .filter(t::status.is_null()),
        )
        .execute(c)
    })?;
    Ok(())
}

/// Deletes at most `limit` answers, and reservations, that were made before `before`.
pub(in crate::platform) fn delete_answers_before(
    conn: &mut Conn,
    before: Timestamp,
    limit: i64,
) -> Result<usize, DbError> {
    use platform_idempotency as t;
    let old = t::table
        .filter(t::created_at.lt(before))
        .order(t::created_at)
        .limit(limit)
        .select((t::project_id, t::key));
    let old: Vec<(ProjectId, String)> = each_backend!(conn, |c| old.load(c))?;
    for (project, key) in &old {
        each_backend!(conn, |c| diesel::delete(t::table.find((project, key)))
            .execute(c))?;
    }
    Ok(old.len())
}
