//! Which rows a list's page has: their keys, by any filter and order.

use diesel::{
    RunQueryDsl,
    sql_types::{BigInt, Text},
};
use serde::{Deserialize, Serialize};

use crate::{
    kernel::{ProjectId, Timestamp},
    llm_integration::query::{Column, Filter, Scope, View},
    platform::db::{Conn, DbError, DbInstant, Sql, each_backend},
};

/// Where a row is: its id, that of its trace, and when it happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Key {
    pub at: Timestamp,
    pub id: String,
    /// The same as `id` where rows have no trace of their own.
    pub trace_id: String,
}

/// Where a page begins.
pub enum After {
    Offset(i64),
    Key(Option<Key>),
}

/// How a page is cut out.
pub struct Cut<C> {
    /// By time when absent.
    pub order: Option<C>,
    pub ascending: bool,
    pub after: After,
    pub limit: i64,
}

pub fn count<V: View>(
    conn: &mut Conn,
    project: ProjectId,
    filter: &Filter<V::Column>,
) -> Result<i64, DbError> {
    let mut scope = Scope::new(conn.engine());
    let conditions = scope.conditions::<V>(project, filter);
    let sql = Sql::new(format!("SELECT count(*){} WHERE ", scope.from::<V>())).then(conditions);
    let query = sql.rows_of::<BigInt>();
    Ok(each_backend!(conn, |c| query.get_result(c))?)
}

/// The keys of one page.
pub fn page<V: View>(
    conn: &mut Conn,
    project: ProjectId,
    filter: &Filter<V::Column>,
    cut: &Cut<V::Column>,
) -> Result<Vec<Key>, DbError> {
    let (alias, time) = (V::ALIAS, V::TIME);
    let trace = if V::HAS_TRACE { "trace_id" } else { "id" };
    let mut scope = Scope::new(conn.engine());
    let mut conditions = scope.conditions::<V>(project, filter);
    let (compare, direction) = if cut.ascending {
        (">", "ASC")
    } else {
        ("<", "DESC")
    };
    let mut offset = 0;
    match &cut.after {
        After::Offset(rows) => offset = *rows,
        After::Key(None) => {}
        After::Key(Some(key)) => {
            // The bound on the time alone lets the index and the partitions be used.
            conditions = conditions
                .text(format!(" AND {time} {compare}= "))
                .bind(key.at)
                .text(format!(" AND ({time} {compare} "))
                .bind(key.at)
                .text(format!(" OR {alias}.id {compare} "))
                .bind(key.id.clone())
                .text(format!(" OR ({alias}.id = "))
                .bind(key.id.clone())
                .text(format!(" AND coalesce({alias}.{trace}, '') {compare} "))
                .bind(key.trace_id.clone())
                .text("))");
        }
    }
    let first = cut.order.map(|column| {
        let expression = V::expression(column, &mut scope);
        format!(
            "{} {direction} NULLS LAST, ",
            scope.ordered(expression, column.kind())
        )
    });
    let sql = Sql::new(format!(
        "SELECT {time}, {alias}.id, coalesce({alias}.{trace}, ''){} WHERE ",
        scope.from::<V>()
    ))
    .then(conditions)
    .text(format!(
        " ORDER BY {}{time} {direction}, {alias}.id {direction}, {alias}.{trace} {direction} LIMIT ",
        first.unwrap_or_default()
    ))
    .bind(cut.limit)
    .text(" OFFSET ")
    .bind(offset);
    let query = sql.rows_of::<(DbInstant, Text, Text)>();
    let rows: Vec<(Timestamp, String, String)> = each_backend!(conn, |c| query.load(c))?;
    let keys = rows
        .into_iter()
        .map(|(at, id, trace_id)| Key { at, id, trace_id });
    Ok(keys.collect())
}
