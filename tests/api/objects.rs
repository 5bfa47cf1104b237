//! Large inputs and outputs in an S3 bucket: `platform::objects` against a server, and the settings end to end.

use std::path::Path;

use bytes::Bytes;
use kaname::platform::{
    config::SecretText,
    objects::{ObjectError, ObjectSettings, Objects},
};
use serde_json::json;

use crate::support::{
    App, Engine, eventually,
    s3::{ACCESS_KEY, BUCKET, REGION, S3Server},
};

const MIB: usize = 1024 * 1024;

fn objects(server: &S3Server) -> Objects {
    let settings = ObjectSettings {
        url: format!("s3://{BUCKET}/some/prefix"),
        region: REGION.to_owned(),
        endpoint: server.url.clone(),
        access_key_id: SecretText::new(ACCESS_KEY.0),
        secret_access_key: SecretText::new(ACCESS_KEY.1),
        timeout_seconds: 30,
    };
    Objects::new(&settings, Path::new("unused"), true).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bucket_holds_large_objects_below_its_prefix_until_they_are_removed() {
    let server = S3Server::start().await;
    let objects = objects(&server);
    let nowhere = objects
        .put("a", Bytes::from_static(b"1"))
        .await
        .unwrap_err();
    assert!(
        matches!(nowhere, ObjectError::NotFound { .. }),
        "there is no bucket: {nowhere:?}"
    );

    server.make_bucket().await;
    let large: Bytes = (0..32 * MIB)
        .map(|at| u8::try_from(at % 251).unwrap())
        .collect::<Vec<_>>()
        .into();
    let bytes = large.len() as u64;
    objects.put("day/a b/日本", large.clone()).await.unwrap();
    assert_eq!(objects.get("day/a b/日本", bytes).await.unwrap(), large);
    let too_large = objects.get("day/a b/日本", bytes - 1).await.unwrap_err();
    assert!(matches!(too_large, ObjectError::TooLarge { .. }));
    objects.put("days", Bytes::from_static(b"1")).await.unwrap();
    let stored = server.objects().await;
    assert!(
        stored
            .iter()
            .all(|(key, _)| key.starts_with("some/prefix/")),
        "{stored:?}"
    );

    let keys = ["day/a b/日本", "gone"];
    objects
        .delete(keys.map(str::to_owned).into())
        .await
        .unwrap();
    let gone = objects.get("day/a b/日本", bytes).await.unwrap_err();
    assert!(matches!(gone, ObjectError::NotFound { .. }));
    let left = server.objects().await;
    assert_eq!(left, [("some/prefix/days".to_owned(), 1)]);
}

async fn app_on(engine: Engine, server: &S3Server) -> App {
    let settings = [
        ("APP_OBJECTS__URL", "s3://kaname/traces-of-tests"),
        ("APP_OBJECTS__REGION", REGION),
        ("APP_OBJECTS__ENDPOINT", server.url.as_str()),
        ("APP_OBJECTS__ACCESS_KEY_ID", ACCESS_KEY.0),
        ("APP_OBJECTS__SECRET_ACCESS_KEY", ACCESS_KEY.1),
        ("APP_TRACES__LARGE_BYTES", "10000"),
    ];
    App::start_with(engine, &settings).await
}

async fn large_bodies_lie_in_the_bucket_and_go_with_their_trace(engine: Engine) {
    let server = S3Server::start().await;
    let app = app_on(engine, &server).await;
    let (large, small) = ("あ".repeat(MIB), "x".repeat(9000));
    let event = |kind: &str, body| json!({ "id": kind, "type": kind, "timestamp": "2026-11-22T12:00:00Z", "body": body });
    let batch = [
        event("trace-create", json!({ "id": "t", "input": small })),
        event(
            "span-create",
            json!({ "id": "o", "traceId": "t", "input": large, "output": small }),
        ),
    ];
    // It is accepted before its object can be stored, and waits in the log until it can.
    let batch = json!({ "batch": batch });
    let sent = app.post("/api/public/ingestion", &batch).await;
    assert_eq!(sent.expect(207)["errors"], json!([]));
    server.make_bucket().await;
    let trace = app.get("/api/public/traces/t").await.expect(200);
    assert_eq!(trace["input"], small);
    assert_eq!(trace["observations"][0]["output"], small);
    let told = trace["observations"][0]["input"].as_str().unwrap();
    assert!(told == large, "{} bytes are read back", told.len());

    let [(key, bytes)]: [(String, u64); 1] = server.objects().await.try_into().unwrap();
    assert!(key.starts_with("traces-of-tests/"), "{key}");
    assert_eq!(bytes, json!(large).to_string().len() as u64);

    assert_eq!(app.delete("/api/v1/traces/t").await.status, 204);
    eventually("the object is removed", || async {
        server.objects().await.is_empty()
    })
    .await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_bodies_lie_in_the_bucket_and_go_with_their_trace_on_sqlite() {
    large_bodies_lie_in_the_bucket_and_go_with_their_trace(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_bodies_lie_in_the_bucket_and_go_with_their_trace_on_postgres() {
    large_bodies_lie_in_the_bucket_and_go_with_their_trace(Engine::Postgres).await;
}
