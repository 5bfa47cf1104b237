//! Prompts with their labels and tags.

use std::collections::HashMap;

use diesel::{dsl::insert_into, prelude::*, sql_query, sql_types::BigInt};

use crate::{
    kernel::{ProjectId, Timestamp},
    platform::db::{Backend, Conn, DbError, each_backend},
    prompt::{
        model::{Kind, Label, Labels, Prompt, PromptId, PromptName, Tags, VersionNumber},
        schema::{prompt_label, prompt_prompt, prompt_tag},
    },
};

#[derive(Queryable, Selectable)]
#[diesel(table_name = prompt_prompt)]
pub(super) struct PromptRow {
    id: PromptId,
    project_id: ProjectId,
    name: String,
    kind: String,
    latest: i32,
    last_number: i32,
    archived_at: Option<Timestamp>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

pub fn find(
    conn: &mut Conn,
    project: ProjectId,
    name: &PromptName,
) -> Result<Option<Prompt>, DbError> {
    let query = prompt_prompt::table
        .filter(prompt_prompt::project_id.eq(project))
        .filter(prompt_prompt::name.eq(name.as_str()));
    let row = each_backend!(conn, |c| query
        .select(PromptRow::as_select())
        .first(c)
        .optional())?;
    Ok(with_labels_and_tags(conn, row.into_iter().collect())?.pop())
}

/// Lets the changes to one project's prompts happen one after another, until the transaction ends:
/// what a change found out about other prompts (that a reference resolves, that nobody refers to
/// what goes) then still holds when it commits. SQLite has one writer anyway.
pub fn lock_project(conn: &mut Conn, project: ProjectId) -> Result<(), DbError> {
    let Backend::Pg(c) = conn.backend() else {
        return Ok(());
    };
    let mut hasher = blake3::Hasher::new_derive_key("kaname prompts of one project");
    hasher.update(project.as_uuid().as_bytes());
    let mut key = [0; 8];
    key.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
    sql_query("SELECT pg_advisory_xact_lock($1)")
        .bind::<BigInt, _>(i64::from_le_bytes(key))
        .execute(c)?;
    Ok(())
}

/// Finds a prompt that is about to change, and notes when.
pub fn open(
    conn: &mut Conn,
    project: ProjectId,
    name: &PromptName,
    now: Timestamp,
) -> Result<Option<Prompt>, DbError> {
    let row = each_backend!(conn, |c| {
        diesel::update(prompt_prompt::table)
            .filter(prompt_prompt::project_id.eq(project))
            .filter(prompt_prompt::name.eq(name.as_str()))
            .set(prompt_prompt::updated_at.eq(now))
            .returning(PromptRow::as_returning())
            .get_result(c)
            .optional()
    })?;
    Ok(with_labels_and_tags(conn, row.into_iter().collect())?.pop())
}

/// Inserts `fresh`, or opens the prompt that has its name already.
pub fn insert_or_open(conn: &mut Conn, fresh: Prompt) -> Result<(Prompt, Inserted), DbError> {
    let inserted = each_backend!(conn, |c| {
        insert_into(prompt_prompt::table)
            .values((
                prompt_prompt::id.eq(fresh.id),
                prompt_prompt::project_id.eq(fresh.project),
                prompt_prompt::name.eq(fresh.name.as_str()),
                prompt_prompt::kind.eq(fresh.kind.name()),
                prompt_prompt::latest.eq(fresh.latest.get()),
                prompt_prompt::last_number.eq(fresh.last_number.get()),
                prompt_prompt::created_at.eq(fresh.created_at),
                prompt_prompt::updated_at.eq(fresh.updated_at),
            ))
            .on_conflict((prompt_prompt::project_id, prompt_prompt::name))
            .do_nothing()
            .execute(c)
    })?;
    if inserted == 1 {
        return Ok((fresh, Inserted::Yes));
    }
    let found = open(conn, fresh.project, &fresh.name, fresh.updated_at)?;
    let prompt = found.ok_or_else(|| DbError::Corrupt {
        what: format!("prompt {} was there and is gone", fresh.name),
    })?;
    Ok((prompt, Inserted::No))
}

/// Whether [`insert_or_open`] made the prompt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inserted {
    Yes,
    No,
}

/// Writes what may change of a prompt. Labels and tags are few, and rewritten whole.
pub fn save(conn: &mut Conn, prompt: &Prompt) -> Result<(), DbError> {
    let id = prompt.id;
    let labels: Vec<_> = prompt
        .labels
        .iter()
        .map(|(label, version)| {
            (
                prompt_label::prompt_id.eq(id),
                prompt_label::label.eq(label.as_str().to_owned()),
                prompt_label::number.eq(version.get()),
            )
        })
        .collect();
    let tags: Vec<_> = (0_i32..)
        .zip(prompt.tags.as_slice())
        .map(|(position, tag)| {
            (
                prompt_tag::prompt_id.eq(id),
                prompt_tag::tag.eq(tag.clone()),
                prompt_tag::position.eq(position),
            )
        })
        .collect();
    each_backend!(conn, |c| {
        diesel::update(prompt_prompt::table.find(id))
            .set((
                prompt_prompt::latest.eq(prompt.latest.get()),
                prompt_prompt::last_number.eq(prompt.last_number.get()),
                prompt_prompt::archived_at.eq(prompt.archived_at),
            ))
            .execute(c)?;
        diesel::delete(prompt_label::table.filter(prompt_label::prompt_id.eq(id))).execute(c)?;
        insert_into(prompt_label::table).values(labels).execute(c)?;
        diesel::delete(prompt_tag::table.filter(prompt_tag::prompt_id.eq(id))).execute(c)?;
        insert_into(prompt_tag::table).values(tags).execute(c)?;
    });
    Ok(())
}

/// Deletes a prompt with everything that belongs to it.
pub fn delete(conn: &mut Conn, id: PromptId) -> Result<(), DbError> {
    each_backend!(conn, |c| diesel::delete(prompt_prompt::table.find(id))
        .execute(c))?;
    Ok(())
}

/// Completes rows to prompts, in their order.
pub(super) fn with_labels_and_tags(
    conn: &mut Conn,
    rows: Vec<PromptRow>,
) -> Result<Vec<Prompt>, DbError> {
    let ids: Vec<PromptId> = rows.iter().map(|row| row.id).collect();
    let labels: Vec<(PromptId, String, i32)> = each_backend!(conn, |c| {
        prompt_label::table
            .filter(prompt_label::prompt_id.eq_any(&ids))
            .load(c)
    })?;
    let tags: Vec<(PromptId, String)> = each_backend!(conn, |c| {
        prompt_tag::table
            .filter(prompt_tag::prompt_id.eq_any(&ids))
            .order((prompt_tag::prompt_id, prompt_tag::position))
            .select((prompt_tag::prompt_id, prompt_tag::tag))
            .load(c)
    })?;
    let mut labels_of: HashMap<_, Vec<_>> = HashMap::new();
    for (id, label, number) in labels {
        let pointing = (Label::stored(label), VersionNumber::stored(number));
        labels_of.entry(id).or_default().push(pointing);
    }
    let mut tags_of: HashMap<_, Vec<_>> = HashMap::new();
    for (id, tag) in tags {
        tags_of.entry(id).or_default().push(tag);
    }
    let prompt = |row: PromptRow| {
        let labels = labels_of.remove(&row.id).unwrap_or_default();
        let tags = tags_of.remove(&row.id).unwrap_or_default();
        complete(row, Labels::stored(labels), Tags::stored(tags))
    };
    rows.into_iter().map(prompt).collect()
}

fn complete(row: PromptRow, labels: Labels, tags: Tags) -> Result<Prompt, DbError> {
    let PromptRow {
        id,
        project_id: project,
        name,
        kind,
        latest,
        last_number,
        archived_at,
        created_at,
        updated_at,
    } = row;
    let kind = Kind::parse(&kind).map_err(|_| DbError::Corrupt {
        what: format!("the kind of prompt {id}: {kind}"),
    })?;
    Ok(Prompt {
        id,
        project,
        name: PromptName::stored(name),
        kind,
        tags,
        labels,
        latest: VersionNumber::stored(latest),
        last_number: VersionNumber::stored(last_number),
        archived_at,
        created_at,
        updated_at,
    })
}
