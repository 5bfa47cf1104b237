//! What callers send: parsed here, so that what goes in is valid.

use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};

use crate::{
    kernel::{Cursor, Failure, PageLimit},
    prompt::{
        CatalogFilter, CommitMessage, Config, Content, Draft, FolderPath, Kind, Label, Missing,
        PromptError, PromptName, Selector, Tags, UnknownFields, Values, VersionNumber,
        parse_labels,
    },
};

/// A version to publish.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PublishPrompt {
    /// 1 to 255 characters; `/` makes folders.
    #[schema(example = "support/greeting")]
    name: String,
    #[serde(rename = "type")]
    kind: Kind,
    /// A string for `text`; for `chat` an array of `{"role", "content"}` and
    /// `{"type": "placeholder", "name"}`.
    #[schema(value_type = Content)]
    prompt: Value,
    /// Any JSON; `{}` when absent.
    config: Option<Value>,
    commit_message: Option<String>,
    /// To point at the new version.
    #[serde(default)]
    labels: Vec<String>,
    /// The prompt's tags from now on; they stay as they are when absent.
    tags: Option<Vec<String>>,
}

impl PublishPrompt {
    pub fn parse(self) -> Result<Draft, PromptError> {
        let Self {
            name,
            kind,
            prompt,
            config,
            commit_message,
            labels,
            tags,
        } = self;
        Ok(Draft {
            name: PromptName::parse(&name)?,
            content: Content::parse(kind, prompt, UnknownFields::Refuse)?,
            config: Config::parse(config)?,
            commit_message: commit_message.map(CommitMessage::parse).transpose()?,
            labels: parse_labels(labels.iter().map(String::as_str))?,
            tags: tags.map(Tags::parse).transpose()?,
        })
    }
}

/// Which version; `production` when neither is given.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct SelectorQuery {
    version: Option<i32>,
    label: Option<String>,
    /// `false` leaves references as they are stored; the answer is then not cached.
    resolve: Option<bool>,
}

impl SelectorQuery {
    pub fn selector(&self) -> Result<Selector, PromptError> {
        Selector::parse(self.version, self.label.as_deref())
    }

    pub fn resolves(&self) -> bool {
        self.resolve.unwrap_or(true)
    }
}

/// Which version to delete; the whole prompt when neither is given.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct DeleteQuery {
    version: Option<i32>,
    label: Option<String>,
}

impl DeleteQuery {
    pub fn parse(&self) -> Result<Option<Selector>, PromptError> {
        Selector::parse_optional(self.version, self.label.as_deref())
    }
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct CatalogQuery {
    /// Part of the name, upper or lower case.
    q: Option<String>,
    /// Anywhere inside this folder.
    folder: Option<String>,
    #[serde(rename = "type")]
    #[param(rename = "type")]
    kind: Option<Kind>,
    label: Option<String>,
    tag: Option<String>,
    /// `true` lists archived prompts instead of the others.
    #[serde(default)]
    archived: bool,
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor>,
    /// 1 to 100; 50 when absent.
    limit: Option<u32>,
}

impl CatalogQuery {
    pub fn parse(self) -> Result<(CatalogFilter, Option<String>, PageLimit), Failure> {
        let Self {
            q,
            folder,
            kind,
            label,
            tag,
            archived,
            cursor,
            limit,
        } = self;
        let folder = folder.map(|path| FolderPath::parse(&path)).transpose()?;
        let label = label.map(|label| Label::parse(&label)).transpose()?;
        let after = cursor.map(|cursor| cursor.position()).transpose()?;
        let filter = CatalogFilter {
            text: q,
            folder,
            kind,
            label,
            tag,
            archived,
        };
        Ok((filter, after, PageLimit::parse(limit)?))
    }
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct FoldersQuery {
    /// The folder to look into; the root when absent.
    parent: Option<String>,
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor>,
    /// 1 to 100; 50 when absent.
    limit: Option<u32>,
}

impl FoldersQuery {
    pub fn parse(self) -> Result<(Option<FolderPath>, Option<String>, PageLimit), Failure> {
        let parent = self
            .parent
            .map(|path| FolderPath::parse(&path))
            .transpose()?;
        let after = self.cursor.map(|cursor| cursor.position()).transpose()?;
        Ok((parent, after, PageLimit::parse(self.limit)?))
    }
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct VersionsQuery {
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor>,
    /// 1 to 100; 50 when absent.
    limit: Option<u32>,
}

impl VersionsQuery {
    pub fn parse(self) -> Result<(Option<VersionNumber>, PageLimit), Failure> {
        let before = self.cursor.map(|cursor| cursor.position()).transpose()?;
        Ok((before, PageLimit::parse(self.limit)?))
    }
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct DiffQuery {
    from: i32,
    to: i32,
}

impl DiffQuery {
    pub fn parse(&self) -> Result<(VersionNumber, VersionNumber), PromptError> {
        Ok((
            VersionNumber::parse(self.from)?,
            VersionNumber::parse(self.to)?,
        ))
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CompilePrompt {
    version: Option<i32>,
    /// `production` when no version is given either.
    label: Option<String>,
    /// By name; text is put in as it is, other values as JSON, nothing for null.
    #[serde(default)]
    #[schema(value_type = Object)]
    variables: Map<String, Value>,
    /// By name, an array of messages; they are put in as they are.
    #[serde(default)]
    #[schema(value_type = Object)]
    placeholders: Map<String, Value>,
    /// Leave what has no value as it stands, instead of refusing.
    #[serde(default)]
    keep_missing: bool,
}

impl CompilePrompt {
    pub fn parse(self) -> Result<(Selector, Values, Missing), PromptError> {
        let selector = Selector::parse(self.version, self.label.as_deref())?;
        let values = Values::parse(self.variables, self.placeholders)?;
        let missing = if self.keep_missing {
            Missing::Keep
        } else {
            Missing::Refuse
        };
        Ok((selector, values, missing))
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RevertPrompt {
    /// The version whose content and config are published again.
    version: i32,
    /// `Revert to version N` when absent.
    commit_message: Option<String>,
    /// To point at the new version.
    #[serde(default)]
    labels: Vec<String>,
}

impl RevertPrompt {
    pub fn parse(self) -> Result<(VersionNumber, Option<CommitMessage>, Vec<Label>), PromptError> {
        let version = VersionNumber::parse(self.version)?;
        let commit_message = self.commit_message.map(CommitMessage::parse).transpose()?;
        let labels = parse_labels(self.labels.iter().map(String::as_str))?;
        Ok((version, commit_message, labels))
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MoveLabel {
    /// The version that the label is to point at.
    pub version: i32,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetTags {
    /// All of the prompt's tags from now on.
    pub tags: Vec<String>,
}
