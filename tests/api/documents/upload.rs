//! Uploads: what is stored, what is refused, and that nothing is left of what broke off.

use reqwest::Method;
use serde_json::Value;
use sha2::{Digest, Sha256};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{DOCUMENTS, Form, stored_files, upload};
use crate::{
    each_database,
    support::{App, Engine, app::Answer, eventually},
};

fn sha256(bytes: &[u8]) -> String {
    use std::fmt::Write;
    let mut text = String::new();
    for byte in Sha256::digest(bytes) {
        write!(text, "{byte:02x}").unwrap();
    }
    text
}

/// More than one part of an upload in parts.
fn large_text() -> String {
    "Twelve bytes".repeat(6 * 1024 * 1024 / 12)
}

/// Sends the beginning of a form that would have `length` bytes.
async fn begin_upload(app: &App, beginning: &[u8], length: usize) -> TcpStream {
    let address = app.url.trim_start_matches("http://").to_owned();
    let mut stream = TcpStream::connect(&address).await.unwrap();
    let head = format!(
        "POST {DOCUMENTS} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {}\r\n\
         content-type: {}\r\ncontent-length: {length}\r\n\r\n",
        app.secret_key,
        Form::new().content_type(),
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(beginning).await.unwrap();
    stream
}

each_database! {
    async fn a_file_comes_back_as_it_was_sent(app: App) {
        for (name, text) in [("小さな 論文.txt", "本文".to_owned()), ("large.txt", large_text())] {
            let (document, uploaded) = upload(&app, name, &text).await;
            let version = &uploaded["document"]["version"];
            assert_eq!(uploaded["reading"], "queued");
            assert_eq!(uploaded["document"]["title"], name.trim_end_matches(".txt"));
            assert_eq!((&version["number"], &version["kind"]), (&1.into(), &"plain".into()));
            assert_eq!(version["sha256"], sha256(text.as_bytes()));
            assert_eq!(version["bytes"], text.len());
            let file = app.get(&format!("{document}/versions/1/file")).await;
            assert_eq!((file.status, file.text == text), (200, true));
            assert_eq!(file.header("content-type"), Some("text/plain"));
            assert_eq!(file.header("x-content-type-options"), Some("nosniff"));
            let disposition = file.headers["content-disposition"].to_str().unwrap().to_owned();
            assert!(disposition.starts_with("attachment; filename="), "{disposition}");
            assert!(disposition.contains("filename*=UTF-8''"), "{disposition}");
        }
        assert_eq!(stored_files(&app), 2);
    }

    async fn fields_of_the_form_are_said_by_people(app: App) {
        let form = Form::new()
            .field("title", "On Fans")
            .field("authors", "Aoki, S.")
            .field("authors", "山田 太郎")
            .field("year", "2024")
            .file("a.txt", "text")
            .field("doi", "https://doi.org/10.1000/182")
            .field("language", "ja")
            .field("folder", "/thesis/ch 1/")
            .field("tags", "fan")
            .field("tags", "要");
        let uploaded = form.post(&app, DOCUMENTS).await.expect(201);
        let document = &uploaded["document"];
        let wanted = serde_json::json!({
            "title": "On Fans", "authors": ["Aoki, S.", "山田 太郎"], "year": 2024, "doi": "10.1000/182",
            "language": "ja", "folder": "thesis/ch 1", "tags": ["fan", "要"],
            "edited": ["title", "authors", "year", "doi", "language"],
        });
        for (field, value) in wanted.as_object().unwrap() {
            assert_eq!(&document[field], value, "{field}");
        }
    }

    async fn the_same_bytes_are_stored_and_shown_once(app: App) {
        let (path, first) = upload(&app, "a.txt", "the same").await;
        let again = Form::of_file("b.txt", "the same").post(&app, DOCUMENTS).await.expect(200);
        assert_eq!(again["reading"], "unchanged");
        assert_eq!(again["document"]["id"], first["document"]["id"]);
        let own = Form::of_file("b.txt", "the same").field("allow_duplicate", "true");
        let own = own.post(&app, DOCUMENTS).await.expect(201);
        assert_ne!(own["document"]["id"], first["document"]["id"]);
        assert_eq!(own["document"]["version"]["file_name"], "b.txt");
        eventually("the copies are gone", || async { stored_files(&app) == 1 }).await;
        app.delete(&path).await.expect(204);
        let other = format!("{DOCUMENTS}/{}/versions/1/file", own["document"]["id"].as_str().unwrap());
        assert_eq!(app.get(&other).await.text, "the same");
    }

    async fn what_is_no_upload_is_refused_and_leaves_nothing(app: App) {
        for (form, status, code, says) in [
            (Form::new(), 400, "document_invalid", "missing"),
            (Form::of_file("a.txt", ""), 400, "document_invalid", "empty"),
            (Form::of_file("a.txt", "x").file("b.txt", "y"), 400, "document_invalid", "more than once"),
            (Form::of_file("a.txt", "x").field("colour", "red"), 400, "document_invalid", "`colour`"),
            (Form::of_file("a.txt", "x").field("year", "MMXX"), 400, "document_invalid", "`year`"),
            (Form::of_file("a.txt", "x").field("folder", "a/../b"), 400, "document_invalid", "`folder`"),
            (Form::of_file("a.txt", "x").field("tags", ""), 400, "document_invalid", "`tags`"),
            (Form::of_file("a.pdf", [0_u8, 1, 2, 3].repeat(99)), 415, "document_kind_unsupported", "accepted are PDF"),
        ] {
            let error = form.post(&app, DOCUMENTS).await.expect_error(status);
            assert_eq!(error["code"], code, "{error}");
            assert!(error["message"].as_str().unwrap().contains(says), "{error}");
        }
        let json = app.post(DOCUMENTS, &serde_json::json!({ "file": "x" })).await;
        assert_eq!(json.expect_error(415)["code"], "unsupported_media_type");
        eventually("nothing is left", || async { stored_files(&app) == 0 }).await;
        assert_eq!(app.get(DOCUMENTS).await.expect(200)["items"], Value::Array(Vec::new()));
    }

    async fn an_upload_that_breaks_off_leaves_nothing(app: App) {
        let body = Form::of_file("large.txt", large_text()).into_body();
        let stream = begin_upload(&app, &body[..body.len() - 1000], body.len()).await;
        eventually("the file is on its way", || async { stored_files(&app) == 1 }).await;
        drop(stream);
        eventually("nothing is left", || async { stored_files(&app) == 0 }).await;
        assert_eq!(app.get(DOCUMENTS).await.expect(200)["items"], Value::Array(Vec::new()));
    }

    async fn an_upload_sent_again_under_its_key_is_carried_out_once(app: App) {
        let key = [("idempotency-key", "upload-1")];
        let first = Form::of_file("a.txt", "once").post_with(&app, DOCUMENTS, &key).await;
        let again = Form::with_boundary("another-boundary").file("a.txt", "once");
        let again = again.post_with(&app, DOCUMENTS, &key).await;
        assert_eq!(again.header("idempotent-replayed"), Some("true"));
        assert_eq!(again.expect(201), first.expect(201));
        let folder = Form::of_file("a.txt", "once").field("folder", "elsewhere");
        let elsewhere = format!("{DOCUMENTS}?");
        let other = folder.post_with(&app, &elsewhere, &key).await;
        assert_eq!(other.expect_error(422)["code"], "idempotency_key_reused");
    }

    async fn only_the_keys_own_project_and_permission_let_a_file_in(app: App) {
        let reader = app.with_scopes(&["documents:read"]).await;
        let form = Form::of_file("a.txt", "text");
        let request = reader
            .request(Method::POST, DOCUMENTS)
            .header("content-type", form.content_type());
        let refused = Answer::of(request.body(form.into_body())).await;
        assert_eq!(refused.expect_error(403)["code"], "forbidden");
        assert_eq!(reader.send(Method::GET, DOCUMENTS, None).await.status, 200);
        let elsewhere = Form::of_file("a.txt", "text");
        elsewhere.post(&app, "/api/v1/projects/other/documents").await.expect_error(404);
        let project = app.get("/api/v1/project").await.expect(200);
        let by_id = format!("/api/v1/projects/{}/documents", project["id"].as_str().unwrap());
        Form::of_file("a.txt", "text").post(&app, &by_id).await.expect(201);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sender_that_falls_silent_is_given_up() {
    let settings = [("APP_DOCUMENTS__UPLOAD_IDLE_SECONDS", "1")];
    let app = App::start_with(Engine::Sqlite, &settings).await;
    let body = Form::of_file("a.txt", "the beginning of a file").into_body();
    let mut stream = begin_upload(&app, &body[..body.len() - 60], body.len()).await;
    let mut answer = vec![0; 4096];
    let read = stream.read(&mut answer).await.unwrap();
    let answer = String::from_utf8_lossy(&answer[..read]);
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    assert!(
        answer.contains("nothing more of the file came for 1 s"),
        "{answer}"
    );
    eventually("nothing is left", || async { stored_files(&app) == 0 }).await;
}
