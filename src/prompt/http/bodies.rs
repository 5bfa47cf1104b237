//! What we answer.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::{
    kernel::Cursor,
    prompt::{
        Compiled, Content, Folder, Graph, Kind, Label, Prompt, ProtectedLabel, Snapshot, Version,
        VersionUsage,
    },
};

/// One version of a prompt.
#[derive(Serialize, ToSchema)]
pub struct PromptVersionBody {
    id: String,
    name: String,
    version: i32,
    #[serde(rename = "type")]
    kind: Kind,
    prompt: Content,
    config: Value,
    /// That point at this version, `latest` included.
    labels: Vec<String>,
    /// Of the prompt, whichever its version.
    tags: Vec<String>,
    commit_message: Option<String>,
    author: String,
    /// What `prompt` asks for in `{{...}}`.
    variables: Vec<String>,
    /// Where a chat prompt takes messages.
    placeholders: Vec<String>,
    /// The versions that were put in for references; null when there are none, or with
    /// `resolve=false`.
    resolution_graph: Option<Graph>,
    created_at: DateTime<Utc>,
    /// When its labels or tags last changed.
    updated_at: DateTime<Utc>,
    archived_at: Option<DateTime<Utc>>,
}

impl From<&Snapshot> for PromptVersionBody {
    fn from(snapshot: &Snapshot) -> Self {
        let Snapshot {
            prompt,
            version,
            graph,
        } = snapshot;
        Self {
            id: version.id.to_string(),
            name: prompt.name.to_string(),
            version: version.number.get(),
            kind: prompt.kind,
            variables: owned(version.content.variables()),
            placeholders: owned(version.content.placeholders()),
            prompt: version.content.clone(),
            config: version.config.as_json().clone(),
            labels: texts(&snapshot.labels()),
            tags: prompt.tags.as_slice().to_vec(),
            commit_message: version
                .commit_message
                .as_ref()
                .map(|text| text.as_str().to_owned()),
            author: version.author.clone(),
            resolution_graph: graph.clone(),
            created_at: version.created_at.into(),
            updated_at: version.updated_at.into(),
            archived_at: prompt.archived_at.map(Into::into),
        }
    }
}

impl PromptVersionBody {
    /// The body's bytes, to be kept with the cached prompt.
    ///
    /// # Panics
    /// Never: every part of it has a JSON form.
    pub fn render(snapshot: &Snapshot) -> Bytes {
        serde_json::to_vec(&Self::from(snapshot))
            .expect("a version has a JSON form")
            .into()
    }
}

/// One entry of a prompt's history.
#[derive(Serialize, ToSchema)]
pub struct PromptHistoryBody {
    id: String,
    version: i32,
    labels: Vec<String>,
    commit_message: Option<String>,
    author: String,
    created_at: DateTime<Utc>,
}

impl PromptHistoryBody {
    pub fn of(prompt: &Prompt, version: Version) -> Self {
        Self {
            id: version.id.to_string(),
            version: version.number.get(),
            labels: texts(&prompt.labels_of(version.number)),
            commit_message: version.commit_message.map(|text| text.as_str().to_owned()),
            author: version.author,
            created_at: version.created_at.into(),
        }
    }
}

/// A prompt, whatever its versions say.
#[derive(Serialize, ToSchema)]
pub struct PromptBody {
    name: String,
    #[serde(rename = "type")]
    kind: Kind,
    tags: Vec<String>,
    /// The version that each label points at.
    labels: BTreeMap<String, i32>,
    latest_version: i32,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    archived_at: Option<DateTime<Utc>>,
}

impl From<Prompt> for PromptBody {
    fn from(prompt: Prompt) -> Self {
        let latest = (Label::latest(), prompt.latest);
        let labels = prompt
            .labels
            .iter()
            .map(|(label, version)| (label.clone(), version));
        let labels = labels.chain([latest]);
        Self {
            name: prompt.name.to_string(),
            kind: prompt.kind,
            tags: prompt.tags.as_slice().to_vec(),
            labels: labels
                .map(|(label, version)| (label.to_string(), version.get()))
                .collect(),
            latest_version: prompt.latest.get(),
            created_at: prompt.created_at.into(),
            updated_at: prompt.updated_at.into(),
            archived_at: prompt.archived_at.map(Into::into),
        }
    }
}

/// One page of prompts.
#[derive(Serialize, ToSchema)]
pub struct PromptCatalogBody {
    pub items: Vec<PromptBody>,
    /// To pass as `cursor` for the next page; null on the last.
    #[schema(value_type = Option<String>)]
    pub next: Option<Cursor>,
}

/// One page of a prompt's history, the newest version first.
#[derive(Serialize, ToSchema)]
pub struct PromptVersionsBody {
    pub items: Vec<PromptHistoryBody>,
    /// To pass as `cursor` for the next page; null on the last.
    #[schema(value_type = Option<String>)]
    pub next: Option<Cursor>,
}

/// One page of folders.
#[derive(Serialize, ToSchema)]
pub struct PromptFoldersBody {
    pub items: Vec<PromptFolderBody>,
    /// To pass as `cursor` for the next page; null on the last.
    #[schema(value_type = Option<String>)]
    pub next: Option<Cursor>,
}

#[derive(Serialize, ToSchema)]
pub struct PromptFolderBody {
    path: String,
    /// How many prompts lie anywhere inside it.
    prompts: i64,
}

impl From<Folder> for PromptFolderBody {
    fn from(folder: Folder) -> Self {
        let Folder { path, prompts } = folder;
        Self {
            path: path.as_str().to_owned(),
            prompts,
        }
    }
}

/// A prompt filled with values.
#[derive(Serialize, ToSchema)]
pub struct CompiledPromptBody {
    name: String,
    version: i32,
    config: Value,
    #[serde(flatten)]
    compiled: Compiled,
}

impl CompiledPromptBody {
    pub fn of(snapshot: &Snapshot, compiled: Compiled) -> Self {
        Self {
            name: snapshot.prompt.name.to_string(),
            version: snapshot.version.number.get(),
            config: snapshot.version.config.as_json().clone(),
            compiled,
        }
    }
}

/// How often a version was fetched.
#[derive(Serialize, ToSchema)]
pub struct PromptUsageBody {
    version: i32,
    fetches: i64,
    /// To within the interval at which counts are written.
    last_fetched_at: Option<DateTime<Utc>>,
}

impl From<VersionUsage> for PromptUsageBody {
    fn from(usage: VersionUsage) -> Self {
        let VersionUsage {
            version,
            fetches,
            last_fetched_at,
        } = usage;
        let last_fetched_at = last_fetched_at.map(Into::into);
        Self {
            version: version.get(),
            fetches,
            last_fetched_at,
        }
    }
}

/// A label that only keys with `prompts:protect` can move.
#[derive(Serialize, ToSchema)]
pub struct ProtectedLabelBody {
    label: String,
    protected_by: String,
    protected_at: DateTime<Utc>,
}

impl From<ProtectedLabel> for ProtectedLabelBody {
    fn from(protected: ProtectedLabel) -> Self {
        let ProtectedLabel {
            label,
            protected_by,
            created_at,
        } = protected;
        Self {
            label: label.to_string(),
            protected_by,
            protected_at: created_at.into(),
        }
    }
}

fn texts(labels: &[Label]) -> Vec<String> {
    labels.iter().map(ToString::to_string).collect()
}

fn owned(names: BTreeSet<&str>) -> Vec<String> {
    names.into_iter().map(str::to_owned).collect()
}
