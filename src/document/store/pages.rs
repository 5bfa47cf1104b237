//! Pages of versions.

use diesel::{
    dsl::{count_star, max},
    insert_into,
    prelude::*,
    sql_types::Text,
};

use crate::{
    document::{
        extraction::{Block, Page, PageSize, TextSource},
        model::{StoredPage, VersionId},
        schema::document_page as p,
    },
    platform::db::{Conn, DbError, JsonColumn, each_backend},
};

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = p)]
#[diesel(treat_none_as_default_value = false)]
struct PageRow {
    version_id: VersionId,
    number: i32,
    label: Option<String>,
    width: Option<f64>,
    height: Option<f64>,
    source: String,
    reason: String,
    blocks: JsonColumn,
    text: String,
    start: i64,
}

impl PageRow {
    fn of(version_id: VersionId, page: StoredPage) -> Result<Self, DbError> {
        let StoredPage {
            number,
            label,
            size,
            source,
            reason,
            blocks,
            text,
            start,
        } = page;
        let blocks = serde_json::to_value(blocks).map_err(|error| DbError::Corrupt {
            what: format!("blocks of a page to store: {error}"),
        })?;
        Ok(Self {
            version_id,
            number,
            label,
            width: size.map(|size| size.width.into()),
            height: size.map(|size| size.height.into()),
            source: source.as_str().to_owned(),
            reason,
            blocks: JsonColumn(blocks),
            text,
            start,
        })
    }
}

impl TryFrom<PageRow> for StoredPage {
    type Error = DbError;

    fn try_from(row: PageRow) -> Result<Self, DbError> {
        let PageRow {
            version_id,
            number,
            label,
            width,
            height,
            source,
            reason,
            blocks,
            text,
            start,
        } = row;
        let corrupt = |what: String| DbError::Corrupt {
            what: format!("page {number} of version {version_id}: {what}"),
        };
        let blocks: Vec<Block> =
            serde_json::from_value(blocks.0).map_err(|error| corrupt(error.to_string()))?;
        let source = parse_source(&source)?;
        let size = width.zip(height).map(size);
        Ok(Self {
            number,
            label,
            size,
            source,
            reason,
            blocks,
            text,
            start,
        })
    }
}

fn parse_source(source: &str) -> Result<TextSource, DbError> {
    source.parse().map_err(|_| DbError::Corrupt {
        what: format!("the source {source} of a page's text"),
    })
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "it was written from an f32"
)]
fn size((width, height): (f64, f64)) -> PageSize {
    PageSize {
        width: width as f32,
        height: height as f32,
    }
}

pub fn insert_pages(
    conn: &mut Conn,
    version: VersionId,
    pages: Vec<StoredPage>,
) -> Result<(), DbError> {
    let rows = pages.into_iter().map(|page| PageRow::of(version, page));
    for row in rows.collect::<Result<Vec<_>, _>>()? {
        each_backend!(conn, |c| insert_into(p::table).values(row).execute(c))?;
    }
    Ok(())
}

/// Gives `to` the pages of `from`: the same bytes read by the same reader.
pub fn copy_pages(conn: &mut Conn, from: VersionId, to: VersionId) -> Result<(), DbError> {
    let pages = p::table.filter(p::version_id.eq(from)).select((
        to.into_sql::<crate::platform::db::DbUuid>(),
        p::number,
        p::label,
        p::width,
        p::height,
        p::source,
        p::reason,
        p::blocks,
        p::text,
        p::start,
    ));
    each_backend!(conn, |c| pages
        .insert_into(p::table)
        .into_columns((
            p::version_id,
            p::number,
            p::label,
            p::width,
            p::height,
            p::source,
            p::reason,
            p::blocks,
            p::text,
            p::start,
        ))
        .execute(c))?;
    Ok(())
}

pub fn delete_pages(conn: &mut Conn, version: VersionId) -> Result<(), DbError> {
    let pages = p::table.filter(p::version_id.eq(version));
    each_backend!(conn, |c| diesel::delete(pages).execute(c))?;
    Ok(())
}

/// One page.
pub fn page(
    conn: &mut Conn,
    version: VersionId,
    number: i32,
) -> Result<Option<StoredPage>, DbError> {
    let query = p::table.find((version, number));
    let row: Option<PageRow> = each_backend!(conn, |c| query
        .select(PageRow::as_select())
        .first(c)
        .optional())?;
    row.map(StoredPage::try_from).transpose()
}

/// Pages after the number `after`, in order.
pub fn pages(
    conn: &mut Conn,
    version: VersionId,
    after: i32,
    limit: i64,
) -> Result<Vec<StoredPage>, DbError> {
    let query = p::table
        .filter(p::version_id.eq(version))
        .filter(p::number.gt(after))
        .order(p::number)
        .limit(limit);
    let rows: Vec<PageRow> = each_backend!(conn, |c| query.select(PageRow::as_select()).load(c))?;
    rows.into_iter().map(StoredPage::try_from).collect()
}

/// The pages that a part of the version's text runs over, in order.
pub fn pages_over(
    conn: &mut Conn,
    version: VersionId,
    (start, end): (usize, usize),
) -> Result<Vec<StoredPage>, DbError> {
    let offset = |at: usize| i64::try_from(at).unwrap_or(i64::MAX);
    let first = p::table
        .filter(p::version_id.eq(version))
        .filter(p::start.le(offset(start)))
        .select(max(p::start));
    let first: Option<i64> = each_backend!(conn, |c| first.first(c))?;
    let query = p::table
        .filter(p::version_id.eq(version))
        .filter(p::start.ge(first.unwrap_or(0)))
        .filter(p::start.lt(offset(end)))
        .order(p::number);
    let rows: Vec<PageRow> = each_backend!(conn, |c| query.select(PageRow::as_select()).load(c))?;
    rows.into_iter().map(StoredPage::try_from).collect()
}

/// Every page, in order.
pub fn all_pages(conn: &mut Conn, version: VersionId) -> Result<Vec<Page>, DbError> {
    let query = p::table.filter(p::version_id.eq(version)).order(p::number);
    let rows: Vec<PageRow> = each_backend!(conn, |c| query.select(PageRow::as_select()).load(c))?;
    let page = |row: PageRow| StoredPage::try_from(row).map(Page::from);
    rows.into_iter().map(page).collect()
}

/// What a list says of a page.
#[derive(Clone, Debug)]
pub struct PageSummary {
    pub number: i32,
    pub label: Option<String>,
    pub source: TextSource,
    pub reason: String,
    /// Of its part of the version's text.
    pub start: i64,
    pub characters: i32,
}

#[diesel::declare_sql_function]
extern "SQL" {
    /// Characters, on both engines.
    fn length(text: Text) -> Integer;
}

/// Pages after the number `after`, in order, without what they say.
pub fn summaries(
    conn: &mut Conn,
    version: VersionId,
    after: i32,
    limit: i64,
) -> Result<Vec<PageSummary>, DbError> {
    type Row = (i32, Option<String>, String, String, i64, i32);
    let query = p::table
        .filter(p::version_id.eq(version))
        .filter(p::number.gt(after))
        .order(p::number)
        .limit(limit)
        .select((
            p::number,
            p::label,
            p::source,
            p::reason,
            p::start,
            length(p::text),
        ));
    let rows: Vec<Row> = each_backend!(conn, |c| query.load(c))?;
    let summary = |(number, label, source, reason, start, characters): Row| {
        Ok(PageSummary {
            number,
            label,
            source: parse_source(&source)?,
            reason,
            start,
            characters,
        })
    };
    rows.into_iter().map(summary).collect()
}

/// How many pages of a version were read by which source.
pub fn sources(conn: &mut Conn, version: VersionId) -> Result<Vec<(TextSource, i64)>, DbError> {
    let query = p::table
        .filter(p::version_id.eq(version))
        .group_by(p::source)
        .order(p::source)
        .select((p::source, count_star()));
    let rows: Vec<(String, i64)> = each_backend!(conn, |c| query.load(c))?;
    let counted = |(source, pages): (String, i64)| Ok((parse_source(&source)?, pages));
    rows.into_iter().map(counted).collect()
}

/// The pages that this source was taken for.
pub fn pages_of_source(
    conn: &mut Conn,
    version: VersionId,
    source: TextSource,
) -> Result<Vec<i32>, DbError> {
    let query = p::table
        .filter(p::version_id.eq(version))
        .filter(p::source.eq(source.as_str()))
        .order(p::number)
        .select(p::number);
    Ok(each_backend!(conn, |c| query.load(c))?)
}
