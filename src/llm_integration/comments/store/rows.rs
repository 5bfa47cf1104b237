//! Comments as rows.

use diesel::prelude::*;

use crate::{
    kernel::{ProjectId, Timestamp},
    llm_integration::{
        comments::{Comment, CommentFilter, CommentObject, schema::llm_comment},
        traces::{
            hold_trace,
            schema::{llm_observation, llm_session},
        },
    },
    platform::db::{Conn, DbError, each_backend},
};

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = llm_comment)]
#[diesel(treat_none_as_default_value = false)]
struct CommentRow {
    project_id: ProjectId,
    id: String,
    object_type: String,
    object_id: String,
    content: String,
    author_user_id: Option<String>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl CommentRow {
    fn into_comment(self) -> Result<Comment, DbError> {
        let object = self.object_type.parse().map_err(|_| DbError::Corrupt {
            what: "llm_comment.object_type".to_owned(),
        })?;
        Ok(Comment {
            id: self.id,
            object,
            object_id: self.object_id,
            content: self.content,
            author_user_id: self.author_user_id,
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }
}

/// Whether what the comment is about was traced. It stays until this transaction ends: what
/// deletes a trace deletes its comments too. A prompt is another context's to know.
pub fn object_exists(
    conn: &mut Conn,
    project: ProjectId,
    object: CommentObject,
    id: &str,
) -> Result<bool, DbError> {
    match object {
        CommentObject::Trace => hold_trace(conn, project, id),
        CommentObject::Observation => {
            let traces: Vec<String> = each_backend!(conn, |c| llm_observation::table
                .filter(llm_observation::project_id.eq(project))
                .filter(llm_observation::id.eq(id))
                .select(llm_observation::trace_id)
                .order(llm_observation::trace_id)
                .load(c))?;
            for trace in traces {
                if hold_trace(conn, project, &trace)? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        CommentObject::Session => {
            let found: i64 = each_backend!(conn, |c| llm_session::table
                .find((project, id))
                .count()
                .get_result(c))?;
            Ok(found > 0)
        }
        CommentObject::Prompt => Ok(true),
    }
}

pub fn insert(conn: &mut Conn, project_id: ProjectId, comment: Comment) -> Result<(), DbError> {
    let Comment {
        id,
        object,
        object_id,
        content,
        author_user_id,
        created_at,
        updated_at,
    } = comment;
    let row = CommentRow {
        project_id,
        id,
        object_type: object.name().to_owned(),
        object_id,
        content,
        author_user_id,
        created_at,
        updated_at,
    };
    each_backend!(conn, |c| diesel::insert_into(llm_comment::table)
        .values(&row)
        .execute(c))?;
    Ok(())
}

pub fn comment(conn: &mut Conn, project: ProjectId, id: &str) -> Result<Option<Comment>, DbError> {
    let row: Option<CommentRow> = each_backend!(conn, |c| {
        llm_comment::table
            .find((project, id))
            .select(CommentRow::as_select())
            .first(c)
            .optional()
    })?;
    row.map(CommentRow::into_comment).transpose()
}

/// The conditions of a filter on a boxed query.
macro_rules! matching {
    ($query:expr, $project:expr, $filter:expr) => {{
        let filter: &CommentFilter = $filter;
        let mut query = $query
            .filter(llm_comment::project_id.eq($project))
            .into_boxed();
        if let Some(object) = filter.object {
            query = query.filter(llm_comment::object_type.eq(object.name()));
        }
        if let Some(id) = &filter.object_id {
            query = query.filter(llm_comment::object_id.eq(id));
        }
        if let Some(author) = &filter.author_user_id {
            query = query.filter(llm_comment::author_user_id.eq(author));
        }
        query
    }};
}

pub fn count(conn: &mut Conn, project: ProjectId, filter: &CommentFilter) -> Result<i64, DbError> {
    Ok(each_backend!(conn, |c| {
        matching!(llm_comment::table.count(), project, filter).get_result(c)
    })?)
}

/// Newest first.
pub fn list(
    conn: &mut Conn,
    project: ProjectId,
    filter: &CommentFilter,
    offset: i64,
    limit: i64,
) -> Result<Vec<Comment>, DbError> {
    let rows: Vec<CommentRow> = each_backend!(conn, |c| {
        let all = llm_comment::table.select(CommentRow::as_select());
        matching!(all, project, filter)
            .order((llm_comment::created_at.desc(), llm_comment::id.desc()))
            .offset(offset)
            .limit(limit)
            .load(c)
    })?;
    rows.into_iter().map(CommentRow::into_comment).collect()
}
