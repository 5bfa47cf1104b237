//! Threads.

use diesel::{insert_into, prelude::*};
use serde::{Deserialize, Serialize};

use crate::{
    document::{
        DocumentId, Folder,
        answering::{
            model::{Scope, Thread, ThreadId},
            schema::document_thread as t,
        },
    },
    kernel::{ProjectId, Timestamp},
    platform::db::{Conn, DbError, JsonColumn, each_backend},
};

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = t)]
struct ThreadRow {
    id: ThreadId,
    project_id: ProjectId,
    title: String,
    scope: JsonColumn,
    created_by: String,
    created_at: Timestamp,
    updated_at: Timestamp,
}

/// A scope as it is stored.
#[derive(Serialize, Deserialize)]
struct StoredScope {
    documents: Vec<DocumentId>,
    folder: Option<String>,
    tags: Vec<String>,
}

impl TryFrom<ThreadRow> for Thread {
    type Error = DbError;

    fn try_from(row: ThreadRow) -> Result<Self, DbError> {
        let ThreadRow {
            id,
            project_id,
            title,
            scope,
            created_by,
            created_at,
            updated_at,
        } = row;
        let StoredScope {
            documents,
            folder,
            tags,
        } = serde_json::from_value(scope.0).map_err(|error| DbError::Corrupt {
            what: format!("the scope of thread {id}: {error}"),
        })?;
        Ok(Self {
            id,
            project: project_id,
            title,
            scope: Scope {
                documents,
                folder: folder.map(Folder::stored),
                tags,
            },
            created_by,
            created_at,
            updated_at,
        })
    }
}

pub fn insert_thread(conn: &mut Conn, thread: &Thread) -> Result<(), DbError> {
    let Scope {
        documents,
        folder,
        tags,
    } = thread.scope.clone();
    let scope = StoredScope {
        documents,
        folder: folder.map(|folder| folder.as_str().to_owned()),
        tags,
    };
    let scope = serde_json::to_value(scope).map_err(|error| DbError::Corrupt {
        what: format!("a scope to store: {error}"),
    })?;
    let row = ThreadRow {
        id: thread.id,
        project_id: thread.project,
        title: thread.title.clone(),
        scope: JsonColumn(scope),
        created_by: thread.created_by.clone(),
        created_at: thread.created_at,
        updated_at: thread.updated_at,
    };
    each_backend!(conn, |c| insert_into(t::table).values(row).execute(c))?;
    Ok(())
}

pub fn find_thread(
    conn: &mut Conn,
    project: ProjectId,
    id: ThreadId,
) -> Result<Option<Thread>, DbError> {
    let query = t::table.find(id).filter(t::project_id.eq(project));
    let row: Option<ThreadRow> = each_backend!(conn, |c| query
        .select(ThreadRow::as_select())
        .first(c)
        .optional())?;
    row.map(Thread::try_from).transpose()
}

/// Notes that a thread goes on, and holds it until the transaction ends. `false` when it is gone.
pub fn touch_thread(conn: &mut Conn, id: ThreadId, now: Timestamp) -> Result<bool, DbError> {
    let touched = each_backend!(conn, |c| diesel::update(t::table.find(id))
        .set(t::updated_at.eq(now))
        .execute(c))?;
    Ok(touched > 0)
}

/// Where a page of threads begins: after this one.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ThreadPosition(pub Timestamp, pub ThreadId);

/// Threads, the one that last went on first.
pub fn threads(
    conn: &mut Conn,
    project: ProjectId,
    after: Option<&ThreadPosition>,
    limit: i64,
) -> Result<Vec<Thread>, DbError> {
    let rows: Vec<ThreadRow> = each_backend!(conn, |c| {
        let mut query = t::table.filter(t::project_id.eq(project)).into_boxed();
        if let Some(&ThreadPosition(time, id)) = after {
            let before = t::updated_at
                .lt(time)
                .or(t::updated_at.eq(time).and(t::id.lt(id)));
            query = query.filter(before);
        }
        query
            .order((t::updated_at.desc(), t::id.desc()))
            .limit(limit)
            .select(ThreadRow::as_select())
            .load(c)
    })?;
    rows.into_iter().map(Thread::try_from).collect()
}

/// Deletes a thread with its answers. `false` when there is none.
pub fn delete_thread(conn: &mut Conn, project: ProjectId, id: ThreadId) -> Result<bool, DbError> {
    let thread = t::table
        .filter(t::id.eq(id))
        .filter(t::project_id.eq(project));
    let deleted = each_backend!(conn, |c| diesel::delete(thread).execute(c))?;
    Ok(deleted > 0)
}
