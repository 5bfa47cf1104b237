//! Documents with their tags.

use std::collections::HashMap;

use diesel::{dsl::count_star, insert_into, prelude::*, sql_query, sql_types::BigInt};

use crate::{
    document::{
        model::{
            Authors, Document, DocumentId, DocumentTags, Doi, Edited, Folder, Language, Title,
            VersionNumber, Year,
        },
        schema::{document_document as d, document_tag},
    },
    kernel::{ProjectId, Timestamp},
    platform::db::{Backend, Conn, DbError, each_backend},
};

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = d)]
#[diesel(treat_none_as_default_value = false, treat_none_as_null = true)]
pub(super) struct DocumentRow {
    id: DocumentId,
    project_id: ProjectId,
    title: String,
    authors: String,
    year: Option<i32>,
    doi: Option<String>,
    language: Option<String>,
    edited: String,
    folder: String,
    latest: i32,
    created_by: String,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl From<&Document> for DocumentRow {
    fn from(document: &Document) -> Self {
        let Document {
            id,
            project,
            title,
            authors,
            year,
            doi,
            language,
            edited,
            folder,
            tags: _, // in rows of their own
            latest,
            created_by,
            created_at,
            updated_at,
        } = document;
        Self {
            id: *id,
            project_id: *project,
            title: title.as_str().to_owned(),
            authors: authors.to_text(),
            year: year.map(Year::get),
            doi: doi.as_ref().map(|doi| doi.as_str().to_owned()),
            language: language.as_ref().map(|tag| tag.as_str().to_owned()),
            edited: edited.to_text(),
            folder: folder.as_str().to_owned(),
            latest: latest.get(),
            created_by: created_by.clone(),
            created_at: *created_at,
            updated_at: *updated_at,
        }
    }
}

fn complete(row: DocumentRow, tags: Vec<String>) -> Document {
    let DocumentRow {
        id,
        project_id: project,
        title,
        authors,
        year,
        doi,
        language,
        edited,
        folder,
        latest,
        created_by,
        created_at,
        updated_at,
    } = row;
    Document {
        id,
        project,
        title: Title::stored(title),
        authors: Authors::stored(&authors),
        year: year.map(Year::stored),
        doi: doi.map(Doi::stored),
        language: language.map(Language::stored),
        edited: Edited::stored(&edited),
        folder: Folder::stored(folder),
        tags: DocumentTags::stored(tags),
        latest: VersionNumber::stored(latest),
        created_by,
        created_at,
        updated_at,
    }
}

/// Completes rows to documents, in their order.
pub(super) fn with_tags(conn: &mut Conn, rows: Vec<DocumentRow>) -> Result<Vec<Document>, DbError> {
    let ids: Vec<DocumentId> = rows.iter().map(|row| row.id).collect();
    let tags: Vec<(DocumentId, String)> = each_backend!(conn, |c| {
        document_tag::table
            .filter(document_tag::document_id.eq_any(&ids))
            .order((document_tag::document_id, document_tag::position))
            .select((document_tag::document_id, document_tag::tag))
            .load(c)
    })?;
    let mut tags_of: HashMap<_, Vec<_>> = HashMap::new();
    for (id, tag) in tags {
        tags_of.entry(id).or_default().push(tag);
    }
    let document = |row: DocumentRow| {
        let tags = tags_of.remove(&row.id).unwrap_or_default();
        complete(row, tags)
    };
    Ok(rows.into_iter().map(document).collect())
}

/// Lets uploads to one project and deletions from it happen one after another, until the transaction ends: what one
/// found out about equal bytes and about the quota then still holds when it commits. SQLite has one writer anyway.
pub fn lock_project(conn: &mut Conn, project: ProjectId) -> Result<(), DbError> {
    let Backend::Pg(c) = conn.backend() else {
        return Ok(());
    };
    let mut hasher = blake3::Hasher::new_derive_key("kaname documents of one project");
    hasher.update(project.as_uuid().as_bytes());
    let mut key = [0; 8];
    key.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
    sql_query("SELECT pg_advisory_xact_lock($1)")
        .bind::<BigInt, _>(i64::from_le_bytes(key))
        .execute(c)?;
    Ok(())
}

pub fn insert(conn: &mut Conn, document: &Document) -> Result<(), DbError> {
    let row = DocumentRow::from(document);
    each_backend!(conn, |c| insert_into(d::table).values(row).execute(c))?;
    insert_tags(conn, document)
}

fn insert_tags(conn: &mut Conn, document: &Document) -> Result<(), DbError> {
    let tags: Vec<_> = (0_i32..)
        .zip(document.tags.as_slice())
        .map(|(position, tag)| {
            (
                document_tag::document_id.eq(document.id),
                document_tag::tag.eq(tag.clone()),
                document_tag::position.eq(position),
            )
        })
        .collect();
    each_backend!(conn, |c| insert_into(document_tag::table)
        .values(tags)
        .execute(c))?;
    Ok(())
}

pub fn find(
    conn: &mut Conn,
    project: ProjectId,
    id: DocumentId,
) -> Result<Option<Document>, DbError> {
    let query = d::table
        .filter(d::project_id.eq(project))
        .filter(d::id.eq(id));
    let row: Option<DocumentRow> = each_backend!(conn, |c| query
        .select(DocumentRow::as_select())
        .first(c)
        .optional())?;
    Ok(with_tags(conn, row.into_iter().collect())?.pop())
}

/// Finds a document that is about to change; nobody else changes it until the transaction ends.
pub fn open(
    conn: &mut Conn,
    project: ProjectId,
    id: DocumentId,
) -> Result<Option<Document>, DbError> {
    let row: Option<DocumentRow> = each_backend!(conn, |c| {
        diesel::update(d::table)
            .filter(d::project_id.eq(project))
            .filter(d::id.eq(id))
            .set(d::latest.eq(d::latest))
            .returning(DocumentRow::as_returning())
            .get_result(c)
            .optional()
    })?;
    Ok(with_tags(conn, row.into_iter().collect())?.pop())
}

/// Writes what may change of a document. Tags are few, and rewritten whole.
pub fn save(conn: &mut Conn, document: &Document) -> Result<(), DbError> {
    let row = DocumentRow::from(document);
    let tags = document_tag::table.filter(document_tag::document_id.eq(document.id));
    each_backend!(conn, |c| {
        diesel::update(d::table.find(document.id))
            .set(&row)
            .execute(c)?;
        diesel::delete(tags).execute(c)?;
    });
    insert_tags(conn, document)
}

/// Deletes a document with its versions, pages and tags.
pub fn delete(conn: &mut Conn, id: DocumentId) -> Result<(), DbError> {
    each_backend!(conn, |c| diesel::delete(d::table.find(id)).execute(c))?;
    Ok(())
}

pub fn count_documents(conn: &mut Conn, project: ProjectId) -> Result<u64, DbError> {
    let query = d::table
        .filter(d::project_id.eq(project))
        .select(count_star());
    let count: i64 = each_backend!(conn, |c| query.first(c))?;
    Ok(count.unsigned_abs())
}

/// Some documents of a project, at most `limit`.
pub fn project_documents(
    conn: &mut Conn,
    project: ProjectId,
    limit: i64,
) -> Result<Vec<DocumentId>, DbError> {
    let query = d::table
        .filter(d::project_id.eq(project))
        .order(d::id)
        .limit(limit)
        .select(d::id);
    Ok(each_backend!(conn, |c| query.load(c))?)
}

/// Some documents of any project that were last changed before `before`, at most `limit`.
pub fn unchanged_since(
    conn: &mut Conn,
    before: Timestamp,
    limit: i64,
) -> Result<Vec<(ProjectId, DocumentId)>, DbError> {
    let query = d::table
        .filter(d::updated_at.lt(before))
        .limit(limit)
        .select((d::project_id, d::id));
    Ok(each_backend!(conn, |c| query.load(c))?)
}
