//! What Langfuse's SDKs expect back.

use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::{
    interop::langfuse::paging::LangfusePageMeta,
    prompt::{Content, Graph, Kind, MatchingPrompt, Snapshot},
};

/// One version of a prompt.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LangfusePrompt {
    id: String,
    name: String,
    version: i32,
    #[serde(rename = "type")]
    kind: Kind,
    prompt: Content,
    config: Value,
    labels: Vec<String>,
    tags: Vec<String>,
    commit_message: Option<String>,
    resolution_graph: Option<Graph>,
    project_id: String,
    created_by: String,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<&Snapshot> for LangfusePrompt {
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
            prompt: version.content.clone(),
            config: version.config.as_json().clone(),
            labels: snapshot.labels().iter().map(ToString::to_string).collect(),
            tags: prompt.tags.as_slice().to_vec(),
            commit_message: version
                .commit_message
                .as_ref()
                .map(|text| text.as_str().to_owned()),
            resolution_graph: graph.clone(),
            project_id: prompt.project.to_string(),
            created_by: version.author.clone(),
            created_at: version.created_at.into(),
            updated_at: version.updated_at.into(),
        }
    }
}

impl LangfusePrompt {
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

/// A prompt in a list.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LangfusePromptMeta {
    name: String,
    #[serde(rename = "type")]
    kind: Kind,
    versions: Vec<i32>,
    labels: Vec<String>,
    tags: Vec<String>,
    last_updated_at: DateTime<Utc>,
    last_config: Value,
}

impl From<MatchingPrompt> for LangfusePromptMeta {
    fn from(matching: MatchingPrompt) -> Self {
        let labels = matching.labels().iter().map(ToString::to_string).collect();
        let MatchingPrompt {
            prompt,
            versions,
            last_updated_at,
            last_config,
        } = matching;
        Self {
            name: prompt.name.to_string(),
            kind: prompt.kind,
            versions: versions.iter().map(|version| version.get()).collect(),
            labels,
            tags: prompt.tags.as_slice().to_vec(),
            last_updated_at: last_updated_at.into(),
            last_config: last_config.into_json(),
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct LangfusePromptList {
    pub data: Vec<LangfusePromptMeta>,
    pub meta: LangfusePageMeta,
}
