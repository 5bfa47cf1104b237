//! Embeddings: in the format that was asked for, from providers with their own words for them.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    each_engine,
    support::{
        App, Engine,
        app::Answer,
        provider::{Provider, Reply},
    },
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

/// Two embeddings of two numbers, as Gemini's API answers.
fn geminis() -> Reply {
    Reply::json(
        200,
        &json!({ "embeddings": [{ "values": [0.5, -1] }], "usageMetadata": { "promptTokenCount": 3 } }),
    )
}

fn refusal(status: u16) -> Reply {
    let error = json!({ "error": { "message": "not now", "type": "server_error" } });
    Reply::json(status, &error)
}

async fn observation_of(app: &App, answer: &Answer) -> Value {
    let id = answer.header("x-kaname-trace-id").expect("a trace");
    let path = format!("/api/public/traces/{id}");
    let trace = app.get(&path).await.expect(200);
    trace["observations"][0].clone()
}

each_engine! {
    async fn a_route_tries_again_and_falls_back_to_a_provider_with_other_words(engine: Engine) {
        let openai = Provider::start([refusal(503)]).await;
        let gemini = Provider::start([geminis()]).await;
        let settings = [
            openai.settings().as_slice(),
            &[
                ("GEMINI_API_KEY", "key"),
                ("APP_GATEWAY__PROVIDERS__GEMINI__BASE_URL", &gemini.url),
            ],
        ]
        .concat();
        let app = App::start_with(engine, &settings).await;
        let targets = json!([
            { "type": "target", "provider": "openai", "model": "text-embedding-3-small",
                "overrides": { "attempts": 2 } },
            { "type": "target", "provider": "gemini", "model": "gemini-embedding-001",
                "params": { "task_type": "RETRIEVAL_QUERY" } },
        ]);
        let route = json!({ "node": { "type": "fallback", "nodes": targets } });
        app.put("/api/v1/routes/embed", &route).await.expect(200);

        let answer = app.post(PATH, &json!({ "model": "embed", "input": "Hi" })).await;
        assert_eq!(answer.expect(200)["data"][0]["embedding"], json!([0.5, -1]));
        assert_eq!(answer.header("x-kaname-provider"), Some("gemini"));
        assert_eq!(answer.header("x-kaname-model"), Some("gemini-embedding-001"));
        assert_eq!(answer.header("x-kaname-attempts"), Some("3"));
        assert_eq!(openai.received().len(), 2);
        assert_eq!(openai.received()[0].json()["model"], "text-embedding-3-small");
        assert_eq!(gemini.only_request().json()["requests"][0]["taskType"], "RETRIEVAL_QUERY");
        let observation = observation_of(&app, &answer).await;
        let gateway = &observation["metadata"]["gateway"];
        assert_eq!((&observation["type"], &observation["name"]), (&json!("EMBEDDING"), &json!("embeddings embed")));
        assert_eq!((&gateway["route"], &gateway["tries"][0]["outcome"]), (&json!("embed"), &json!("server_error")));
        assert_eq!(observation["input"], "Hi");
        app.stop().await;
    }

    async fn a_breaker_leaves_a_provider_alone_that_fails(engine: Engine) {
        let provider = Provider::start([refusal(500)]).await;
        let settings = [
            provider.settings().as_slice(),
            &[
                ("APP_GATEWAY__RETRIES__ATTEMPTS", "1"),
                ("APP_GATEWAY__BREAKER__MIN_CALLS", "2"),
            ],
        ]
        .concat();
        let app = App::start_with(engine, &settings).await;
        let call = json!({ "model": "text-embedding-3-small", "input": "Hi" });
        for _ in 0..2 {
            app.post(PATH, &call).await.expect_error(500);
        }
        let error = app.post(PATH, &call).await.expect_error(503);
        assert_eq!(error["code"], "provider_unavailable");
        assert_eq!(provider.received().len(), 2);
        app.stop().await;
    }

    async fn guards_redact_and_block_what_would_be_embedded(engine: Engine) {
        let provider = Provider::start([openais(&json!([0.5, -1]))]).await;
        let app = App::start_with(engine, &provider.settings()).await;
        for (name, action, pattern) in [("mail", "redact", "[a-z]+@[a-z.]+"), ("secret", "block", "classified")] {
            let guard = json!({ "name": name, "phases": "input", "action": action,
                "check": { "kind": "regex", "patterns": [pattern] } });
            app.post("/api/v1/guardrails", &guard).await.expect(201);
        }
        let call = |input: Value| json!({ "model": "text-embedding-3-small", "input": input, "new": 1 });
        let answer = app.post(PATH, &call(json!(["to ann@example.org", "b"]))).await;
        answer.expect(200);
        let sent = provider.only_request().json();
        assert!(!sent.to_string().contains("example.org"), "{sent}");
        assert_eq!((&sent["input"][1], &sent["new"]), (&json!("b"), &json!(1)));
        let observation = observation_of(&app, &answer).await;
        assert!(!observation["input"].to_string().contains("example.org"), "{observation}");

        let error = app.post(PATH, &call("it is classified".into())).await.expect_error(400);
        assert_eq!(error["code"], "guardrail_blocked");
        let error = app.post(PATH, &call(json!([1, 2]))).await.expect_error(400);
        assert!(error["message"].as_str().expect("text").contains("guardrails"), "{error}");
        assert_eq!(provider.received().len(), 1);
        app.stop().await;
    }

    async fn equal_calls_are_answered_once_and_limits_count_input_alone(engine: Engine) {
        let provider = Provider::start([openais(&json!([0.5, -1]))]).await;
        let app = App::start_with(engine, &provider.settings()).await;
        let limit = json!({ "subject": { "kind": "project" }, "unit": "tokens", "window": "day", "amount": 1100 });
        app.post("/api/v1/limits", &limit).await.expect(201);
        let call = |user: &str| {
            let body = json!({ "model": "text-embedding-3-small", "input": "Hi", "user": user });
            let request = app.request(Method::POST, PATH).header("x-kaname-cache", "ttl=60");
            Answer::of(request.json(&body))
        };
        let first = call("ann").await;
        first.expect(200);
        let again = call("bob").await;
        assert_eq!((again.header("x-kaname-cache"), &again.text), (Some("hit"), &first.text));
        assert_eq!(provider.received().len(), 1);
        let observation = observation_of(&app, &again).await;
        assert_eq!((&observation["type"], &observation["calculatedTotalCost"]), (&json!("EMBEDDING"), &json!(0.0)));
        let limits = app.get("/api/v1/limits/usage").await.expect(200);
        assert_eq!((&limits["items"][0]["used"], &limits["items"][0]["reserved"]), (&json!(1000), &json!(0)));
        app.stop().await;
    }
}
