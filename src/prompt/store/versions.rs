//! Versions, what they refer to, and who refers to them.

use diesel::{dsl::insert_into, prelude::*};

use super::find;
use crate::{
    kernel::{ProjectId, Timestamp},
    platform::db::{Conn, DbError, JsonColumn, each_backend},
    prompt::{
        model::{
            CommitMessage, Config, Label, Node, Prompt, PromptId, PromptName, Reference, Selector,
            Source, Version, VersionId, VersionNumber,
        },
        schema::{prompt_prompt, prompt_reference, prompt_usage, prompt_version},
    },
};

#[derive(Queryable, Selectable)]
#[diesel(table_name = prompt_version)]
struct VersionRow {
    id: VersionId,
    prompt_id: PromptId,
    number: i32,
    content: JsonColumn,
    config: JsonColumn,
    commit_message: Option<String>,
    author: String,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl TryFrom<VersionRow> for Version {
    type Error = DbError;

    fn try_from(row: VersionRow) -> Result<Self, DbError> {
        let VersionRow {
            id,
            prompt_id,
            number,
            content,
            config,
            commit_message,
            author,
            created_at,
            updated_at,
        } = row;
        let content = serde_json::from_value(content.0).map_err(|error| DbError::Corrupt {
            what: format!("content of version {id}: {error}"),
        })?;
        Ok(Self {
            id,
            prompt: prompt_id,
            number: VersionNumber::stored(number),
            content,
            config: Config::stored(config.0),
            commit_message: commit_message.map(CommitMessage::stored),
            author,
            created_at,
            updated_at,
        })
    }
}

/// A version's mention of a prompt.
pub struct Referrer {
    pub name: PromptName,
    pub version: VersionNumber,
    pub target: Selector,
}

pub fn insert_version(
    conn: &mut Conn,
    project: ProjectId,
    version: &Version,
    references: &[Reference],
) -> Result<(), DbError> {
    let content = serde_json::to_value(&version.content).map_err(|error| DbError::Corrupt {
        what: format!("content to store: {error}"),
    })?;
    let references: Vec<_> = (0_i32..)
        .zip(references)
        .map(|(position, reference)| {
            let (number, label) = target_columns(&reference.target);
            (
                prompt_reference::version_id.eq(version.id),
                prompt_reference::position.eq(position),
                prompt_reference::project_id.eq(project),
                prompt_reference::name.eq(reference.name.as_str().to_owned()),
                prompt_reference::number.eq(number),
                prompt_reference::label.eq(label),
            )
        })
        .collect();
    each_backend!(conn, |c| {
        insert_into(prompt_version::table)
            .values((
                prompt_version::id.eq(version.id),
                prompt_version::prompt_id.eq(version.prompt),
                prompt_version::number.eq(version.number.get()),
                prompt_version::content.eq(JsonColumn(content)),
                prompt_version::config.eq(JsonColumn(version.config.as_json().clone())),
                prompt_version::commit_message
                    .eq(version.commit_message.as_ref().map(CommitMessage::as_str)),
                prompt_version::author.eq(version.author.as_str()),
                prompt_version::created_at.eq(version.created_at),
                prompt_version::updated_at.eq(version.updated_at),
            ))
            .execute(c)?;
        insert_into(prompt_reference::table)
            .values(references)
            .execute(c)?;
        insert_into(prompt_usage::table)
            .values((
                prompt_usage::version_id.eq(version.id),
                prompt_usage::fetches.eq(0),
            ))
            .execute(c)?;
    });
    Ok(())
}

pub fn find_version(
    conn: &mut Conn,
    prompt: PromptId,
    number: VersionNumber,
) -> Result<Option<Version>, DbError> {
    let query = prompt_version::table
        .filter(prompt_version::prompt_id.eq(prompt))
        .filter(prompt_version::number.eq(number.get()));
    let row = each_backend!(conn, |c| query
        .select(VersionRow::as_select())
        .first(c)
        .optional())?;
    row.map(Version::try_from).transpose()
}

/// The version that `selector` means, with its prompt.
pub fn select(
    conn: &mut Conn,
    project: ProjectId,
    name: &PromptName,
    selector: &Selector,
) -> Result<Option<(Prompt, Version)>, DbError> {
    let Some(prompt) = find(conn, project, name)? else {
        return Ok(None);
    };
    let Some(number) = prompt.selected(selector) else {
        return Ok(None);
    };
    let version = find_version(conn, prompt.id, number)?;
    Ok(version.map(|version| (prompt, version)))
}

/// What a reference stands for.
pub fn source(
    conn: &mut Conn,
    project: ProjectId,
    reference: &Reference,
) -> Result<Option<Source>, DbError> {
    let selected = select(conn, project, &reference.name, &reference.target)?;
    Ok(selected.map(|(prompt, version)| Source {
        node: Node {
            id: version.id,
            name: prompt.name,
            version: version.number,
        },
        content: version.content,
    }))
}

/// Versions from the highest down, starting below `before`.
pub fn version_page(
    conn: &mut Conn,
    prompt: PromptId,
    before: Option<VersionNumber>,
    limit: i64,
) -> Result<Vec<Version>, DbError> {
    let query = prompt_version::table
        .filter(prompt_version::prompt_id.eq(prompt))
        .filter(prompt_version::number.lt(before.map_or(i32::MAX, VersionNumber::get)))
        .order(prompt_version::number.desc())
        .limit(limit);
    let rows = each_backend!(conn, |c| query.select(VersionRow::as_select()).load(c))?;
    rows.into_iter().map(Version::try_from).collect()
}

/// The numbers of every version, lowest first.
pub fn numbers(conn: &mut Conn, prompt: PromptId) -> Result<Vec<VersionNumber>, DbError> {
    let query = prompt_version::table
        .filter(prompt_version::prompt_id.eq(prompt))
        .order(prompt_version::number)
        .select(prompt_version::number);
    let numbers: Vec<i32> = each_backend!(conn, |c| query.load(c))?;
    Ok(numbers.into_iter().map(VersionNumber::stored).collect())
}

/// Notes that the labels of these versions changed.
pub fn touch(
    conn: &mut Conn,
    prompt: PromptId,
    versions: &[VersionNumber],
    now: Timestamp,
) -> Result<(), DbError> {
    let numbers: Vec<i32> = versions.iter().map(|version| version.get()).collect();
    each_backend!(conn, |c| {
        diesel::update(prompt_version::table)
            .filter(prompt_version::prompt_id.eq(prompt))
            .filter(prompt_version::number.eq_any(numbers))
            .set(prompt_version::updated_at.eq(now))
            .execute(c)
    })?;
    Ok(())
}

/// Notes that the tags, which are of every version, changed.
pub fn touch_all(conn: &mut Conn, prompt: PromptId, now: Timestamp) -> Result<(), DbError> {
    each_backend!(conn, |c| {
        diesel::update(prompt_version::table.filter(prompt_version::prompt_id.eq(prompt)))
            .set(prompt_version::updated_at.eq(now))
            .execute(c)
    })?;
    Ok(())
}

/// Deletes one version; its labels, references and counters go with it.
pub fn delete_version(
    conn: &mut Conn,
    prompt: PromptId,
    number: VersionNumber,
) -> Result<(), DbError> {
    let doomed = prompt_version::table
        .filter(prompt_version::prompt_id.eq(prompt))
        .filter(prompt_version::number.eq(number.get()));
    each_backend!(conn, |c| diesel::delete(doomed).execute(c))?;
    Ok(())
}

/// Every mention of `prompt` in the versions of others.
pub fn referrers(conn: &mut Conn, prompt: &Prompt) -> Result<Vec<Referrer>, DbError> {
    let query = prompt_reference::table
        .inner_join(prompt_version::table.inner_join(prompt_prompt::table))
        .filter(prompt_reference::project_id.eq(prompt.project))
        .filter(prompt_reference::name.eq(prompt.name.as_str()))
        .filter(prompt_prompt::id.ne(prompt.id))
        .order((prompt_prompt::name, prompt_version::number))
        .select((
            prompt_prompt::name,
            prompt_version::number,
            prompt_reference::number,
            prompt_reference::label,
        ));
    let rows: Vec<(String, i32, Option<i32>, Option<String>)> =
        each_backend!(conn, |c| query.load(c))?;
    rows.into_iter().map(referrer).collect()
}

fn referrer(row: (String, i32, Option<i32>, Option<String>)) -> Result<Referrer, DbError> {
    let (name, version, number, label) = row;
    let target = match (number, label) {
        (Some(number), None) => Selector::Version(VersionNumber::stored(number)),
        (None, Some(label)) => Selector::Label(Label::stored(label)),
        _ => {
            return Err(DbError::Corrupt {
                what: format!("a reference of prompt {name}"),
            });
        }
    };
    let (name, version) = (PromptName::stored(name), VersionNumber::stored(version));
    Ok(Referrer {
        name,
        version,
        target,
    })
}

fn target_columns(target: &Selector) -> (Option<i32>, Option<String>) {
    match target {
        Selector::Version(version) => (Some(version.get()), None),
        Selector::Label(label) => (None, Some(label.as_str().to_owned())),
    }
}
