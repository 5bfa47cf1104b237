//! Which chunks of an index a search may find.

use std::collections::HashSet;

use diesel::{RunQueryDsl, sql_types::Integer};

use super::chunks::kind_name;
use crate::{
    document::search::model::{IndexNumber, SearchFilter},
    platform::db::{Conn, DbError, Sql, SqlValue, each_backend},
};

/// Chunks of complete entries, of documents that are there.
pub(super) const VISIBLE: &str = " FROM document_chunk c \
    JOIN document_indexed e ON e.index_number = c.index_number AND e.document_id = c.document_id \
        AND e.entry_id = c.entry_id \
    JOIN document_document d ON d.id = c.document_id \
    JOIN document_version v ON v.id = c.version_id";

/// Of `chunks`, or of all, those that can be found and that `filter` lets through.
pub fn visible(
    conn: &mut Conn,
    index: IndexNumber,
    filter: &SearchFilter,
    chunks: Option<&[u32]>,
) -> Result<HashSet<u32>, DbError> {
    let mut sql = Sql::new(format!("SELECT c.number{VISIBLE} WHERE c.index_number = "))
        .bind(i64::from(index.get()));
    if let Some(chunks) = chunks {
        sql = sql
            .text(" AND c.number IN (")
            .text(numbers(chunks))
            .text(")");
    }
    let query = sql.then(conditions(filter)).rows_of::<Integer>();
    let rows: Vec<i32> = each_backend!(conn, |o| query.load(o))?;
    Ok(rows.into_iter().map(i32::unsigned_abs).collect())
}

/// Numbers with commas between. None becomes one that no chunk has.
pub(super) fn numbers(chunks: &[u32]) -> String {
    if chunks.is_empty() {
        return "-1".to_owned();
    }
    let texts: Vec<String> = chunks.iter().map(u32::to_string).collect();
    texts.join(", ")
}

/// ` AND ...` for each thing that is asked for.
pub(super) fn conditions(filter: &SearchFilter) -> Sql {
    let SearchFilter {
        documents,
        folder,
        tags,
        kinds,
        languages,
        years,
        author,
        doi,
        chunk_kinds,
    } = filter;
    let mut sql = Sql::default();
    sql = any_of(sql, "c.document_id", documents.iter().copied());
    sql = any_of(sql, "v.kind", kinds.iter().map(|kind| kind.as_str()));
    sql = any_of(sql, "d.language", languages.iter().map(String::as_str));
    sql = any_of(
        sql,
        "c.kind",
        chunk_kinds.iter().map(|kind| kind_name(*kind)),
    );
    if let Some(folder) = folder.as_ref().filter(|folder| !folder.is_root()) {
        let inside = format!("{}/%", literal(folder.as_str()));
        sql = sql.text(" AND (d.folder = ").bind(folder.as_str());
        sql = sql
            .text(" OR d.folder LIKE ")
            .bind(inside)
            .text(" ESCAPE '\\')");
    }
    for tag in tags {
        sql = sql.text(
            " AND EXISTS (SELECT 1 FROM document_tag t WHERE t.document_id = d.id AND t.tag = ",
        );
        sql = sql.bind(tag.as_str()).text(")");
    }
    for (compare, year) in [
        (">=", years.and_then(|years| years.from)),
        ("<=", years.and_then(|years| years.to)),
    ] {
        if let Some(year) = year {
            sql = sql
                .text(format!(" AND d.year {compare} "))
                .bind(i64::from(year));
        }
    }
    if let Some(author) = author {
        let pattern = format!("%{}%", literal(&author.to_ascii_lowercase()));
        sql = sql
            .text(" AND lower(d.authors) LIKE ")
            .bind(pattern)
            .text(" ESCAPE '\\'");
    }
    if let Some(doi) = doi {
        sql = sql
            .text(" AND lower(d.doi) = ")
            .bind(doi.to_ascii_lowercase());
    }
    sql
}

fn any_of<V: Into<SqlValue>>(sql: Sql, column: &str, values: impl Iterator<Item = V>) -> Sql {
    let values: Vec<Sql> = values.map(Sql::value).collect();
    if values.is_empty() {
        return sql;
    }
    sql.text(format!(" AND {column} IN ("))
        .then(Sql::list(values, ", "))
        .text(")")
}

/// `text` as a pattern of `LIKE ... ESCAPE '\'` that means just itself.
fn literal(text: &str) -> String {
    let escape = |c: char| {
        matches!(c, '%' | '_' | '\\')
            .then_some('\\')
            .into_iter()
            .chain([c])
    };
    text.chars().flat_map(escape).collect()
}
