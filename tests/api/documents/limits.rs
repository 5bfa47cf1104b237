//! What a project may hold, and how large a file may be.

use super::{DOCUMENTS, Form, stored_files, upload};
use crate::support::{App, Engine, eventually};

async fn limits_hold(engine: Engine) {
    let settings = [
        ("APP_DOCUMENTS__FILE_LIMIT_BYTES", "100"),
        ("APP_DOCUMENTS__BYTES_PER_PROJECT", "150"),
        ("APP_DOCUMENTS__DOCUMENTS_PER_PROJECT", "2"),
    ];
    let app = App::start_with(engine, &settings).await;
    let too_large = Form::of_file("a.txt", "x".repeat(101))
        .post(&app, DOCUMENTS)
        .await;
    let error = too_large.expect_error(413);
    assert_eq!(error["code"], "payload_too_large");
    assert_eq!(error["details"]["limit_bytes"], 100);

    let (first, _) = upload(&app, "a.txt", &"a".repeat(100)).await;
    let full = Form::of_file("b.txt", "b".repeat(51))
        .post(&app, DOCUMENTS)
        .await;
    let error = full.expect_error(403);
    assert_eq!(error["code"], "document_quota_exceeded");
    assert_eq!(
        (&error["details"]["what"], &error["details"]["limit"]),
        (&"bytes".into(), &150.into())
    );

    // Bytes that are there already need no room.
    let again = Form::of_file("c.txt", "a".repeat(100)).field("allow_duplicate", "true");
    again.post(&app, DOCUMENTS).await.expect(201);
    let third = Form::of_file("d.txt", "d").post(&app, DOCUMENTS).await;
    assert_eq!(third.expect_error(403)["details"]["what"], "documents");
    Form::of_file("d.txt", "d")
        .post(&app, &format!("{first}/versions"))
        .await
        .expect(201);
    eventually("what was refused is gone", || async {
        stored_files(&app) == 2
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn limits_hold_on_sqlite() {
    limits_hold(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn limits_hold_on_postgres() {
    limits_hold(Engine::Postgres).await;
}
