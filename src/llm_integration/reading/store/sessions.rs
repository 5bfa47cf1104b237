//! Sessions and users, with what their traces come to.

use diesel::{
    RunQueryDsl,
    sql_types::{BigInt, Bool, Nullable, Text},
};

use crate::{
    kernel::{NanoUsd, ProjectId, Timestamp},
    llm_integration::reading::{SessionSummary, UserSummary},
    platform::db::{Conn, DbError, DbInstant, Sql, each_backend},
};

type SessionTypes = (
    Text,
    DbInstant,
    Text,
    Bool,
    Bool,
    BigInt,
    BigInt,
    Nullable<BigInt>,
    Nullable<DbInstant>,
    Nullable<DbInstant>,
);
type SessionRow = (
    String,
    Timestamp,
    String,
    bool,
    bool,
    i64,
    i64,
    Option<i64>,
    Option<Timestamp>,
    Option<Timestamp>,
);

/// Which sessions.
#[derive(Clone, Debug, Default)]
pub struct SessionFilter {
    pub environments: Vec<String>,
    pub from: Option<Timestamp>,
    pub to: Option<Timestamp>,
}

impl SessionFilter {
    fn conditions(&self, project: ProjectId) -> Sql {
        let mut all = Sql::new("s.project_id = ").bind(project);
        if !self.environments.is_empty() {
            let values = self
                .environments
                .iter()
                .map(|name| Sql::value(name.clone()));
            all = all
                .text(" AND s.environment IN (")
                .then(Sql::list(values, ", "))
                .text(")");
        }
        if let Some(from) = self.from {
            all = all.text(" AND s.created_at >= ").bind(from);
        }
        if let Some(to) = self.to {
            all = all.text(" AND s.created_at < ").bind(to);
        }
        all
    }
}

pub fn count_sessions(
    conn: &mut Conn,
    project: ProjectId,
    filter: &SessionFilter,
) -> Result<i64, DbError> {
    let sql =
        Sql::new("SELECT count(*) FROM llm_session s WHERE ").then(filter.conditions(project));
    let query = sql.rows_of::<BigInt>();
    Ok(each_backend!(conn, |c| query.get_result(c))?)
}

/// Newest first.
pub fn sessions(
    conn: &mut Conn,
    project: ProjectId,
    filter: &SessionFilter,
    offset: i64,
    limit: i64,
) -> Result<Vec<SessionSummary>, DbError> {
    let page = Sql::new("SELECT s.* FROM llm_session s WHERE ")
        .then(filter.conditions(project))
        .text(" ORDER BY s.created_at DESC, s.id DESC LIMIT ")
        .bind(limit)
        .text(" OFFSET ")
        .bind(offset);
    summaries(conn, page)
}

pub fn session(
    conn: &mut Conn,
    project: ProjectId,
    id: &str,
) -> Result<Option<SessionSummary>, DbError> {
    let one = Sql::new("SELECT s.* FROM llm_session s WHERE s.project_id = ")
        .bind(project)
        .text(" AND s.id = ")
        .bind(id);
    Ok(summaries(conn, one)?.pop())
}

fn summaries(conn: &mut Conn, sessions: Sql) -> Result<Vec<SessionSummary>, DbError> {
    let sql = Sql::new(
        "SELECT s.id, s.created_at, s.environment, s.bookmarked, s.public, count(t.id), \
         CAST(coalesce(sum(t.total_tokens), 0) AS bigint), CAST(sum(t.total_cost) AS bigint), \
         min(t.started_at), max(t.started_at) FROM (",
    )
    .then(sessions)
    .text(
        ") s LEFT JOIN llm_trace t ON t.project_id = s.project_id AND t.session_id = s.id \
         GROUP BY s.project_id, s.id, s.created_at, s.environment, s.bookmarked, s.public \
         ORDER BY s.created_at DESC, s.id DESC",
    );
    let query = sql.rows_of::<SessionTypes>();
    let rows: Vec<SessionRow> = each_backend!(conn, |c| query.load(c))?;
    let summary = |row: SessionRow| {
        let (
            id,
            created_at,
            environment,
            bookmarked,
            public,
            trace_count,
            total_tokens,
            cost,
            first_at,
            last_at,
        ) = row;
        SessionSummary {
            id,
            created_at,
            environment,
            bookmarked,
            public,
            trace_count,
            total_tokens,
            total_cost: cost.map(NanoUsd::from_nanos),
            first_at,
            last_at,
        }
    };
    Ok(rows.into_iter().map(summary).collect())
}

type UserRow = (String, Timestamp, Timestamp, i64, i64, i64, Option<i64>);
type UserTypes = (
    Text,
    DbInstant,
    DbInstant,
    BigInt,
    BigInt,
    BigInt,
    Nullable<BigInt>,
);

/// Users in the order of their ids, after `after`.
pub fn users(
    conn: &mut Conn,
    project: ProjectId,
    between: (Option<Timestamp>, Option<Timestamp>),
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<UserSummary>, DbError> {
    let collate = conn.engine().pick(" COLLATE \"C\"", "");
    let mut sql = Sql::new(
        "SELECT t.user_id, min(t.started_at), max(t.started_at), count(*), \
         CAST(sum(CASE WHEN t.error_count > 0 THEN 1 ELSE 0 END) AS bigint), \
         CAST(sum(t.total_tokens) AS bigint), CAST(sum(t.total_cost) AS bigint) \
         FROM llm_trace t WHERE t.user_id IS NOT NULL AND t.project_id = ",
    )
    .bind(project);
    if let Some(from) = between.0 {
        sql = sql.text(" AND t.started_at >= ").bind(from);
    }
    if let Some(to) = between.1 {
        sql = sql.text(" AND t.started_at < ").bind(to);
    }
    if let Some(after) = after {
        sql = sql.text(format!(" AND t.user_id{collate} > ")).bind(after);
    }
    sql = sql
        .text(format!(
            " GROUP BY t.user_id ORDER BY t.user_id{collate} LIMIT "
        ))
        .bind(limit);
    let query = sql.rows_of::<UserTypes>();
    let rows: Vec<UserRow> = each_backend!(conn, |c| query.load(c))?;
    let summary =
        |(id, first_at, last_at, trace_count, error_count, total_tokens, cost): UserRow| {
            UserSummary {
                id,
                first_at,
                last_at,
                trace_count,
                error_count,
                total_tokens,
                total_cost: cost.map(NanoUsd::from_nanos),
            }
        };
    Ok(rows.into_iter().map(summary).collect())
}
