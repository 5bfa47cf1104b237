//! What refers to media.

use diesel::prelude::*;

use super::{StoredMedia, rows::MediaRow};
use crate::{
    kernel::{ProjectId, Timestamp},
    llm_integration::{
        ObservationId, TraceId,
        media::{
            MediaField, MediaId, MediaOwner,
            model::{OF_OBSERVATION, OF_TRACE},
            schema::{llm_media, llm_media_link},
        },
    },
    platform::db::{Conn, DbError, each_backend},
};

/// Media of one trace that are listed.
const MAX_OF_TRACE: i64 = 1000;

pub fn link(
    conn: &mut Conn,
    project: ProjectId,
    media: &MediaId,
    (owner, field): (&MediaOwner, MediaField),
    now: Timestamp,
) -> Result<(), DbError> {
    use llm_media_link as l;
    let owner = owner.as_stored();
    let row = (
        l::project_id.eq(project),
        l::media_id.eq(media.as_str()),
        l::owner_kind.eq(owner.kind),
        l::within_id.eq(owner.within),
        l::owner_id.eq(owner.id),
        l::field.eq(field.name()),
        l::created_at.eq(now),
    );
    each_backend!(conn, |c| diesel::insert_into(l::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(c))?;
    Ok(())
}

/// The media of a trace and its observations, in the order in which they were announced.
pub fn of_trace(
    conn: &mut Conn,
    project: ProjectId,
    trace: &TraceId,
) -> Result<Vec<(StoredMedia, Option<ObservationId>, MediaField)>, DbError> {
    use {llm_media as m, llm_media_link as l};
    let of_link = m::project_id
        .eq(l::project_id)
        .and(m::id.eq(l::media_id))
        .and(m::object_key.is_not_null());
    let rows: Vec<(MediaRow, String, String, String)> = each_backend!(conn, |c| {
        l::table
            .inner_join(m::table.on(of_link))
            .filter(l::project_id.eq(project))
            .filter(l::within_id.eq(trace.as_str()))
            .filter(l::owner_kind.eq_any([OF_TRACE, OF_OBSERVATION]))
            .order((l::created_at, l::media_id, l::owner_id, l::field))
            .limit(MAX_OF_TRACE)
            .select((MediaRow::as_select(), l::owner_kind, l::owner_id, l::field))
            .load(c)
    })?;
    let linked = |(row, kind, owner, field): (MediaRow, String, String, String)| {
        let field = field.parse().map_err(|_| DbError::Corrupt {
            what: "llm_media_link.field".to_owned(),
        })?;
        let observation = (kind == OF_OBSERVATION).then(|| ObservationId::stored(owner));
        Ok((row.into_stored()?, observation, field))
    };
    rows.into_iter().map(linked).collect()
}
