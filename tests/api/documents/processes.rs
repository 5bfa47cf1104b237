//! Documents where their parts lie apart: an api and a worker over PostgreSQL and Redis, and files in an S3 bucket.

use kaname::roles::Role;

use super::reading::upload;
use crate::support::{
    App, Engine,
    database::service,
    eventually, pdf,
    s3::{ACCESS_KEY, BUCKET, REGION, S3Server},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_watches_hears_of_what_another_process_reads() {
    let redis = service("TEST_REDIS_URL");
    let settings = [
        ("APP_REDIS__URL", redis.as_str()),
        // Nothing here may depend on looking by itself.
        ("APP_DOCUMENTS__PROGRESS_INTERVAL_MS", "600000"),
    ];
    let api = App::start_roles(Engine::Postgres, &[Role::Api], &settings).await;
    let document = upload(&api, "a.pdf", &pdf::of_text("Far", 60)).await;
    let progress = format!("{document}/progress");
    let watching = api.get(&progress);
    let working = async {
        let worker = api.sibling(&[Role::Worker]).await;
        eventually("it is read", || async {
            api.get(&document).await.expect(200)["version"]["state"] == "indexed"
        })
        .await;
        worker
    };
    let (events, worker) = tokio::join!(watching, working);
    assert!(
        events.text.starts_with("event: progress\n"),
        "{}",
        events.text
    );
    assert!(events.text.contains("event: end\n"), "{}", events.text);
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_in_a_bucket_are_read_given_back_and_removed() {
    let server = S3Server::start().await;
    server.make_bucket().await;
    let url = format!("s3://{BUCKET}/some/prefix");
    let settings = [
        ("APP_OBJECTS__URL", url.as_str()),
        ("APP_OBJECTS__REGION", REGION),
        ("APP_OBJECTS__ENDPOINT", server.url.as_str()),
        ("APP_OBJECTS__ACCESS_KEY_ID", ACCESS_KEY.0),
        ("APP_OBJECTS__SECRET_ACCESS_KEY", ACCESS_KEY.1),
    ];
    let app = App::start_with(Engine::Sqlite, &settings).await;
    // More than two parts of an upload in parts.
    let unseen = " ".repeat(11 * 1024 * 1024);
    let seen = pdf::text(
        "Roman",
        12.0,
        (72.0, 700.0),
        "A page of a file in a bucket.",
    );
    let bytes = pdf::Pdf::new().form(&unseen).page(&seen).bytes();
    let document = upload(&app, "a.pdf", &bytes).await;
    eventually("it is read", || async {
        let version = &app.get(&document).await.expect(200)["version"];
        assert_ne!(version["state"], "failed", "{version}");
        version["state"] == "indexed"
    })
    .await;
    let file = app.get(&format!("{document}/versions/1/file")).await;
    let length = bytes.len().to_string();
    assert_eq!(
        (file.status, file.header("content-length")),
        (200, Some(length.as_str()))
    );
    let stored = server.objects().await;
    assert_eq!(
        stored.iter().map(|(_, size)| *size).collect::<Vec<_>>(),
        [bytes.len() as u64]
    );
    app.delete(&document).await.expect(204);
    eventually("the object is gone", || async {
        server.objects().await.is_empty()
    })
    .await;
}
