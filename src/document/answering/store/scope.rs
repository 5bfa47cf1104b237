//! Which documents a question can be answered from.

use diesel::{dsl::exists, prelude::*};

use crate::{
    document::{
        DocumentId, Title, VersionId, VersionState,
        answering::model::Scope,
        schema::{document_document as d, document_tag, document_version as v},
    },
    kernel::ProjectId,
    platform::db::{Conn, DbError, each_backend},
};

/// A document that can be searched, by the latest of its versions that is indexed.
#[derive(Clone, Debug)]
pub struct Answerable {
    pub document: DocumentId,
    pub version: VersionId,
    pub title: Title,
    /// Of the version's text.
    pub characters: i64,
}

/// The documents of a scope that can be searched. Of very many, some: looks at `limit` versions.
pub fn answerable(
    conn: &mut Conn,
    project: ProjectId,
    scope: &Scope,
    limit: i64,
) -> Result<Vec<Answerable>, DbError> {
    type Row = (DocumentId, VersionId, String, i64);
    let rows: Vec<Row> = each_backend!(conn, |c| {
        let mut query = v::table
            .inner_join(d::table)
            .filter(v::project_id.eq(project))
            .filter(v::state.eq(VersionState::Indexed.name()))
            .into_boxed();
        if !scope.documents.is_empty() {
            query = query.filter(v::document_id.eq_any(&scope.documents));
        }
        if let Some(folder) = scope.folder.as_ref().filter(|folder| !folder.is_root()) {
            // Everything below a folder sorts between its path with `/` and with the character after `/`.
            let (from, to) = (
                format!("{}/", folder.as_str()),
                format!("{}0", folder.as_str()),
            );
            let below = d::folder.ge(from).and(d::folder.lt(to));
            query = query.filter(d::folder.eq(folder.as_str()).or(below));
        }
        for tag in &scope.tags {
            let tagged = document_tag::table
                .filter(document_tag::document_id.eq(v::document_id))
                .filter(document_tag::tag.eq(tag));
            query = query.filter(exists(tagged));
        }
        query
            .order((v::document_id, v::number.desc()))
            .limit(limit)
            .select((v::document_id, v::id, d::title, v::characters))
            .load(c)
    })?;
    let mut found: Vec<Answerable> = rows
        .into_iter()
        .map(|(document, version, title, characters)| Answerable {
            document,
            version,
            title: Title::stored(title),
            characters,
        })
        .collect();
    found.dedup_by_key(|answerable| answerable.document);
    Ok(found)
}
