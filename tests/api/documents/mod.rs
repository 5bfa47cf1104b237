//! Documents over HTTP: upload, versions, what is said about them, reading and deletion.

mod catalog;
mod deletion;
mod editing;
mod files;
mod keeping;
mod limits;
mod processes;
mod reading;
mod steering;
mod upload;
mod versions;

use std::{collections::BTreeMap, fs, path::Path};

use reqwest::{Method, header::CONTENT_TYPE};
use serde_json::{Value, json};

use crate::{
    authorization::{Case, MARK},
    support::{App, app::Answer},
};

const BOUNDARY: &str = "a-boundary-that-no-file-holds";
/// Where the first project's documents are.
pub const DOCUMENTS: &str = "/api/v1/projects/first/documents";

/// The form of an upload.
pub struct Form {
    body: Vec<u8>,
    boundary: &'static str,
}

impl Form {
    pub fn new() -> Self {
        Self::with_boundary(BOUNDARY)
    }

    pub fn with_boundary(boundary: &'static str) -> Self {
        Self {
            body: Vec::new(),
            boundary,
        }
    }

    /// A form that is a file alone.
    pub fn of_file(name: &str, bytes: impl AsRef<[u8]>) -> Self {
        Self::new().file(name, bytes)
    }

    pub fn file(self, name: &str, bytes: impl AsRef<[u8]>) -> Self {
        self.part(
            &format!("name=\"file\"; filename=\"{name}\""),
            bytes.as_ref(),
        )
    }

    pub fn field(self, name: &str, value: &str) -> Self {
        self.part(&format!("name=\"{name}\""), value.as_bytes())
    }

    fn part(mut self, disposition: &str, bytes: &[u8]) -> Self {
        let head = format!(
            "--{}\r\nContent-Disposition: form-data; {disposition}\r\n\r\n",
            self.boundary
        );
        self.body.extend_from_slice(head.as_bytes());
        self.body.extend_from_slice(bytes);
        self.body.extend_from_slice(b"\r\n");
        self
    }

    pub fn content_type(&self) -> String {
        format!("multipart/form-data; boundary={}", self.boundary)
    }

    pub fn into_body(mut self) -> Vec<u8> {
        let end = format!("--{}--\r\n", self.boundary);
        self.body.extend_from_slice(end.as_bytes());
        self.body
    }

    pub async fn post(self, app: &App, path: &str) -> Answer {
        self.post_with(app, path, &[]).await
    }

    pub async fn post_with(self, app: &App, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = app
            .request(Method::POST, path)
            .header(CONTENT_TYPE, self.content_type());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Answer::of(request.body(self.into_body())).await
    }
}

/// Uploads a text as a document of its own; the document's path and the answer.
pub async fn upload(app: &App, name: &str, text: &str) -> (String, Value) {
    let uploaded = Form::of_file(name, text).post(app, DOCUMENTS).await;
    let uploaded = uploaded.expect(201);
    let id = uploaded["document"]["id"].as_str().expect("an id");
    (format!("{DOCUMENTS}/{id}"), uploaded)
}

/// Files that lie in the store of objects, whole or not.
pub fn stored_files(app: &App) -> usize {
    fn count(folder: &Path) -> usize {
        let Ok(entries) = fs::read_dir(folder) else {
            return 0;
        };
        let paths = entries.map(|entry| entry.expect("an entry").path());
        paths
            .map(|path| if path.is_dir() { count(&path) } else { 1 })
            .sum()
    }
    count(&app.folder().join("objects").join("documents"))
}

/// What the walk of every endpoint needs to know of ours.
pub async fn authorization_cases(app: &App) -> BTreeMap<&'static str, Case> {
    let (document, _) = upload(app, &format!("{MARK}.txt"), MARK).await;
    let row = |path: String| Case::Row(path, Value::Null);
    let below = |rest: &str| row(format!("{document}{rest}"));
    let mut cases = BTreeMap::from([
        (
            "POST /api/v1/projects/{project_id}/documents",
            row(DOCUMENTS.to_owned()),
        ),
        (
            "GET /api/v1/projects/{project_id}/documents",
            row(DOCUMENTS.to_owned()),
        ),
        (
            "DELETE /api/v1/projects/{project_id}/documents",
            row(DOCUMENTS.to_owned()),
        ),
        (
            "GET /api/v1/projects/{project_id}/documents/{document_id}",
            below(""),
        ),
        (
            "PATCH /api/v1/projects/{project_id}/documents/{document_id}",
            Case::Row(document.clone(), json!({ "title": "theirs" })),
        ),
        (
            "DELETE /api/v1/projects/{project_id}/documents/{document_id}",
            below(""),
        ),
        (
            "GET /api/v1/projects/{project_id}/documents/{document_id}/progress",
            below("/progress"),
        ),
        (
            "POST /api/v1/projects/{project_id}/documents/{document_id}/versions",
            below("/versions"),
        ),
        (
            "GET /api/v1/projects/{project_id}/documents/{document_id}/versions",
            below("/versions"),
        ),
        (
            "GET /api/v1/projects/{project_id}/documents/{document_id}/versions/{number}",
            below("/versions/1"),
        ),
        (
            "POST /api/v1/projects/{project_id}/documents/{document_id}/versions/{number}/cancel",
            below("/versions/1/cancel"),
        ),
        (
            "POST /api/v1/projects/{project_id}/documents/{document_id}/versions/{number}/retry",
            below("/versions/1/retry"),
        ),
    ]);
    cases.extend(contents(&document));
    cases
}

/// What a version is made of.
fn contents(document: &str) -> [(&'static str, Case); 4] {
    let below = |rest: &str| Case::Row(format!("{document}{rest}"), Value::Null);
    [
        (
            "GET /api/v1/projects/{project_id}/documents/{document_id}/versions/{number}/file",
            below("/versions/1/file"),
        ),
        (
            "GET /api/v1/projects/{project_id}/documents/{document_id}/versions/{number}/pages",
            below("/versions/1/pages"),
        ),
        (
            "GET /api/v1/projects/{project_id}/documents/{document_id}/versions/{number}/pages/{page}",
            below("/versions/1/pages/1"),
        ),
        (
            "GET /api/v1/projects/{project_id}/documents/{document_id}/versions/{number}/pages/{page}/image",
            below("/versions/1/pages/1/image"),
        ),
    ]
}
