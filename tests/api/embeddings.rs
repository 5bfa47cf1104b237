//! Embeddings: in the format that was asked for, from providers with their own words for them.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    App, Engine,
    provider::{Provider, Reply},
};

const PATH: &str = "/v1/embeddings";
/// 0.5 and -1 as base64.
const BASE64: &str = "AAAAPwAAgL8=";

fn openais(embedding: &Value) -> Reply {
    Reply::json(
        200,
        &json!({ "object": "list", "model": "text-embedding-3-small", "new": 1,
        "data": [{ "object": "embedding", "index": 0, "embedding": embedding }],
        "usage": { "prompt_tokens": 1000, "total_tokens": 1000 } }),
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_formats_come_from_a_provider_that_gives_one() {
    let numbers = json!([0.5, -1]);
    let provider = Provider::start([
        openais(&json!(BASE64)),
        openais(&numbers),
        openais(&json!(BASE64)),
    ])
    .await;
    let app = App::start_with(Engine::Sqlite, &provider.settings()).await;
    let call = |format: &str| json!({ "model": "text-embedding-3-small", "input": "Hi", "encoding_format": format });
    let passed = app.post(PATH, &call("base64")).await;
    assert_eq!(passed.expect(200)["new"], 1, "it passes as it is");
    let converted = app.post(PATH, &call("base64")).await.expect(200);
    assert_eq!(converted["data"][0]["embedding"], BASE64);
    let converted = app.post(PATH, &call("float")).await.expect(200);
    assert_eq!(converted["data"][0]["embedding"], json!([0.5, -1]));
    assert_eq!(converted["usage"]["prompt_tokens"], 1000);
    let received = provider.received();
    assert_eq!(received[0].path, "/embeddings");
    assert_eq!(received[0].json(), call("base64"));

    let id = passed.header("x-kaname-trace-id").expect("a trace");
    let trace = app
        .get(&format!("/api/public/traces/{id}"))
        .await
        .expect(200);
    let observation = &trace["observations"][0];
    assert_eq!(
        (&observation["type"], &observation["usageDetails"]["input"]),
        (&json!("EMBEDDING"), &json!(1000))
    );
    assert!(
        trace["totalCost"].as_f64().expect("a cost") > 0.0,
        "{trace}"
    );
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gemini_is_asked_in_its_own_words() {
    let provider = Provider::start([
        Reply::json(
            200,
            &json!({ "embeddings": [{ "values": [0.5, -1] }, { "values": [1, 2] }] }),
        ),
        Reply::json(
            429,
            &json!({ "error": { "code": 429, "message": "slow down", "status": "RESOURCE_EXHAUSTED" } }),
        ),
    ])
    .await;
    let settings = [
        ("GEMINI_API_KEY", "key-of-gemini"),
        ("APP_GATEWAY__PROVIDERS__GEMINI__BASE_URL", &provider.url),
    ];
    let app = App::start_with(Engine::Sqlite, &settings).await;
    let call = json!({ "model": "gemini/embed-1", "input": ["a", "b"], "dimensions": 2,
        "encoding_format": "base64" });
    let answer = app.post(PATH, &call).await.expect(200);
    assert_eq!(answer["data"][0]["embedding"], BASE64);
    assert_eq!(answer["data"].as_array().expect("a list").len(), 2);
    let error = app.post(PATH, &call).await.expect_error(429);
    assert_eq!(error["message"], "slow down");
    let received = provider.received();
    assert_eq!(received[0].path, "/models/embed-1:batchEmbedContents");
    assert_eq!(received[0].headers["x-goog-api-key"], "key-of-gemini");
    assert_eq!(received[0].json()["requests"][1]["outputDimensionality"], 2);

    for (body, word) in [
        (json!({ "model": "gemini/m", "input": [1, 2] }), "tokens"),
        (json!({ "model": "gemini/m", "input": [] }), "`input`"),
        (json!({ "input": "a" }), "`model`"),
    ] {
        let error = app.post(PATH, &body).await.expect_error(400);
        assert!(
            error["message"].as_str().expect("text").contains(word),
            "{error}"
        );
    }
    let viewer = app.with_scopes(&["traces:read"]).await;
    viewer
        .send(Method::POST, PATH, Some(&call))
        .await
        .expect_error(403);
    app.stop().await;
}
