//! Prompts over HTTP: our own API under `/api/v1/prompts`.

mod cache;
mod catalog;
mod compile;
mod composition;
mod concurrency;
mod labels;
mod lifespan;
mod versions;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::{
    authorization::{Case, MARK},
    support::App,
};

/// Publishes a text version and returns the answer's body.
pub async fn publish(app: &App, name: &str, text: &str, labels: &[&str]) -> Value {
    let body = json!({ "name": name, "type": "text", "prompt": text, "labels": labels });
    app.post("/api/v1/prompts", &body).await.expect(201)
}

/// The path of a prompt, its name as one segment.
pub fn path(name: &str) -> String {
    let mut url = url::Url::parse("http://localhost/api/v1/prompts").expect("a URL");
    url.path_segments_mut().expect("segments").push(name);
    url.path().to_owned()
}

/// What the walk of every endpoint needs to know of ours.
pub async fn authorization_cases(app: &App) -> BTreeMap<&'static str, Case> {
    publish(app, MARK, "Hello", &["production"]).await;
    let own = |body| Case::Own(body);
    let row = |rest: &str, body| Case::Row(format!("{}{rest}", path(MARK)), body);
    let draft = json!({ "name": "theirs", "type": "text", "prompt": "" });
    let protected = |body| Case::OwnAt("/api/v1/prompt-labels/protected/theirs".to_owned(), body);
    BTreeMap::from([
        ("GET /api/v1/prompts", own(Value::Null)),
        ("POST /api/v1/prompts", own(draft)),
        ("GET /api/v1/prompt-folders", own(Value::Null)),
        ("GET /api/v1/prompt-labels/protected", own(Value::Null)),
        (
            "PUT /api/v1/prompt-labels/protected/{label}",
            protected(Value::Null),
        ),
        (
            "DELETE /api/v1/prompt-labels/protected/{label}",
            protected(Value::Null),
        ),
        ("GET /api/v1/prompts/{name}", row("", Value::Null)),
        ("DELETE /api/v1/prompts/{name}", row("", Value::Null)),
        (
            "GET /api/v1/prompts/{name}/versions",
            row("/versions", Value::Null),
        ),
        (
            "GET /api/v1/prompts/{name}/diff",
            row("/diff?from=1&to=1", Value::Null),
        ),
        (
            "GET /api/v1/prompts/{name}/usage",
            row("/usage", Value::Null),
        ),
        (
            "POST /api/v1/prompts/{name}/compile",
            row("/compile", json!({})),
        ),
        (
            "POST /api/v1/prompts/{name}/revert",
            row("/revert", json!({ "version": 1 })),
        ),
        (
            "POST /api/v1/prompts/{name}/archive",
            row("/archive", Value::Null),
        ),
        (
            "POST /api/v1/prompts/{name}/restore",
            row("/restore", Value::Null),
        ),
        (
            "PUT /api/v1/prompts/{name}/tags",
            row("/tags", json!({ "tags": [] })),
        ),
        (
            "PUT /api/v1/prompts/{name}/labels/{label}",
            row("/labels/a", json!({ "version": 1 })),
        ),
        (
            "DELETE /api/v1/prompts/{name}/labels/{label}",
            row("/labels/production", Value::Null),
        ),
    ])
}
