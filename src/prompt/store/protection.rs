//! Labels that only some keys may move.

use diesel::{dsl::insert_into, prelude::*};

use crate::{
    kernel::{ProjectId, Timestamp},
    platform::db::{Conn, DbError, each_backend},
    prompt::{model::Label, schema::prompt_protected_label},
};

/// A protected label of a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProtectedLabel {
    pub label: Label,
    pub protected_by: String,
    pub created_at: Timestamp,
}

/// The project's protected labels, alphabetical.
pub fn protected(conn: &mut Conn, project: ProjectId) -> Result<Vec<ProtectedLabel>, DbError> {
    use prompt_protected_label as p;
    let query = p::table
        .filter(p::project_id.eq(project))
        .order(p::label)
        .select((p::label, p::protected_by, p::created_at));
    let rows: Vec<(String, String, Timestamp)> = each_backend!(conn, |c| query.load(c))?;
    let label = |(label, protected_by, created_at)| ProtectedLabel {
        label: Label::stored(label),
        protected_by,
        created_at,
    };
    Ok(rows.into_iter().map(label).collect())
}

/// The first of `labels` that is protected.
pub fn protected_among(
    conn: &mut Conn,
    project: ProjectId,
    labels: &[Label],
) -> Result<Option<Label>, DbError> {
    use prompt_protected_label as p;
    let labels: Vec<&str> = labels.iter().map(Label::as_str).collect();
    let query = p::table
        .filter(p::project_id.eq(project))
        .filter(p::label.eq_any(labels))
        .order(p::label)
        .select(p::label);
    let label: Option<String> = each_backend!(conn, |c| query.first(c).optional())?;
    Ok(label.map(Label::stored))
}

pub fn protect(
    conn: &mut Conn,
    project: ProjectId,
    label: &Label,
    by: &str,
    now: Timestamp,
) -> Result<(), DbError> {
    use prompt_protected_label as p;
    each_backend!(conn, |c| {
        insert_into(p::table)
            .values((
                p::project_id.eq(project),
                p::label.eq(label.as_str()),
                p::protected_by.eq(by),
                p::created_at.eq(now),
            ))
            .on_conflict((p::project_id, p::label))
            .do_nothing()
            .execute(c)
    })?;
    Ok(())
}

pub fn unprotect(conn: &mut Conn, project: ProjectId, label: &Label) -> Result<(), DbError> {
    let row = prompt_protected_label::table.find((project, label.as_str()));
    each_backend!(conn, |c| diesel::delete(row).execute(c))?;
    Ok(())
}
