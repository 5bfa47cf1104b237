//! One page of documents by what they are.

use diesel::{
    dsl::exists,
    prelude::*,
    sql_types::{Nullable, Text},
};
use serde::{Deserialize, Serialize};

use super::documents::{DocumentRow, with_tags};
use crate::{
    document::{
        extraction::FileKind,
        model::{Document, DocumentId, Folder, VersionState},
        schema::{document_document as d, document_tag, document_version as v},
    },
    kernel::{ProjectId, Timestamp},
    platform::db::{Conn, DbError, each_backend},
};

/// Which documents to list. Everything that is given must hold.
#[derive(Clone, Debug, Default)]
pub struct CatalogFilter {
    /// Part of the title, of an author's name, of the DOI or of the latest file's name; upper and lower case of ASCII
    /// letters are the same.
    pub text: Option<String>,
    /// In this folder.
    pub folder: Option<Folder>,
    /// Also in the folders inside that folder.
    pub deep: bool,
    /// With every one of these.
    pub tags: Vec<String>,
    /// Of the latest version.
    pub state: Option<VersionState>,
    /// Of the latest version.
    pub kind: Option<FileKind>,
    pub language: Option<String>,
    pub year: Option<i32>,
}

/// What a list is sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SortBy {
    CreatedAt,
    UpdatedAt,
    Title,
}

/// The order of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CatalogOrder {
    pub by: SortBy,
    pub descending: bool,
}

/// Where a page of a list begins: after the document with these values.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum CatalogPosition {
    Time(Timestamp, DocumentId),
    Title(String, DocumentId),
}

impl CatalogPosition {
    pub fn of(document: &Document, by: SortBy) -> Self {
        match by {
            SortBy::CreatedAt => Self::Time(document.created_at, document.id),
            SortBy::UpdatedAt => Self::Time(document.updated_at, document.id),
            SortBy::Title => Self::Title(document.title.as_str().to_owned(), document.id),
        }
    }
}

#[diesel::declare_sql_function]
extern "SQL" {
    /// ASCII letters only, on both engines: SQLite knows no others, and texts have the collation C.
    fn lower(text: Text) -> Text;
    fn coalesce(text: Nullable<Text>, otherwise: Text) -> Text;
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

/// The documents that `$filter` lets through, as a boxed query.
macro_rules! matching {
    ($project:expr, $filter:expr) => {{
        let filter: &CatalogFilter = $filter;
        let latest = v::document_id.eq(d::id).and(v::number.eq(d::latest));
        let mut query = d::table
            .inner_join(v::table.on(latest))
            .filter(d::project_id.eq($project))
            .into_boxed();
        if let Some(text) = &filter.text {
            let pattern = format!("%{}%", literal(&text.to_ascii_lowercase()));
            query = query.filter(
                lower(d::title)
                    .like(pattern.clone())
                    .escape('\\')
                    .or(lower(d::authors).like(pattern.clone()).escape('\\'))
                    .or(lower(v::file_name).like(pattern.clone()).escape('\\'))
                    .or(lower(coalesce(d::doi, "")).like(pattern).escape('\\')),
            );
        }
        if let Some(folder) = &filter.folder {
            let inside = format!("{}/%", literal(folder.as_str()));
            if !filter.deep {
                query = query.filter(d::folder.eq(folder.as_str()));
            } else if !folder.is_root() {
                query = query.filter(
                    d::folder
                        .eq(folder.as_str())
                        .or(d::folder.like(inside).escape('\\')),
                );
            }
        }
        for tag in &filter.tags {
            let tags = document_tag::table
                .filter(document_tag::document_id.eq(d::id))
                .filter(document_tag::tag.eq(tag));
            query = query.filter(exists(tags));
        }
        if let Some(state) = filter.state {
            query = query.filter(v::state.eq(state.name()));
        }
        if let Some(kind) = filter.kind {
            query = query.filter(v::kind.eq(kind.as_str()));
        }
        if let Some(language) = &filter.language {
            query = query.filter(d::language.eq(language));
        }
        if let Some(year) = filter.year {
            query = query.filter(d::year.eq(year));
        }
        query
    }};
}

/// `$query` from `$after` on, in the order of `$column`.
macro_rules! ordered {
    ($query:expr, $column:expr, $descending:expr, $after:expr) => {{
        let mut query = $query;
        if let Some((value, id)) = $after {
            let (same, value) = ($column.eq(value.clone()), value);
            query = if $descending {
                query.filter($column.lt(value).or(same.and(d::id.lt(id))))
            } else {
                query.filter($column.gt(value).or(same.and(d::id.gt(id))))
            };
        }
        if $descending {
            query.order(($column.desc(), d::id.desc()))
        } else {
            query.order(($column.asc(), d::id.asc()))
        }
    }};
}

/// Documents after `after`, in the given order.
pub fn catalog(
    conn: &mut Conn,
    project: ProjectId,
    filter: &CatalogFilter,
    (order, after): (CatalogOrder, Option<CatalogPosition>),
    limit: i64,
) -> Result<Vec<Document>, DbError> {
    let down = order.descending;
    let (time, title) = match after {
        Some(CatalogPosition::Time(time, id)) => (Some((time, id)), None),
        Some(CatalogPosition::Title(title, id)) => (None, Some((title, id))),
        None => (None, None),
    };
    let rows: Vec<DocumentRow> = each_backend!(conn, |c| {
        let query = matching!(project, filter);
        let query = match order.by {
            SortBy::CreatedAt => ordered!(query, d::created_at, down, time),
            SortBy::UpdatedAt => ordered!(query, d::updated_at, down, time),
            SortBy::Title => ordered!(query, d::title, down, title),
        };
        query.limit(limit).select(DocumentRow::as_select()).load(c)
    })?;
    with_tags(conn, rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_lose_their_meaning() {
        assert_eq!(literal(r"50%_\x"), r"50\%\_\\x");
    }
}
