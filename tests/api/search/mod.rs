//! Searching over HTTP: words, filters, vectors, labelled queries and the gate that they are.

mod agreement;
mod changes;
mod contexts;
mod evaluation;
mod finding;
mod models;
mod retrieval;
mod vectors;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::{
    authorization::Case,
    documents::{DOCUMENTS, Form},
    support::{App, eventually},
};

/// Where the first project is searched.
pub const SEARCH: &str = "/api/v1/projects/first/search";

/// Uploads a document and waits until it can be found; its id.
pub async fn indexed(app: &App, form: Form) -> String {
    let uploaded = form.post(app, DOCUMENTS).await.expect(201);
    let id = uploaded["document"]["id"].as_str().unwrap().to_owned();
    until_indexed(app, &id).await;
    id
}

pub async fn until_indexed(app: &App, id: &str) {
    let path = format!("{DOCUMENTS}/{id}");
    eventually("the document is indexed", || async {
        let document = app.get(&path).await.expect(200);
        assert_ne!(document["version"]["state"], "failed", "{document}");
        document["version"]["state"] == "indexed"
    })
    .await;
}

pub async fn search(app: &App, body: &Value) -> Value {
    app.post(SEARCH, body).await.expect(200)
}

/// The titles of what a query finds, the best first.
pub async fn titles(app: &App, body: &Value) -> Vec<String> {
    let found = search(app, body).await;
    let hits = found["hits"].as_array().unwrap().iter();
    hits.map(|hit| hit["title"].as_str().unwrap().to_owned())
        .collect()
}

pub fn markdown(title: &str, text: &str) -> Form {
    Form::of_file(&format!("{title}.md"), format!("# {title}\n\n{text}\n")).field("title", title)
}

/// What the walk of every endpoint needs to know of ours. Each names the first project, which others do not have.
pub fn authorization_cases() -> BTreeMap<&'static str, Case> {
    let row = |rest: &str, body: Value| Case::Row(format!("{SEARCH}{rest}"), body);
    let id = "018f4e6e-7d35-7c9e-8a6e-0b1c2d3e4f50";
    BTreeMap::from([
        (
            "GET /api/v1/projects/{project_id}/search",
            row("?query=x", Value::Null),
        ),
        (
            "POST /api/v1/projects/{project_id}/search",
            row("", json!({ "query": "x" })),
        ),
        (
            "GET /api/v1/projects/{project_id}/search/settings",
            row("/settings", Value::Null),
        ),
        (
            "POST /api/v1/projects/{project_id}/search/settings",
            row("/settings", json!({ "settings": {} })),
        ),
        (
            "POST /api/v1/projects/{project_id}/search/settings/{version}/promote",
            row("/settings/1/promote", Value::Null),
        ),
        (
            "DELETE /api/v1/projects/{project_id}/search/settings/{version}",
            row("/settings/1", Value::Null),
        ),
        (
            "GET /api/v1/projects/{project_id}/search/queries",
            row("/queries", Value::Null),
        ),
        (
            "POST /api/v1/projects/{project_id}/search/queries",
            row("/queries", json!({ "text": "x", "relevant": [] })),
        ),
        (
            "POST /api/v1/projects/{project_id}/search/queries/import",
            row("/queries/import", Value::Null),
        ),
        (
            "DELETE /api/v1/projects/{project_id}/search/queries/{query_id}",
            row(&format!("/queries/{id}"), Value::Null),
        ),
        (
            "GET /api/v1/projects/{project_id}/search/runs",
            row("/runs", Value::Null),
        ),
        (
            "POST /api/v1/projects/{project_id}/search/runs",
            row("/runs", json!({ "setting": 0 })),
        ),
        (
            "GET /api/v1/projects/{project_id}/search/runs/{run_id}",
            row(&format!("/runs/{id}"), Value::Null),
        ),
    ])
}
