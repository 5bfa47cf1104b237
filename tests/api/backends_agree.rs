//! Random sequences of use cases, run on SQLite and on PostgreSQL, give equal answers.

use std::collections::HashMap;

use proptest::{prelude::*, test_runner::TestRunner};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{App, Engine, app::Answer};

/// Sequences that are tried; each gets prompts of its own.
const SEQUENCES: u32 = 12;
const NAMES: [&str; 4] = ["a", "folder/b", "folder/B", "名"];
const LABELS: [&str; 3] = ["production", "x", "y"];

/// One use case on small sets of names, labels and versions, so that they meet.
#[derive(Clone, Debug)]
enum Step {
    Publish {
        name: usize,
        refers_to: Option<usize>,
        label: Option<usize>,
        tagged: bool,
    },
    Move {
        name: usize,
        label: usize,
        version: i32,
    },
    Remove {
        name: usize,
        label: usize,
    },
    Revert {
        name: usize,
        version: i32,
    },
    Delete {
        name: usize,
        version: Option<i32>,
    },
    Archive {
        name: usize,
        restore: bool,
    },
    Protect {
        label: usize,
        undo: bool,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let (name, label, version) = (0..NAMES.len(), 0..LABELS.len(), 1..5_i32);
    let option = prop::option::of::<std::ops::Range<usize>>;
    prop_oneof![
        4 => (name.clone(), option(name.clone()), option(label.clone()), any::<bool>()).prop_map(
            |(name, refers_to, label, tagged)| Step::Publish { name, refers_to, label, tagged }
        ),
        3 => (name.clone(), label.clone(), version.clone())
            .prop_map(|(name, label, version)| Step::Move { name, label, version }),
        1 => (name.clone(), label.clone()).prop_map(|(name, label)| Step::Remove { name, label }),
        1 => (name.clone(), version.clone()).prop_map(|(name, version)| Step::Revert { name, version }),
        1 => (name.clone(), prop::option::of(version))
            .prop_map(|(name, version)| Step::Delete { name, version }),
        1 => (name, any::<bool>()).prop_map(|(name, restore)| Step::Archive { name, restore }),
        1 => (label, any::<bool>()).prop_map(|(label, undo)| Step::Protect { label, undo }),
    ]
}

impl Step {
    /// The request that a caller makes for it; names lie in a folder of the sequence's own.
    fn request(&self, folder: &str) -> (Method, String, Value) {
        let full = |name: usize| format!("{folder}/{}", NAMES[name]);
        let at = |name: usize, rest: &str| format!("{}{rest}", super::prompts::path(&full(name)));
        match *self {
            Self::Publish {
                name,
                refers_to,
                label,
                tagged,
            } => {
                let reference = refers_to.map_or_else(String::new, |other| {
                    format!("@@@langfusePrompt:name={}|label=production@@@", full(other))
                });
                let labels: Vec<&str> = label.map(|label| LABELS[label]).into_iter().collect();
                let tags = tagged.then(|| json!(["t", NAMES[name]]));
                let body = json!({
                    "name": full(name), "type": "text", "prompt": format!("{{{{v}}}} {reference}"),
                    "labels": labels, "tags": tags,
                });
                (Method::POST, "/api/v1/prompts".to_owned(), body)
            }
            Self::Move {
                name,
                label,
                version,
            } => {
                let path = at(name, &format!("/labels/{}", LABELS[label]));
                (Method::PUT, path, json!({ "version": version }))
            }
            Self::Remove { name, label } => (
                Method::DELETE,
                at(name, &format!("/labels/{}", LABELS[label])),
                Value::Null,
            ),
            Self::Revert { name, version } => (
                Method::POST,
                at(name, "/revert"),
                json!({ "version": version }),
            ),
            Self::Delete { name, version } => {
                let which =
                    version.map_or_else(String::new, |version| format!("?version={version}"));
                (Method::DELETE, at(name, &which), Value::Null)
            }
            Self::Archive { name, restore } => {
                let verb = if restore { "/restore" } else { "/archive" };
                (Method::POST, at(name, verb), Value::Null)
            }
            Self::Protect { label, undo } => {
                let method = if undo { Method::DELETE } else { Method::PUT };
                let path = format!("/api/v1/prompt-labels/protected/{}", LABELS[label]);
                (method, path, Value::Null)
            }
        }
    }
}

/// Asks and reads everything back, ids and times replaced by the order of their first appearance.
async fn outcome(app: &App, folder: &str, steps: &[Step]) -> Vec<(u16, Value)> {
    let mut answers = Vec::new();
    for step in steps {
        let (method, path, body) = step.request(folder);
        answers.push(Answer::of(app.request(method, &path).json(&body)).await);
    }
    for path in [
        format!("/api/v1/prompts?folder={folder}"),
        format!("/api/v1/prompts?folder={folder}&archived=true"),
        format!("/api/v1/prompts?folder={folder}&label=production"),
        format!("/api/v1/prompts?folder={folder}&tag=t&q=B"),
        format!("/api/v1/prompt-folders?parent={folder}"),
        "/api/v1/prompt-labels/protected".to_owned(),
        "/api/public/v2/prompts?tag=t&limit=100".to_owned(),
    ] {
        answers.push(app.get(&path).await);
    }
    for name in NAMES {
        let path = super::prompts::path(&format!("{folder}/{name}"));
        for rest in [
            "",
            "?label=latest",
            "?version=1&resolve=false",
            "/versions",
            "/diff?from=1&to=2",
        ] {
            answers.push(app.get(&format!("{path}{rest}")).await);
        }
    }
    let mut seen = HashMap::new();
    answers
        .iter()
        .map(|answer| (answer.status, anonymous(answer.json(), &mut seen)))
        .collect()
}

/// Replaces what each app makes for itself.
fn anonymous(value: Value, seen: &mut HashMap<String, usize>) -> Value {
    match value {
        Value::Object(fields) => fields
            .into_iter()
            .filter(|(name, _)| name != "request_id")
            .map(|(name, value)| {
                let made = name.ends_with("_at") || name.ends_with("At");
                let value = if made {
                    json!(value.is_string())
                } else {
                    anonymous(value, seen)
                };
                (alias(name, seen), value)
            })
            .collect(),
        Value::Array(items) => items
            .into_iter()
            .map(|item| anonymous(item, seen))
            .collect(),
        Value::String(text) => Value::String(alias(text, seen)),
        other => other,
    }
}

fn alias(text: String, seen: &mut HashMap<String, usize>) -> String {
    if uuid::Uuid::parse_str(&text).is_err() {
        return text;
    }
    let next = seen.len();
    format!("id {}", seen.entry(text).or_insert(next))
}

#[test]
fn random_sequences_of_use_cases_give_equal_answers() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let apps = runtime.block_on(async {
        (
            App::start(Engine::Sqlite).await,
            App::start(Engine::Postgres).await,
        )
    });
    let config = ProptestConfig {
        cases: SEQUENCES,
        failure_persistence: None,
        ..Default::default()
    };
    let sequence = std::cell::Cell::new(0);
    TestRunner::new(config)
        .run(&prop::collection::vec(step(), 1..25), |steps| {
            let folder = format!("s{}", sequence.replace(sequence.get() + 1));
            let (sqlite, postgres) = runtime.block_on(async {
                (
                    outcome(&apps.0, &folder, &steps).await,
                    outcome(&apps.1, &folder, &steps).await,
                )
            });
            prop_assert_eq!(sqlite, postgres);
            Ok(())
        })
        .unwrap();
}
