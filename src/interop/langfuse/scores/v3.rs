//! A score as generation 5 reads it: one `value` of its type, and groups of fields.

use serde_json::{Map, Value, json};

use crate::{
    interop::langfuse::query::{Query, invalid},
    kernel::{Failure, ProjectId},
    llm_integration::{Score, ScoreSubject, ScoreValue},
};

const GROUPS: &[&str] = &["details", "subject", "annotation"];

/// What is shown beside the core.
#[derive(Clone, Copy)]
pub struct Groups {
    details: bool,
    subject: bool,
    annotation: bool,
}

impl Groups {
    pub fn of(query: &Query) -> Result<Self, Failure> {
        let names = query.list("fields").unwrap_or_default();
        let known = |name: &String| *name == "core" || GROUPS.contains(&name.as_str());
        if let Some(unknown) = names.iter().find(|name| !known(name)) {
            let why = format_args!("`{unknown}` is not one of {}", GROUPS.join(", "));
            return Err(invalid("fields", why));
        }
        let has = |group: &str| names.iter().any(|name| name == group);
        Ok(Self {
            details: has("details"),
            subject: has("subject"),
            annotation: has("annotation"),
        })
    }

    pub fn show(self, project: ProjectId, score: &Score) -> Value {
        let value = match &score.value {
            ScoreValue::Numeric(number) => json!(number),
            ScoreValue::Boolean(value) => json!(value),
            ScoreValue::Categorical { label: text, .. }
            | ScoreValue::Text(text)
            | ScoreValue::Correction(text) => json!(text),
        };
        let mut fields = Map::new();
        let mut add = |group: Value| {
            if let Value::Object(group) = group {
                fields.extend(group);
            }
        };
        add(json!({
            "id": score.id, "projectId": project, "name": score.name, "value": value,
            "dataType": score.value.data_type(), "source": score.source,
            "timestamp": score.scored_at, "environment": score.environment,
            "createdAt": score.created_at, "updatedAt": score.updated_at,
        }));
        if self.details {
            add(json!({
                "comment": score.comment, "configId": score.config_id, "metadata": score.metadata,
            }));
        }
        if self.subject {
            add(json!({ "subject": subject(&score.subject) }));
        }
        if self.annotation {
            add(json!({ "authorUserId": score.author_user_id, "queueId": score.queue_id }));
        }
        Value::Object(fields)
    }
}

fn subject(subject: &ScoreSubject) -> Value {
    let ScoreSubject {
        trace,
        observation,
        session,
        dataset_run,
    } = subject;
    match (observation, trace, session) {
        (Some(id), trace, _) => json!({ "kind": "observation", "id": id, "traceId": trace }),
        (None, Some(id), _) => json!({ "kind": "trace", "id": id }),
        (None, None, Some(id)) => json!({ "kind": "session", "id": id }),
        (None, None, None) => json!({ "kind": "experiment", "id": dataset_run }),
    }
}
