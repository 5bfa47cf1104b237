//! Prompts by the versions that match: the list of Langfuse's API.

use std::collections::{BTreeSet, HashMap};

use diesel::{
    dsl::{count, exists},
    prelude::*,
};

use crate::{
    kernel::{ProjectId, Timestamp},
    platform::db::{Conn, DbError, JsonColumn, each_backend},
    prompt::{
        model::{Config, Label, Prompt, PromptId, PromptName, VersionId, VersionNumber},
        schema::{prompt_label, prompt_prompt as p, prompt_tag, prompt_version as v},
        store::prompts::{PromptRow, with_labels_and_tags},
    },
};

/// Which versions count. Everything that is given must hold.
#[derive(Clone, Debug, Default)]
pub struct VersionFilter {
    pub name: Option<PromptName>,
    pub label: Option<Label>,
    pub tag: Option<String>,
    /// Made or relabelled at this time or later.
    pub from: Option<Timestamp>,
    /// Made or relabelled before this time.
    pub to: Option<Timestamp>,
}

/// A prompt with those of its versions that match.
#[derive(Clone, Debug)]
pub struct MatchingPrompt {
    pub prompt: Prompt,
    /// Lowest first.
    pub versions: Vec<VersionNumber>,
    pub last_updated_at: Timestamp,
    /// Of the highest of `versions`.
    pub last_config: Config,
}

impl MatchingPrompt {
    /// The labels of the versions that match.
    pub fn labels(&self) -> BTreeSet<Label> {
        self.versions
            .iter()
            .flat_map(|version| self.prompt.labels_of(*version))
            .collect()
    }
}

/// The versions of `$project`'s prompts that `$filter` lets through, as a boxed query.
macro_rules! matching {
    ($project:expr, $filter:expr) => {{
        let filter: &VersionFilter = $filter;
        let mut query = v::table
            .inner_join(p::table)
            .filter(p::project_id.eq($project))
            .filter(p::archived_at.is_null())
            .into_boxed();
        if let Some(name) = &filter.name {
            query = query.filter(p::name.eq(name.as_str()));
        }
        match &filter.label {
            Some(label) if label.is_latest() => query = query.filter(v::number.eq(p::latest)),
            Some(label) => {
                let labels = prompt_label::table
                    .filter(prompt_label::prompt_id.eq(v::prompt_id))
                    .filter(prompt_label::number.eq(v::number))
                    .filter(prompt_label::label.eq(label.as_str()));
                query = query.filter(exists(labels));
            }
            None => {}
        }
        if let Some(tag) = &filter.tag {
            let tags = prompt_tag::table.filter(prompt_tag::prompt_id.eq(p::id));
            query = query.filter(exists(tags.filter(prompt_tag::tag.eq(tag))));
        }
        if let Some(from) = filter.from {
            query = query.filter(v::updated_at.ge(from));
        }
        if let Some(to) = filter.to {
            query = query.filter(v::updated_at.lt(to));
        }
        query
    }};
}

/// One page of prompts by name, and how many there are in all.
pub fn matching_versions(
    conn: &mut Conn,
    project: ProjectId,
    filter: &VersionFilter,
    offset: i64,
    limit: i64,
) -> Result<(Vec<MatchingPrompt>, i64), DbError> {
    let total = each_backend!(conn, |c| {
        matching!(project, filter)
            .select(count(p::id).aggregate_distinct())
            .first(c)
    })?;
    let rows: Vec<PromptRow> = each_backend!(conn, |c| {
        let page = matching!(project, filter)
            .select(PromptRow::as_select())
            .distinct();
        page.order(p::name).limit(limit).offset(offset).load(c)
    })?;
    let prompts = with_labels_and_tags(conn, rows)?;
    let ids: Vec<PromptId> = prompts.iter().map(|prompt| prompt.id).collect();
    let found: Vec<(PromptId, VersionId, i32, Timestamp)> = each_backend!(conn, |c| {
        let versions = matching!(project, filter)
            .filter(p::id.eq_any(&ids))
            .order(v::number);
        versions
            .select((p::id, v::id, v::number, v::updated_at))
            .load(c)
    })?;
    let mut versions: HashMap<PromptId, Vec<_>> = HashMap::new();
    for (prompt, id, number, updated_at) in found {
        versions
            .entry(prompt)
            .or_default()
            .push((id, number, updated_at));
    }
    let mut matching = Vec::with_capacity(prompts.len());
    for prompt in prompts {
        let found = versions.remove(&prompt.id).unwrap_or_default();
        // Between two statements the last match may have gone; then the prompt is not listed.
        let Some((highest, _, _)) = found.last() else {
            continue;
        };
        let Some(last_config) = config(conn, *highest)? else {
            continue;
        };
        let last_updated_at = found
            .iter()
            .map(|(_, _, at)| *at)
            .max()
            .unwrap_or(prompt.updated_at);
        let versions = found
            .iter()
            .map(|(_, number, _)| VersionNumber::stored(*number))
            .collect();
        matching.push(MatchingPrompt {
            prompt,
            versions,
            last_updated_at,
            last_config,
        });
    }
    Ok((matching, total))
}

fn config(conn: &mut Conn, version: VersionId) -> Result<Option<Config>, DbError> {
    let query = v::table.find(version).select(v::config);
    let config: Option<JsonColumn> = each_backend!(conn, |c| query.first(c).optional())?;
    Ok(config.map(|config| Config::stored(config.0)))
}
