//! What Langfuse's SDKs send.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use crate::{
    kernel::{ErrorCode, Failure, PageLimit},
    prompt::{
        CommitMessage, Config, Content, Draft, Kind, Label, PromptError, PromptName, Selector,
        Tags, UnknownFields, VersionFilter, parse_labels,
    },
};

/// Items of a page when the caller does not say.
const DEFAULT_LIMIT: u32 = 10;
const LATEST: &str = "latest";

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LangfuseCreatePrompt {
    name: String,
    /// `text` when absent: the Python SDKs leave it out.
    #[serde(rename = "type")]
    kind: Option<Kind>,
    #[schema(value_type = Content)]
    prompt: Value,
    config: Option<Value>,
    labels: Option<Vec<String>>,
    tags: Option<Vec<String>>,
    commit_message: Option<String>,
}

impl LangfuseCreatePrompt {
    pub fn parse(self) -> Result<Draft, PromptError> {
        let Self {
            name,
            kind,
            prompt,
            config,
            labels,
            tags,
            commit_message,
        } = self;
        // A new version is `latest` whether it is asked for or not.
        let labels = labels.unwrap_or_default();
        let labels = labels
            .iter()
            .map(String::as_str)
            .filter(|label| *label != LATEST);
        Ok(Draft {
            name: PromptName::parse(&name)?,
            content: Content::parse(kind.unwrap_or(Kind::Text), prompt, UnknownFields::Drop)?,
            config: Config::parse(config)?,
            commit_message: commit_message.map(CommitMessage::parse).transpose()?,
            labels: parse_labels(labels)?,
            tags: tags.map(Tags::parse).transpose()?,
        })
    }
}

#[derive(Deserialize, IntoParams)]
pub struct PromptQuery {
    version: Option<i32>,
    label: Option<String>,
    pub resolve: Option<bool>,
}

impl PromptQuery {
    pub fn selector(&self) -> Result<Selector, PromptError> {
        Selector::parse(self.version, self.label.as_deref())
    }
}

#[derive(Deserialize, IntoParams)]
pub struct DeleteQuery {
    version: Option<i32>,
    label: Option<String>,
}

impl DeleteQuery {
    pub fn parse(&self) -> Result<Option<Selector>, PromptError> {
        Selector::parse_optional(self.version, self.label.as_deref())
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LangfuseUpdatePrompt {
    pub new_labels: Vec<String>,
}

#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(rename_all = "camelCase")]
pub struct ListQuery {
    name: Option<String>,
    label: Option<String>,
    tag: Option<String>,
    from_updated_at: Option<DateTime<Utc>>,
    to_updated_at: Option<DateTime<Utc>>,
    /// From 1.
    page: Option<u32>,
    /// 1 to 100; 10 when absent.
    limit: Option<u32>,
    /// Not supported: a request with it is refused, for its answer would be wrong.
    filter: Option<String>,
}

/// What a list is asked for.
pub struct ListRequest {
    pub filter: VersionFilter,
    pub page: u32,
    pub limit: PageLimit,
}

impl ListQuery {
    pub fn parse(self) -> Result<ListRequest, Failure> {
        let Self {
            name,
            label,
            tag,
            from_updated_at,
            to_updated_at,
            page,
            limit,
            filter,
        } = self;
        let invalid = |why: &str| Err(Failure::new(ErrorCode::InvalidRequest, why));
        if filter.is_some() {
            return invalid("`filter` is not supported; use name, label, tag and the two times");
        }
        let page = page.unwrap_or(1);
        if page == 0 {
            return invalid("`page` is 0; pages start at 1");
        }
        let filter = VersionFilter {
            name: name.map(|name| PromptName::parse(&name)).transpose()?,
            label: label.map(|label| Label::parse(&label)).transpose()?,
            tag,
            from: from_updated_at.map(Into::into),
            to: to_updated_at.map(Into::into),
        };
        let limit = PageLimit::parse(Some(limit.unwrap_or(DEFAULT_LIMIT)))?;
        Ok(ListRequest {
            filter,
            page,
            limit,
        })
    }
}
