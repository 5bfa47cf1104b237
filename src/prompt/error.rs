//! Everything that can go wrong with prompts, each with its facts.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::model::{Kind, Label, PromptName, Reference, Selector, VersionNumber};
use crate::{
    kernel::{ErrorCode, Failure},
    platform::db::DbError,
};

#[derive(Debug, thiserror::Error)]
pub enum PromptError {
    #[error("`{field}` {why}")]
    Invalid { field: &'static str, why: String },
    #[error("Prompt not found: '{name}'")]
    NotFound { name: PromptName },
    #[error("Prompt not found: '{name}' with {selector}")]
    SelectionNotFound {
        name: PromptName,
        selector: Selector,
    },
    #[error("'{name}' is a {} prompt; a {} version needs another name", .kind.name(), .given.name())]
    KindMismatch {
        name: PromptName,
        kind: Kind,
        given: Kind,
    },
    #[error("the label `latest` is kept by the server and always on the highest version")]
    LabelReserved,
    #[error("the label `{label}` is protected; a key with the scope `prompts:protect` can move it")]
    LabelProtected { label: Label },
    #[error("'{referrer}' refers to the prompt {reference}, which does not exist")]
    ReferenceMissing {
        reference: Reference,
        referrer: PromptName,
    },
    #[error("the prompt {reference} is a chat prompt; only text can stand inside another prompt")]
    ReferenceToChat { reference: Reference },
    #[error("prompts refer to each other in a circle: {}", chain(.path))]
    ReferenceCycle { path: Vec<PromptName> },
    #[error("references are nested deeper than {} prompts: {}", super::model::limits::NESTING_MAX, chain(.path))]
    ReferenceDepth { path: Vec<PromptName> },
    #[error("'{name}' is archived; restore it before changing it")]
    Archived { name: PromptName },
    #[error("'{name}' can not lose this: {} refer to it", referrers(.by))]
    Referenced {
        name: PromptName,
        by: Vec<(PromptName, VersionNumber)>,
    },
    #[error("values are missing: {}", list(.missing))]
    VariablesMissing {
        missing: BTreeSet<String>,
        unknown: BTreeSet<String>,
    },
    #[error(transparent)]
    Db(#[from] DbError),
}

impl PromptError {
    pub(super) fn invalid(field: &'static str, why: impl Into<String>) -> Self {
        Self::Invalid {
            field,
            why: why.into(),
        }
    }
}

fn chain(path: &[PromptName]) -> String {
    path.iter()
        .map(PromptName::as_str)
        .collect::<Vec<_>>()
        .join(" → ")
}

fn referrers(by: &[(PromptName, VersionNumber)]) -> String {
    let named = by
        .iter()
        .map(|(name, version)| format!("'{name}' version {version}"));
    named.collect::<Vec<_>>().join(", ")
}

fn list(names: &BTreeSet<String>) -> String {
    names
        .iter()
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ")
}

impl From<PromptError> for Failure {
    fn from(error: PromptError) -> Self {
        use PromptError as E;
        let message = error.to_string();
        let failure = |code, details: Value| Self::new(code, message).with_details(details);
        match error {
            E::Invalid { field, why: _ } => {
                failure(ErrorCode::PromptInvalid, json!({ "field": field }))
            }
            E::NotFound { name } => failure(ErrorCode::NotFound, json!({ "name": name })),
            E::SelectionNotFound { name, selector: _ } => {
                failure(ErrorCode::NotFound, json!({ "name": name }))
            }
            E::KindMismatch {
                name,
                kind,
                given: _,
            } => failure(
                ErrorCode::PromptTypeMismatch,
                json!({ "name": name, "type": kind }),
            ),
            E::LabelReserved => failure(ErrorCode::PromptLabelReserved, Value::Null),
            E::LabelProtected { label } => {
                failure(ErrorCode::PromptLabelProtected, json!({ "label": label }))
            }
            E::ReferenceMissing {
                reference,
                referrer,
            } => failure(
                ErrorCode::PromptReferenceMissing,
                json!({ "name": reference.name, "referrer": referrer }),
            ),
            E::ReferenceToChat { reference } => {
                failure(ErrorCode::PromptInvalid, json!({ "name": reference.name }))
            }
            E::ReferenceCycle { path } => {
                failure(ErrorCode::PromptReferenceCycle, json!({ "path": path }))
            }
            E::ReferenceDepth { path } => {
                failure(ErrorCode::PromptReferenceDepth, json!({ "path": path }))
            }
            E::Archived { name } => failure(ErrorCode::PromptArchived, json!({ "name": name })),
            E::Referenced { name, by } => {
                let by = by
                    .iter()
                    .map(|(name, version)| json!({ "name": name, "version": version }));
                let by: Vec<_> = by.collect();
                failure(
                    ErrorCode::PromptReferenced,
                    json!({ "name": name, "by": by }),
                )
            }
            E::VariablesMissing { missing, unknown } => failure(
                ErrorCode::PromptVariablesMissing,
                json!({ "missing": missing, "unknown": unknown }),
            ),
            E::Db(error) => error.into(),
        }
    }
}
