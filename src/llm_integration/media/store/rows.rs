//! Media as rows.

use diesel::prelude::*;

use crate::{
    kernel::{ProjectId, Timestamp},
    llm_integration::media::{ContentType, MediaId, NewMedia, Sha256, schema::llm_media},
    platform::db::{Backend, Conn, DbError, each_backend},
};

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = llm_media)]
#[diesel(treat_none_as_default_value = false)]
pub(super) struct MediaRow {
    project_id: ProjectId,
    id: String,
    sha256: String,
    content_type: String,
    content_length: i64,
    uploaded_at: Option<Timestamp>,
    upload_status: Option<i32>,
    upload_error: Option<String>,
    created_at: Timestamp,
    object_key: Option<String>,
}

/// What is known of a medium.
#[derive(Clone, Debug)]
pub struct StoredMedia {
    pub id: MediaId,
    pub sha256: Sha256,
    pub content_type: ContentType,
    pub bytes: u64,
    /// When it was announced first.
    pub announced_at: Timestamp,
    /// Where its content lies, and since when; `None` before it was uploaded.
    pub content: Option<(String, Timestamp)>,
    /// The status of an upload that failed, and what was said of it.
    pub failure: Option<(i32, Option<String>)>,
}

impl MediaRow {
    pub fn into_stored(self) -> Result<StoredMedia, DbError> {
        let corrupt = |column: &str| DbError::Corrupt {
            what: format!("llm_media.{column}"),
        };
        let error = self.upload_error;
        Ok(StoredMedia {
            id: MediaId::stored(self.id),
            sha256: self.sha256.parse().map_err(|_| corrupt("sha256"))?,
            content_type: self
                .content_type
                .parse()
                .map_err(|_| corrupt("content_type"))?,
            bytes: self.content_length.unsigned_abs(),
            announced_at: self.created_at,
            content: self.object_key.zip(self.uploaded_at),
            failure: self.upload_status.map(|status| (status, error)),
        })
    }
}

/// Adds what was announced, unless the project has it already.
pub fn insert(
    conn: &mut Conn,
    project_id: ProjectId,
    new: &NewMedia,
    now: Timestamp,
) -> Result<(), DbError> {
    let row = MediaRow {
        project_id,
        id: new.sha256.media_id().as_str().to_owned(),
        sha256: new.sha256.as_str().to_owned(),
        content_type: new.content_type.as_str().to_owned(),
        content_length: length_of(new),
        uploaded_at: None,
        upload_status: None,
        upload_error: None,
        created_at: now,
        object_key: None,
    };
    each_backend!(conn, |c| diesel::insert_into(llm_media::table)
        .values(&row)
        .on_conflict_do_nothing()
        .execute(c))?;
    Ok(())
}

/// No medium that was checked is longer than a file can be.
fn length_of(new: &NewMedia) -> i64 {
    i64::try_from(new.bytes).unwrap_or(i64::MAX)
}

pub fn media(
    conn: &mut Conn,
    project: ProjectId,
    id: &MediaId,
) -> Result<Option<StoredMedia>, DbError> {
    let row: Option<MediaRow> = each_backend!(conn, |c| {
        llm_media::table
            .find((project, id.as_str()))
            .select(MediaRow::as_select())
            .first(c)
            .optional()
    })?;
    row.map(MediaRow::into_stored).transpose()
}

/// The medium, which nobody else changes or removes before this transaction ends.
pub fn hold(
    conn: &mut Conn,
    project: ProjectId,
    id: &MediaId,
) -> Result<Option<StoredMedia>, DbError> {
    macro_rules! of_id {
        () => {
            llm_media::table
                .find((project, id.as_str()))
                .select(MediaRow::as_select())
        };
    }
    let row: Option<MediaRow> = match conn.backend() {
        Backend::Pg(c) => of_id!().for_update().first(c),
        // Its one writer holds the whole database already.
        Backend::Sqlite(c) => of_id!().first(c),
    }
    .optional()?;
    row.map(MediaRow::into_stored).transpose()
}

/// What is announced of a content last, counts.
pub fn describe(conn: &mut Conn, project: ProjectId, new: &NewMedia) -> Result<(), DbError> {
    let id = new.sha256.media_id();
    let of_id = llm_media::table.find((project, id.as_str()));
    each_backend!(conn, |c| {
        diesel::update(of_id)
            .set((
                llm_media::content_type.eq(new.content_type.as_str()),
                llm_media::content_length.eq(length_of(new)),
            ))
            .execute(c)
    })?;
    Ok(())
}

/// Notes where the content lies. False when it was there before, or the medium is gone, or was
/// announced anew since the upload was asked for.
pub fn keep(
    conn: &mut Conn,
    project: ProjectId,
    id: &MediaId,
    (key, asked_at): (&str, Timestamp),
    now: Timestamp,
) -> Result<bool, DbError> {
    const UPLOADED: i32 = 200;
    let waiting = llm_media::table
        .find((project, id.as_str()))
        .filter(llm_media::created_at.le(asked_at))
        .filter(llm_media::object_key.is_null());
    let kept = each_backend!(conn, |c| {
        diesel::update(waiting)
            .set((
                llm_media::object_key.eq(Some(key)),
                llm_media::uploaded_at.eq(Some(now)),
                llm_media::upload_status.eq(Some(UPLOADED)),
                llm_media::upload_error.eq(None::<String>),
            ))
            .execute(c)
    })?;
    Ok(kept > 0)
}

/// Notes what a sender says of an upload that failed. What is here stays here.
pub fn note_failure(
    conn: &mut Conn,
    project: ProjectId,
    id: &MediaId,
    status: i32,
    error: Option<&str>,
) -> Result<(), DbError> {
    let waiting = llm_media::table
        .find((project, id.as_str()))
        .filter(llm_media::object_key.is_null());
    each_backend!(conn, |c| {
        diesel::update(waiting)
            .set((
                llm_media::upload_status.eq(Some(status)),
                llm_media::upload_error.eq(error),
            ))
            .execute(c)
    })?;
    Ok(())
}
