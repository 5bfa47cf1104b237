//! Versions, their content and their state.

use diesel::{
    dsl::{exists, not},
    insert_into,
    prelude::*,
};

use crate::{
    document::{
        extraction::FileMetadata,
        model::{
            Content, DocumentId, DocumentVersion, FileName, VersionId, VersionNumber, VersionState,
        },
        schema::{document_document as d, document_version, document_version as v},
    },
    kernel::{ProjectId, Timestamp},
    platform::{
        db::{Conn, DbError, JsonColumn, each_backend},
        jobs::JobId,
    },
};

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = v)]
#[diesel(treat_none_as_default_value = false, treat_none_as_null = true)]
pub(super) struct VersionRow {
    id: VersionId,
    document_id: DocumentId,
    project_id: ProjectId,
    number: i32,
    file_name: String,
    sha256: String,
    bytes: i64,
    kind: String,
    object_key: String,
    state: String,
    reason: Option<String>,
    page_count: Option<i32>,
    pages_done: i32,
    characters: i64,
    metadata: JsonColumn,
    reader: i32,
    stalls: i32,
    stalled_at: Option<i32>,
    job_id: Option<JobId>,
    uploaded_by: String,
    created_at: Timestamp,
    updated_at: Timestamp,
    read_at: Option<Timestamp>,
    indexed_at: Option<Timestamp>,
}

impl TryFrom<&DocumentVersion> for VersionRow {
    type Error = DbError;

    fn try_from(version: &DocumentVersion) -> Result<Self, DbError> {
        let metadata = serde_json::to_value(&version.metadata).map_err(|error| {
            let what = format!("metadata to store: {error}");
            DbError::Corrupt { what }
        })?;
        let Content {
            sha256,
            bytes,
            kind,
            object_key,
        } = &version.content;
        Ok(Self {
            id: version.id,
            document_id: version.document,
            project_id: version.project,
            number: version.number.get(),
            file_name: version.file_name.as_str().to_owned(),
            sha256: sha256.clone(),
            bytes: *bytes,
            kind: kind.as_str().to_owned(),
            object_key: object_key.clone(),
            state: version.state.name().to_owned(),
            reason: version.reason.clone(),
            page_count: version.page_count,
            pages_done: version.pages_done,
            characters: version.characters,
            metadata: JsonColumn(metadata),
            reader: version.reader,
            stalls: version.stalls,
            stalled_at: version.stalled_at,
            job_id: version.job,
            uploaded_by: version.uploaded_by.clone(),
            created_at: version.created_at,
            updated_at: version.updated_at,
            read_at: version.read_at,
            indexed_at: version.indexed_at,
        })
    }
}

impl TryFrom<VersionRow> for DocumentVersion {
    type Error = DbError;

    fn try_from(row: VersionRow) -> Result<Self, DbError> {
        let VersionRow {
            id,
            document_id: document,
            project_id: project,
            number,
            file_name,
            sha256,
            bytes,
            kind,
            object_key,
            state,
            reason,
            page_count,
            pages_done,
            characters,
            metadata,
            reader,
            stalls,
            stalled_at,
            job_id: job,
            uploaded_by,
            created_at,
            updated_at,
            read_at,
            indexed_at,
        } = row;
        let corrupt = |what: String| DbError::Corrupt {
            what: format!("version {id} of a document: {what}"),
        };
        let metadata: FileMetadata =
            serde_json::from_value(metadata.0).map_err(|error| corrupt(error.to_string()))?;
        let kind = kind
            .parse()
            .map_err(|_| corrupt(format!("the kind {kind}")))?;
        let state: VersionState = state
            .parse()
            .map_err(|_| corrupt(format!("the state {state}")))?;
        Ok(Self {
            id,
            document,
            project,
            number: VersionNumber::stored(number),
            file_name: FileName::stored(file_name),
            content: Content {
                sha256,
                bytes,
                kind,
                object_key,
            },
            state,
            reason,
            page_count,
            pages_done,
            characters,
            metadata,
            reader,
            stalls,
            stalled_at,
            job,
            uploaded_by,
            created_at,
            updated_at,
            read_at,
            indexed_at,
        })
    }
}

pub(super) fn versions(rows: Vec<VersionRow>) -> Result<Vec<DocumentVersion>, DbError> {
    rows.into_iter().map(DocumentVersion::try_from).collect()
}

pub fn insert_version(conn: &mut Conn, version: &DocumentVersion) -> Result<(), DbError> {
    let row = VersionRow::try_from(version)?;
    each_backend!(conn, |c| insert_into(v::table).values(row).execute(c))?;
    Ok(())
}

pub fn find_version(
    conn: &mut Conn,
    document: DocumentId,
    number: VersionNumber,
) -> Result<Option<DocumentVersion>, DbError> {
    let query = v::table
        .filter(v::document_id.eq(document))
        .filter(v::number.eq(number.get()));
    let row: Option<VersionRow> = each_backend!(conn, |c| query
        .select(VersionRow::as_select())
        .first(c)
        .optional())?;
    row.map(DocumentVersion::try_from).transpose()
}

/// Finds a version that is about to change; nobody else changes it until the transaction ends.
pub fn open_version(
    conn: &mut Conn,
    id: VersionId,
    now: Timestamp,
) -> Result<Option<DocumentVersion>, DbError> {
    let row: Option<VersionRow> = each_backend!(conn, |c| {
        diesel::update(v::table.find(id))
            .set(v::updated_at.eq(now))
            .returning(VersionRow::as_returning())
            .get_result(c)
            .optional()
    })?;
    row.map(DocumentVersion::try_from).transpose()
}

/// Writes what may change of a version.
pub fn save_version(conn: &mut Conn, version: &DocumentVersion) -> Result<(), DbError> {
    let row = VersionRow::try_from(version)?;
    each_backend!(conn, |c| diesel::update(v::table.find(version.id))
        .set(&row)
        .execute(c))?;
    Ok(())
}

/// A document's versions below the number `before`, from the highest down.
pub fn version_page(
    conn: &mut Conn,
    document: DocumentId,
    before: Option<VersionNumber>,
    limit: i64,
) -> Result<Vec<DocumentVersion>, DbError> {
    let rows: Vec<VersionRow> = each_backend!(conn, |c| {
        let mut query = v::table.filter(v::document_id.eq(document)).into_boxed();
        if let Some(before) = before {
            query = query.filter(v::number.lt(before.get()));
        }
        query
            .order(v::number.desc())
            .limit(limit)
            .select(VersionRow::as_select())
            .load(c)
    })?;
    versions(rows)
}

/// All versions of a document.
pub fn versions_of(conn: &mut Conn, document: DocumentId) -> Result<Vec<DocumentVersion>, DbError> {
    version_page(conn, document, None, i64::MAX)
}

/// The latest version of each of these documents, in no order.
pub fn latest_versions(
    conn: &mut Conn,
    documents: &[DocumentId],
) -> Result<Vec<DocumentVersion>, DbError> {
    let query = v::table
        .inner_join(d::table)
        .filter(v::document_id.eq_any(documents))
        .filter(v::number.eq(d::latest));
    let rows: Vec<VersionRow> =
        each_backend!(conn, |c| query.select(VersionRow::as_select()).load(c))?;
    versions(rows)
}

/// The versions of a project with these bytes, oldest first, and whether each is its document's latest.
pub fn with_content(
    conn: &mut Conn,
    project: ProjectId,
    sha256: &str,
) -> Result<Vec<(DocumentVersion, bool)>, DbError> {
    let query = v::table
        .inner_join(d::table)
        .filter(v::project_id.eq(project))
        .filter(v::sha256.eq(sha256))
        .order(v::id);
    let rows: Vec<(VersionRow, i32)> = each_backend!(conn, |c| query
        .select((VersionRow::as_select(), d::latest))
        .load(c))?;
    let version = |(row, latest): (VersionRow, i32)| {
        let is_latest = row.number == latest;
        Ok((DocumentVersion::try_from(row)?, is_latest))
    };
    rows.into_iter().map(version).collect()
}

/// Bytes of a project's files, each counted once.
pub fn stored_bytes(conn: &mut Conn, project: ProjectId) -> Result<u64, DbError> {
    let query = v::table
        .filter(v::project_id.eq(project))
        .select((v::sha256, v::bytes))
        .distinct();
    let files: Vec<(String, i64)> = each_backend!(conn, |c| query.load(c))?;
    Ok(files.iter().map(|(_, bytes)| bytes.unsigned_abs()).sum())
}

/// The objects of a document that no version of another document has.
pub fn unshared_objects(conn: &mut Conn, document: DocumentId) -> Result<Vec<String>, DbError> {
    let other = diesel::alias!(document_version as other);
    let shared = other
        .filter(other.field(v::object_key).eq(v::object_key))
        .filter(other.field(v::document_id).ne(document))
        .select(other.field(v::id));
    let query = v::table
        .filter(v::document_id.eq(document))
        .filter(not(exists(shared)))
        .select(v::object_key)
        .distinct();
    Ok(each_backend!(conn, |c| query.load(c))?)
}

/// Versions that something is to be done with, and that nobody touched since `before`.
pub fn under_way(
    conn: &mut Conn,
    before: Timestamp,
    limit: i64,
) -> Result<Vec<DocumentVersion>, DbError> {
    let states = [
        VersionState::Uploaded.name(),
        VersionState::Reading.name(),
        VersionState::Read.name(),
    ];
    let query = v::table
        .filter(v::state.eq_any(states))
        .filter(v::updated_at.lt(before))
        .order(v::updated_at)
        .limit(limit);
    let rows: Vec<VersionRow> =
        each_backend!(conn, |c| query.select(VersionRow::as_select()).load(c))?;
    versions(rows)
}
