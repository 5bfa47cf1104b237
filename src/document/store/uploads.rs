//! Objects that are being written, or that no version has yet.

use diesel::{insert_into, prelude::*};

use crate::{
    document::schema::document_upload as u,
    kernel::{ProjectId, Timestamp},
    platform::db::{Conn, DbError, each_backend},
};

pub fn begin_upload(
    conn: &mut Conn,
    project: ProjectId,
    key: &str,
    now: Timestamp,
) -> Result<(), DbError> {
    let row = (
        u::object_key.eq(key),
        u::project_id.eq(project),
        u::started_at.eq(now),
    );
    each_backend!(conn, |c| insert_into(u::table).values(row).execute(c))?;
    Ok(())
}

/// The object has a version by now, or is gone. `false` when somebody gave the upload up already.
pub fn end_upload(conn: &mut Conn, key: &str) -> Result<bool, DbError> {
    let ended = each_backend!(conn, |c| diesel::delete(u::table.find(key)).execute(c))?;
    Ok(ended == 1)
}

/// Uploads that began before `before` and did not end, at most `limit`.
pub fn abandoned(conn: &mut Conn, before: Timestamp, limit: i64) -> Result<Vec<String>, DbError> {
    let query = u::table
        .filter(u::started_at.lt(before))
        .limit(limit)
        .select(u::object_key);
    Ok(each_backend!(conn, |c| query.load(c))?)
}
