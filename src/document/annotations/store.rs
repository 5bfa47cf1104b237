//! Rows and queries of annotations.

use diesel::{insert_into, prelude::*};
use serde::{Deserialize, Serialize};

use super::{
    model::{Annotation, AnnotationId, Color, Comment},
    schema::document_annotation as a,
};
use crate::{
    document::{DocumentId, VersionId},
    kernel::{ProjectId, Timestamp},
    platform::db::{Conn, DbError, JsonColumn, each_backend},
};

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = a)]
struct AnnotationRow {
    id: AnnotationId,
    project_id: ProjectId,
    document_id: DocumentId,
    version_id: VersionId,
    page: i32,
    place: JsonColumn,
    comment: String,
    color: String,
    created_by: String,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl TryFrom<AnnotationRow> for Annotation {
    type Error = DbError;

    fn try_from(row: AnnotationRow) -> Result<Self, DbError> {
        let AnnotationRow {
            id,
            project_id,
            document_id,
            version_id,
            page,
            place,
            comment,
            color,
            created_by,
            created_at,
            updated_at,
        } = row;
        let place = serde_json::from_value(place.0).map_err(|error| DbError::Corrupt {
            what: format!("the place of annotation {id}: {error}"),
        })?;
        Ok(Self {
            id,
            project: project_id,
            document: document_id,
            version: version_id,
            page,
            place,
            comment: Comment::stored(comment),
            color: Color::stored(color),
            created_by,
            created_at,
            updated_at,
        })
    }
}

pub fn insert(conn: &mut Conn, annotation: &Annotation) -> Result<(), DbError> {
    let place = serde_json::to_value(&annotation.place).map_err(|error| DbError::Corrupt {
        what: format!("an annotation to store: {error}"),
    })?;
    let row = AnnotationRow {
        id: annotation.id,
        project_id: annotation.project,
        document_id: annotation.document,
        version_id: annotation.version,
        page: annotation.page,
        place: JsonColumn(place),
        comment: annotation.comment.as_str().to_owned(),
        color: annotation.color.as_str().to_owned(),
        created_by: annotation.created_by.clone(),
        created_at: annotation.created_at,
        updated_at: annotation.updated_at,
    };
    each_backend!(conn, |c| insert_into(a::table).values(row).execute(c))?;
    Ok(())
}

/// Where a page of annotations begins: after this one.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Position(pub i32, pub Timestamp, pub AnnotationId);

/// Annotations of a document in the order of its pages; of one version, where it is named.
pub fn list(
    conn: &mut Conn,
    document: DocumentId,
    version: Option<VersionId>,
    after: Option<&Position>,
    limit: i64,
) -> Result<Vec<Annotation>, DbError> {
    let rows: Vec<AnnotationRow> = each_backend!(conn, |c| {
        let mut query = a::table.filter(a::document_id.eq(document)).into_boxed();
        if let Some(version) = version {
            query = query.filter(a::version_id.eq(version));
        }
        if let Some(&Position(page, time, id)) = after {
            let later = a::created_at
                .gt(time)
                .or(a::created_at.eq(time).and(a::id.gt(id)));
            query = query.filter(a::page.gt(page).or(a::page.eq(page).and(later)));
        }
        query
            .order((a::page, a::created_at, a::id))
            .limit(limit)
            .select(AnnotationRow::as_select())
            .load(c)
    })?;
    rows.into_iter().map(Annotation::try_from).collect()
}

/// Changes what an annotation says. `None` when there is none.
pub fn change(
    conn: &mut Conn,
    (document, id): (DocumentId, AnnotationId),
    (comment, color): (Option<Comment>, Option<Color>),
    now: Timestamp,
) -> Result<Option<Annotation>, DbError> {
    let annotation = a::table
        .filter(a::id.eq(id))
        .filter(a::document_id.eq(document));
    let changes = (
        a::updated_at.eq(now),
        comment.map(|comment| a::comment.eq(comment.as_str().to_owned())),
        color.map(|color| a::color.eq(color.as_str().to_owned())),
    );
    let row: Option<AnnotationRow> = each_backend!(conn, |c| diesel::update(annotation)
        .set(changes)
        .returning(AnnotationRow::as_returning())
        .get_result(c)
        .optional())?;
    row.map(Annotation::try_from).transpose()
}

/// Deletes an annotation. `false` when there is none.
pub fn delete(conn: &mut Conn, document: DocumentId, id: AnnotationId) -> Result<bool, DbError> {
    let annotation = a::table
        .filter(a::id.eq(id))
        .filter(a::document_id.eq(document));
    let deleted = each_backend!(conn, |c| diesel::delete(annotation).execute(c))?;
    Ok(deleted > 0)
}
