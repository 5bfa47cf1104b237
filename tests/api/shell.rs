//! The HTTP shell: limits, error bodies, request ids, idempotency, compression, CORS, health, metrics.

use kaname::roles::Role;
use reqwest::Method;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{
    each_database,
    support::{App, Engine, app::Answer},
};

async fn small_app() -> App {
    App::start_with(
        Engine::Sqlite,
        &[
            ("APP_SERVER__BODY_LIMIT_BYTES", "1000"),
            ("APP_SERVER__URL_LIMIT_BYTES", "200"),
            ("APP_SERVER__HEADER_LIMIT_BYTES", "2000"),
            ("APP_SERVER__CORS_ALLOWED_ORIGINS", "https://app.example"),
        ],
    )
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_limit_is_named_in_its_refusal() {
    let app = small_app().await;
    let long_name = json!({ "name": "x".repeat(2_000) });
    let error = app.post("/api/v1/keys", &long_name).await.expect_error(413);
    assert_eq!(error["code"], "payload_too_large");
    assert!(error["message"].as_str().unwrap().contains("1000 bytes"));

    let error = app
        .get(&format!("/api/v1/project?q={}", "x".repeat(300)))
        .await
        .expect_error(414);
    assert_eq!(error["code"], "uri_too_long");

    let request = app
        .request(Method::GET, "/api/v1/project")
        .header("x-long", "x".repeat(3_000));
    assert_eq!(
        Answer::of(request).await.expect_error(431)["code"],
        "headers_too_large"
    );
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_bodies_and_paths_are_told_what_is_wrong() {
    let app = App::start(Engine::Sqlite).await;
    let post = |body: &'static str| app.request(Method::POST, "/api/v1/keys").body(body);
    let error = Answer::of(post("{}")).await.expect_error(415);
    assert_eq!(error["code"], "unsupported_media_type");
    for (body, expected) in [
        ("{", "EOF"),
        ("{}", "missing field `name`"),
        (r#"{"name":"a","nmae":"b"}"#, "unknown field `nmae`"),
    ] {
        let request = post(body).header("content-type", "application/json");
        let error = Answer::of(request).await.expect_error(400);
        assert!(
            error["message"].as_str().unwrap().contains(expected),
            "{error}"
        );
    }
    assert_eq!(
        app.get("/api/v1/nothing").await.expect_error(404)["code"],
        "not_found"
    );
    assert_eq!(
        app.put("/api/v1/project", &json!({}))
            .await
            .expect_error(405)["code"],
        "method_not_allowed"
    );
    assert_eq!(
        app.delete("/api/v1/keys/not-an-id").await.expect_error(404)["code"],
        "not_found"
    );
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sane_request_id_comes_back_and_others_are_replaced() {
    let app = App::start(Engine::Sqlite).await;
    let ask = |id: String| {
        app.request(Method::GET, "/api/v1/nothing")
            .header("x-request-id", id)
    };
    let answer = Answer::of(ask("my-id-1".to_owned())).await;
    assert_eq!(answer.header("x-request-id"), Some("my-id-1"));
    assert_eq!(answer.expect_error(404)["request_id"], "my-id-1");
    let answer = Answer::of(ask("x".repeat(500))).await;
    assert_eq!(answer.header("x-request-id").map(str::len), Some(32));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn too_many_requests_in_flight_get_429_with_a_wait() {
    let app = App::start_with(Engine::Sqlite, &[("APP_SERVER__MAX_IN_FLIGHT", "1")]).await;
    // A request whose body does not come holds the one place, once the app has asked for the body.
    let mut connection = TcpStream::connect(app.url.trim_start_matches("http://"))
        .await
        .unwrap();
    let head = format!(
        "POST /api/v1/keys HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {}\r\n\
         content-type: application/json\r\ncontent-length: 14\r\nexpect: 100-continue\r\n\r\n",
        app.secret_key
    );
    connection.write_all(head.as_bytes()).await.unwrap();
    let mut interim = [0; 25];
    connection.read_exact(&mut interim).await.unwrap();
    assert!(interim.starts_with(b"HTTP/1.1 100"));
    let refused = app.get("/api/v1/project").await;
    assert_eq!(refused.expect_error(429)["code"], "overloaded");
    assert_eq!(refused.header("retry-after"), Some("1"));
    connection.write_all(br#"{"name":"now"}"#).await.unwrap();
    let mut answer = [0; 12];
    connection.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 201");
    app.get("/api/v1/project").await.expect(200);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_takes_too_long_is_answered_in_time() {
    let app = App::start_with(
        Engine::Sqlite,
        &[("APP_SERVER__REQUEST_TIMEOUT_SECONDS", "1")],
    )
    .await;
    let (_open, body) = tokio::io::duplex(16);
    let stream = reqwest::Body::wrap_stream(tokio_util::io::ReaderStream::new(body));
    let request = app
        .request(Method::POST, "/api/v1/keys")
        .header("content-type", "application/json")
        .header("x-request-id", "slow-one")
        .body(stream);
    let answer = Answer::of(request).await;
    let error = answer.expect_error(504);
    assert_eq!(
        (error["code"].as_str(), error["request_id"].as_str()),
        (Some("timeout"), Some("slow-one"))
    );
}

each_database! {
    async fn a_request_with_an_idempotency_key_is_carried_out_once(app: App) {
        let send = |key: &'static str, name: &'static str| {
            let request = app.request(Method::POST, "/api/v1/keys").header("idempotency-key", key);
            Answer::of(request.json(&json!({ "name": name })))
        };
        let first = send("k1", "once").await;
        let again = send("k1", "once").await;
        assert_eq!(first.expect(201), again.expect(201));
        assert_eq!(again.header("idempotent-replayed"), Some("true"));
        assert_eq!(again.header("content-type"), Some("application/json"));
        assert_eq!(app.get("/api/v1/keys").await.expect(200).as_array().unwrap().len(), 2);
        assert_eq!(send("k1", "other").await.expect_error(422)["code"], "idempotency_key_reused");
        assert_eq!(send("", "x").await.expect_error(400)["code"], "invalid_request");

        let (a, b) = tokio::join!(send("k2", "twice"), send("k2", "twice"));
        let mut outcomes = [a.status, b.status];
        outcomes.sort_unstable();
        assert!(matches!(outcomes, [201, 201 | 409]), "{outcomes:?}");
        assert_eq!(app.get("/api/v1/keys").await.expect(200).as_array().unwrap().len(), 3);
    }

    async fn a_refused_request_frees_its_idempotency_key(app: App) {
        let send = |body: serde_json::Value| {
            let request = app.request(Method::POST, "/api/v1/keys").header("idempotency-key", "k");
            Answer::of(request.json(&body))
        };
        send(json!({ "name": "" })).await.expect_error(400);
        send(json!({ "name": "good" })).await.expect(201);
    }

    async fn readiness_says_what_the_process_is(app: App) {
        let ready = app.get("/health/ready").await.expect(200);
        assert_eq!(ready["roles"], json!(["api", "worker", "event-processor"]));
        let report = app.get("/health").await.expect(200);
        assert_eq!(report["components"][0]["name"], "database");
        assert_eq!(report["components"][0]["status"], "up");
        assert!(report["components"][0]["version"].as_str().unwrap().contains("SQL"));
        app.get("/health/live").await.expect(200);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn metrics_count_requests_by_route_template() {
    let app = App::start(Engine::Sqlite).await;
    app.delete("/api/v1/keys/00000000-0000-0000-0000-000000000000")
        .await
        .expect_error(404);
    let metrics = app.get("/metrics").await.text;
    let series = r#"http_requests_total{method="DELETE",route="/api/v1/keys/{id}",status="404"}"#;
    assert!(metrics.contains(series), "{metrics}");
    assert!(metrics.contains("http_request_duration_seconds_bucket"));
    assert!(metrics.contains("kaname_pool_size"));
    assert!(metrics.contains("kaname_build_info"));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_answers_are_compressed_and_small_ones_are_not() {
    let app = App::start(Engine::Sqlite).await;
    for encoding in ["gzip", "br"] {
        let request = app
            .request(Method::GET, "/api/openapi.json")
            .header("accept-encoding", encoding);
        let answer = request.send().await.unwrap();
        assert_eq!(answer.headers()["content-encoding"], encoding);
    }
    let request = app
        .request(Method::GET, "/health/live")
        .header("accept-encoding", "gzip");
    assert_eq!(
        request.send().await.unwrap().headers()["content-encoding"],
        "identity"
    );
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn head_is_answered_like_get_without_a_body() {
    let app = App::start(Engine::Sqlite).await;
    let answer = Answer::of(app.request(Method::HEAD, "/api/v1/project")).await;
    assert_eq!((answer.status, answer.text.as_str()), (200, ""));
    let nobody = Answer::of(app.anonymous(Method::HEAD, "/api/v1/project")).await;
    assert_eq!((nobody.status, nobody.text.as_str()), (401, ""));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn browsers_may_call_from_configured_origins_only() {
    let app = small_app().await;
    let ask = |origin: &'static str| {
        Answer::of(
            app.request(Method::GET, "/api/v1/project")
                .header("origin", origin),
        )
    };
    let allowed = ask("https://app.example").await;
    assert_eq!(
        allowed.header("access-control-allow-origin"),
        Some("https://app.example")
    );
    let refused = ask("https://evil.example").await;
    assert_eq!(refused.header("access-control-allow-origin"), None);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_without_the_api_role_answers_probes_only() {
    let app = App::start_roles(Engine::Sqlite, &[Role::Worker], &[]).await;
    app.get("/health/ready").await.expect(200);
    app.get("/metrics").await;
    app.get("/api/v1/project").await.expect_error(404);
    app.stop().await;
}
