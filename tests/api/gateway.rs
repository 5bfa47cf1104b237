//! The gateway against a provider that behaves, and against one that does not.

use diesel::{Connection, PgConnection, SqliteConnection, connection::SimpleConnection};
use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::authorization::{Case, MARK};
use crate::support::{
    App, Engine,
    app::Answer,
    eventually,
    provider::{self, Provider, Reply, Step, chunk, done, last_chunk, send, usage_chunk},
};

/// Writes a test once for both databases: the app calls a provider with these replies.
macro_rules! with_provider {
    ($($(#[$meta:meta])* async fn $name:ident($app:ident: App, $provider:ident: Provider = [$($reply:expr),+ $(,)?]
        $(, $settings:expr)?) $body:block)+) => {$(
        $(#[$meta])*
        mod $name {
            use super::*;

            async fn run(engine: Engine) {
                let $provider = Provider::start([$($reply),+]).await;
                let settings = [$provider.settings().as_slice() $(, $settings.as_slice())?].concat();
                let $app = App::start_with(engine, &settings).await;
                $body
                $app.stop().await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                run(Engine::Sqlite).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                run(Engine::Postgres).await;
            }
        }
    )+};
}

const CHAT: &str = "/v1/chat/completions";

fn call() -> Value {
    json!({ "model": "gpt-4o-mini", "messages": [{ "role": "user", "content": "Hi" }] })
}

fn streaming_call() -> Value {
    let mut call = call();
    call["stream"] = true.into();
    call
}

async fn streamed(app: &App, body: &Value) -> Response {
    let response = app
        .request(Method::POST, CHAT)
        .json(body)
        .send()
        .await
        .expect("an answer");
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    response
}

/// What the walk of `authorization.rs` asks of the gateway, prices and traces.
#[expect(clippy::too_many_lines, reason = "one table of endpoints")]
pub async fn authorization_cases(app: &App) -> Vec<(&'static str, Case)> {
    let call = json!({ "model": "m", "messages": [], "user": MARK });
    let answer = app.post(CHAT, &call).await;
    let trace = trace_of(app, &answer).await;
    let observation = trace["observations"][0]["id"].as_str().expect("an id");
    let price = json!({ "usd_per_million": { "input": "1", "output": "1" } });
    let price_path = format!("/api/v1/prices/{MARK}");
    app.put(&price_path, &price).await.expect(200);
    let row = |path: String| Case::Row(path, Value::Null);
    let own = || Case::Own(Value::Null);
    let response = json!({ "model": "m", "input": MARK });
    let response = app.post("/v1/responses", &response).await.expect(200);
    let response = format!("/v1/responses/{}", response["id"].as_str().expect("an id"));
    app.get(&response).await.expect(200);
    let stored = |what: &str| Case::Row(format!("{response}{what}"), Value::Null);
    let metrics = |path: &str| {
        let query = json!({
            "view": "observations", "dimensions": [{ "field": "traceName" }],
            "metrics": [{ "measure": "count", "aggregation": "count" }],
            "fromTimestamp": "2026-01-01T00:00:00Z", "toTimestamp": "2036-01-01T00:00:00Z",
        });
        let query = [("query", query.to_string())];
        let query = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(query)
            .finish();
        format!("/api/public/{path}?{query}")
    };
    let trace = format!(
        "/api/public/traces/{}",
        trace["id"].as_str().expect("an id")
    );
    let observation = format!("/api/public/observations/{observation}");
    vec![
        (
            "POST /v1/chat/completions",
            Case::Own(json!({ "model": "m", "messages": [] })),
        ),
        (
            "POST /v1/embeddings",
            Case::Own(json!({ "model": "m", "input": "a" })),
        ),
        (
            "POST /v1/rerank",
            Case::Own(json!({ "model": "m", "query": "q", "documents": ["a"] })),
        ),
        ("GET /v1/responses/{response_id}", stored("")),
        ("DELETE /v1/responses/{response_id}", stored("")),
        ("POST /v1/responses/{response_id}/cancel", stored("/cancel")),
        (
            "GET /v1/responses/{response_id}/input_items",
            stored("/input_items"),
        ),
        ("GET /v1/models", own()),
        ("GET /v1/models/{model}", own()),
        ("GET /api/v1/prices", own()),
        ("PUT /api/v1/prices/{model}", Case::Own(price)),
        ("DELETE /api/v1/prices/{model}", row(price_path)),
        ("GET /api/public/traces", own()),
        ("GET /api/public/traces/{trace_id}", row(trace)),
        (
            "GET /api/public/observations/{observation_id}",
            row(observation),
        ),
        ("GET /api/public/observations", own()),
        ("GET /api/public/v2/observations", own()),
        (
            "GET /api/public/metrics",
            Case::OwnAt(metrics("metrics"), Value::Null),
        ),
        (
            "GET /api/public/v2/metrics",
            Case::OwnAt(metrics("v2/metrics"), Value::Null),
        ),
        ("GET /api/public/sessions", own()),
        (
            "GET /api/public/sessions/{session_id}",
            row(format!("/api/public/sessions/{MARK}")),
        ),
    ]
}

/// The trace that an answer names.
async fn trace_of(app: &App, answer: &Answer) -> Value {
    let id = answer
        .header("x-kaname-trace-id")
        .expect("the answer names its trace");
    app.get(&format!("/api/public/traces/{id}"))
        .await
        .expect(200)
}

/// The one trace there is, once it is there.
async fn only_trace(app: &App) -> Value {
    loop {
        let traces = app.get("/api/public/traces").await.expect(200);
        match traces["data"].as_array().expect("a list").as_slice() {
            [] => tokio::task::yield_now().await,
            [trace] => {
                let path = format!(
                    "/api/public/traces/{}",
                    trace["id"].as_str().expect("an id")
                );
                return app.get(&path).await.expect(200);
            }
            several => panic!("{} traces", several.len()),
        }
    }
}

with_provider! {
    async fn a_call_passes_as_it_is_and_is_traced_with_its_cost(app: App, provider: Provider = [Reply::completion("Hello")]) {
        let body = r#"{ "model":"gpt-4o-mini", "messages":[{"role":"user","content":"Hi \u0000"}], "temperature":0.50,
            "brand_new": {"x": 1e400}, "metadata": {"team": "a", "langfuse_prompt_name": "greet",
            "langfuse_prompt_version": "3", "langfuse_session_id": "s-1", "langfuse_user_id": "u-1", "langfuse_tags": "b,a"} }"#;
        let request = app.request(Method::POST, CHAT).header("content-type", "application/json")
            .header("openai-organization", "org-1").header("x-langfuse-environment", "staging").body(body);
        let answer = Answer::of(request).await;
        let completion = answer.expect(200);
        assert_eq!(completion["a_new_field"], json!([1.50, null]));
        assert_eq!(answer.header("x-provider-request-id"), Some("req-of-provider"));
        assert_eq!(answer.header("openai-processing-ms"), Some("12"));
        assert_eq!(answer.header("set-cookie"), None);

        let sent = provider.only_request();
        assert_eq!((sent.method.as_str(), sent.path.as_str(), sent.body.as_str()), ("POST", "/chat/completions", body));
        assert_eq!(sent.headers["authorization"], format!("Bearer {}", provider::KEY));
        assert_eq!(sent.headers["openai-organization"], "org-1");

        let trace = trace_of(&app, &answer).await;
        assert_eq!((&trace["sessionId"], &trace["userId"], &trace["tags"]), (&json!("s-1"), &json!("u-1"), &json!(["a", "b"])));
        assert_eq!((&trace["environment"], &trace["metadata"]), (&json!("staging"), &json!({ "team": "a" })));
        assert_eq!(trace["input"][0]["content"], "Hi \u{0}");
        assert_eq!(trace["output"]["content"], "Hello");
        // 600 × 0.15 + 400 × 0.075 + 200 × 0.60 dollars for a million tokens
        assert_eq!(trace["totalCost"], 0.00024);
        let [generation] = trace["observations"].as_array().unwrap().as_slice() else { panic!("{trace}") };
        assert_eq!(generation["type"], "GENERATION");
        assert_eq!((&generation["promptName"], &generation["promptVersion"]), (&json!("greet"), &json!(3)));
        assert_eq!(generation["model"], "gpt-4o-mini-2024-07-18");
        assert_eq!(generation["modelParameters"], json!({ "temperature": 0.5 }));
        assert_eq!(generation["usageDetails"], json!({ "input": 600, "input_cached_tokens": 400, "output": 150,
            "output_reasoning_tokens": 50, "total": 1200 }));
        assert_eq!(generation["usage"]["input"], 1000);
        assert_eq!(generation["costDetails"]["input_cached_tokens"], 0.00003);
        assert_eq!((&generation["level"], &generation["statusMessage"]), (&json!("DEFAULT"), &Value::Null));
        assert_eq!(generation["metadata"]["gateway"]["finish_reasons"], json!(["stop"]));
    }

    async fn a_stream_is_passed_on_as_it_comes_and_its_trace_is_there_before_its_end(app: App, provider: Provider = [
        Reply::stream(vec![chunk("Hel"), Step::Wait, chunk("lo"), last_chunk(), usage_chunk(), done()])
    ]) {
        let mut response = streamed(&app, &streaming_call()).await;
        let trace_id = response.headers()["x-kaname-trace-id"].to_str().unwrap().to_owned();
        let first = response.chunk().await.unwrap().unwrap();
        assert_eq!(send_bytes(&chunk("Hel")), first, "the first chunk comes while the provider waits");
        provider.go_on();
        let mut rest = Vec::new();
        while !rest.ends_with(b"data: [DONE]\n\n") {
            rest.extend_from_slice(&response.chunk().await.unwrap().expect("the end is marked"));
        }
        let trace = app.get(&format!("/api/public/traces/{trace_id}")).await.expect(200);
        let expected = [chunk("lo"), last_chunk(), done()].iter().flat_map(send_bytes).collect::<Vec<u8>>();
        assert_eq!(String::from_utf8(rest).unwrap(), String::from_utf8(expected).unwrap(), "our usage chunk is hidden");
        assert_eq!(response.chunk().await.unwrap(), None);
        let generation = &trace["observations"][0];
        assert_eq!(generation["output"], json!({ "role": "assistant", "content": "Hello" }));
        assert_eq!(generation["usageDetails"]["total"], 1200);
        assert_eq!(trace["totalCost"], 0.00024);
        assert!(generation["timeToFirstToken"].as_f64().unwrap() <= generation["latency"].as_f64().unwrap());
        assert_eq!(provider.only_request().json()["stream_options"], json!({ "include_usage": true }));
    }

    async fn a_stream_that_asks_for_usage_gets_it_and_every_byte(app: App, provider: Provider = [
        Reply::stream(vec![send(": hi\r\n\r\nda"), send("ta: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"\u{65e5}"),
            send("\u{672c}\"}}]}\r\n\r\n"), usage_chunk(), done()])
    ]) {
        let mut body = streaming_call();
        body["stream_options"] = json!({ "include_usage": true });
        let text = streamed(&app, &body).await.text().await.unwrap();
        let expected = [send(": hi\r\n\r\ndata: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"日本\"}}]}\r\n\r\n"), usage_chunk(), done()];
        assert_eq!(text.as_bytes(), expected.iter().flat_map(send_bytes).collect::<Vec<u8>>());
        assert_eq!(provider.only_request().json(), body);
        assert_eq!(only_trace(&app).await["output"]["content"], "日本");
    }
}

with_provider! {
    async fn a_refusal_of_the_provider_passes_with_its_status_body_and_headers(app: App, provider: Provider = [
        Reply::json(429, &json!({ "error": { "message": "slow down", "type": "tokens", "code": "rate_limit_exceeded" } }))
            .header("retry-after", "7").header("retry-after-ms", "6500").header("x-ratelimit-remaining-tokens", "0"),
        Reply::json(500, &json!({ "error": { "message": "oops" } })),
    ]) {
        let answer = app.post(CHAT, &streaming_call()).await;
        assert_eq!(answer.expect_error(429)["code"], "rate_limit_exceeded");
        assert_eq!((answer.header("retry-after"), answer.header("retry-after-ms")), (Some("7"), Some("6500")));
        assert_eq!(answer.header("x-ratelimit-remaining-tokens"), Some("0"));
        let generation = &trace_of(&app, &answer).await["observations"][0];
        assert_eq!(generation["level"], "ERROR");
        assert!(generation["statusMessage"].as_str().unwrap().contains("429"), "{generation}");
        assert_eq!(generation["output"]["error"]["message"], "slow down");
        assert_eq!(app.post(CHAT, &call()).await.expect_error(500)["message"], "oops");
        assert_eq!(provider.received().len(), 2, "we do not retry: the caller does");
    }

    async fn an_answer_that_is_no_json_passes_and_is_kept(app: App, provider: Provider = [
        Reply::text(200, "text/html", "<html>busy</html>")
    ]) {
        let answer = app.post(CHAT, &call()).await;
        answer.expect(200);
        assert_eq!((answer.text.as_str(), answer.header("content-type")), ("<html>busy</html>", Some("text/html")));
        let trace = trace_of(&app, &answer).await;
        assert_eq!(trace["output"], "<html>busy</html>");
        assert_eq!(trace["totalCost"], Value::Null, "a cost that is not known is not zero");
        provider.only_request();
    }

    async fn a_stream_that_is_cut_off_ends_with_an_error_and_keeps_what_came(app: App, provider: Provider = [
        Reply::stream(vec![chunk("Hel"), chunk("lo"), send("data: {\"choi"), Step::CutOff])
    ]) {
        let text = streamed(&app, &streaming_call()).await.text().await.unwrap();
        let (passed, error) = text.rsplit_once("data: ").unwrap();
        assert_eq!(passed.as_bytes(), [chunk("Hel"), chunk("lo")].iter().flat_map(send_bytes).collect::<Vec<u8>>());
        let error: Value = serde_json::from_str(error).unwrap();
        assert_eq!(error["error"]["code"], "provider_failed");
        let generation = only_trace(&app).await["observations"][0].clone();
        assert_eq!((&generation["level"], &generation["output"]["content"]), (&json!("ERROR"), &json!("Hello")));
        // Five tokens in, and one out.
        assert_eq!(generation["calculatedTotalCost"], 0.000_001_35);
        provider.only_request();
    }

    async fn a_stream_that_ends_without_its_end_is_an_error_unless_it_was_whole(app: App, provider: Provider = [
        Reply::stream(vec![chunk("Hel")]),
        Reply::stream(vec![chunk("Hello"), last_chunk()]),
        Reply::stream(vec![chunk("Hello"), send("data: [DONE]")]),
    ]) {
        let text = streamed(&app, &streaming_call()).await.text().await.unwrap();
        assert!(text.contains("provider_failed"), "{text}");
        for end in ["\"stop\"}]}\n\n", "data: [DONE]"] {
            let text = streamed(&app, &streaming_call()).await.text().await.unwrap();
            assert!(text.trim_end().ends_with(end.trim_end()) && !text.contains("error"), "{text}");
        }
        let listed = app.get("/api/public/v2/observations").await.expect(200);
        let levels: Vec<_> = listed["data"].as_array().unwrap().iter().map(|o| o["level"].as_str().unwrap()).collect();
        assert_eq!(levels, ["DEFAULT", "DEFAULT", "ERROR"]);
        assert_eq!(provider.received().len(), 3);
    }

    async fn an_error_in_a_stream_passes_and_marks_the_trace(app: App, provider: Provider = [
        Reply::stream(vec![chunk("Hel"), provider::event(&json!({ "error": { "message": "overloaded" } })), done()])
    ]) {
        let text = streamed(&app, &streaming_call()).await.text().await.unwrap();
        assert!(text.contains("overloaded") && text.ends_with("data: [DONE]\n\n"), "{text}");
        let generation = only_trace(&app).await["observations"][0].clone();
        assert!(generation["statusMessage"].as_str().unwrap().contains("overloaded"), "{generation}");
        provider.only_request();
    }

    async fn silence_is_a_timeout_that_hangs_up(app: App, provider: Provider = [
        Reply::silence(),
        Reply::stream(vec![chunk("Hel"), Step::Hang]),
    ], [("APP_GATEWAY__FIRST_BYTE_TIMEOUT_SECONDS", "1"), ("APP_GATEWAY__IDLE_TIMEOUT_SECONDS", "1")]) {
        let answer = app.post(CHAT, &call()).await;
        assert_eq!(answer.expect_error(504)["code"], "provider_timeout");
        provider.caller_hung_up().await;
        let text = streamed(&app, &streaming_call()).await.text().await.unwrap();
        assert!(text.contains("provider_timeout"), "{text}");
        let listed = app.get("/api/public/v2/observations?fields=basic,io").await.expect(200);
        let outputs: Vec<_> = listed["data"].as_array().unwrap().iter().map(|o| (&o["level"], &o["output"])).collect();
        let partial = json!("{\"role\":\"assistant\",\"content\":\"Hel\"}");
        assert_eq!(outputs, [(&json!("ERROR"), &partial), (&json!("ERROR"), &Value::Null)]);
    }

    async fn a_client_that_leaves_ends_the_providers_call_and_is_recorded(app: App, provider: Provider = [
        Reply::stream(vec![chunk("Hel"), Step::Hang])
    ]) {
        let mut response = streamed(&app, &streaming_call()).await;
        response.chunk().await.unwrap().expect("a chunk");
        drop(response);
        provider.caller_hung_up().await;
        let generation = only_trace(&app).await["observations"][0].clone();
        assert_eq!((&generation["level"], &generation["output"]["content"]), (&json!("ERROR"), &json!("Hel")));
        assert!(generation["statusMessage"].as_str().unwrap().contains("client"), "{generation}");
    }

    async fn a_client_that_leaves_before_any_answer_ends_the_providers_call_too(app: App, provider: Provider = [
        Reply::silence()
    ]) {
        let leaving = tokio::spawn(app.request(Method::POST, CHAT).json(&call()).send());
        eventually("the provider is asked", || async { !provider.received().is_empty() }).await;
        leaving.abort();
        provider.caller_hung_up().await;
        assert_eq!(only_trace(&app).await["observations"][0]["level"], "ERROR");
    }

    async fn an_answer_larger_than_the_limit_is_refused(app: App, provider: Provider = [Reply::completion(&"x".repeat(2000))],
        [("APP_GATEWAY__RESPONSE_LIMIT_BYTES", "1000")]) {
        let error = app.post(CHAT, &call()).await.expect_error(502);
        assert!(error["message"].as_str().unwrap().contains("gateway.response_limit_bytes"), "{error}");
        provider.only_request();
    }

    async fn what_is_longer_than_the_capture_limit_is_cut_and_marked_in_the_trace_alone(app: App, provider: Provider = [
        Reply::completion(&"x".repeat(2000))
    ], [("APP_GATEWAY__CAPTURE_LIMIT_BYTES", "100")]) {
        let answer = app.post(CHAT, &call()).await;
        assert_eq!(answer.expect(200)["choices"][0]["message"]["content"].as_str().unwrap().len(), 2000);
        let trace = trace_of(&app, &answer).await;
        assert!(trace["output"].as_str().unwrap().contains("[cut: the first 100 of "), "{trace}");
        provider.only_request();
    }

    async fn calls_that_name_one_trace_share_it(app: App, provider: Provider = [Reply::completion("one"), Reply::completion("two")]) {
        let id = "0af7651916cd43dd8448eb211c80319c";
        let parent = format!("00-{id}-b7ad6b7169203331-01");
        for _ in 0..2 {
            let request = app.request(Method::POST, CHAT).header("traceparent", &parent).json(&call());
            assert_eq!(Answer::of(request).await.header("x-kaname-trace-id"), Some(id));
        }
        let trace = app.get(&format!("/api/public/traces/{id}")).await.expect(200);
        assert_eq!(trace["observations"].as_array().unwrap().len(), 2);
        assert_eq!(trace["observations"][0]["parentObservationId"], "b7ad6b7169203331");
        assert_eq!((&trace["output"]["content"], &trace["totalCost"]), (&json!("two"), &json!(0.00048)));
        assert_eq!(provider.received().len(), 2);
    }

    async fn many_calls_at_once_lose_no_trace_and_double_none(app: App, provider: Provider = [Reply::completion("x")]) {
        let body = call();
        let calls = (0..200).map(|_| app.post(CHAT, &body));
        let answers = futures::future::join_all(calls).await;
        let mut ids: Vec<_> = answers.iter().map(|a| a.header("x-kaname-trace-id").expect("stored").to_owned()).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!((ids.len(), provider.received().len()), (200, 200));
        let listed = app.get("/api/public/traces?limit=1").await.expect(200);
        assert_eq!(listed["meta"]["totalItems"], 200);
    }

    async fn prices_of_the_project_count_and_unknown_models_cost_nothing_known(app: App, provider: Provider = [
        Reply::json(200, &json!({ "model": "my/own-model-7", "choices": [{ "message": { "content": "x" } }],
            "usage": { "prompt_tokens": 10, "completion_tokens": 1 } }))
    ]) {
        let cost = async || trace_of(&app, &app.post(CHAT, &json!({ "model": "mine", "messages": [] })).await).await["totalCost"].clone();
        assert_eq!(cost().await, Value::Null);
        let rates = json!({ "input": "1000", "output": "2000.5" });
        let price = json!({ "usd_per_million": rates });
        let entry = app.put("/api/v1/prices/my/own-model-*", &price).await.expect(200);
        assert_eq!((&entry["model"], &entry["source"]), (&json!("my/own-model-*"), &json!("project")));
        assert_eq!(cost().await, 0.012_000_5);
        let listed = app.get("/api/v1/prices").await.expect(200);
        assert_eq!(listed["items"][0]["usd_per_million"], rates);
        assert!(listed["items"].as_array().unwrap().iter().any(|item| item["model"] == "gpt-4o-mini"));
        app.delete("/api/v1/prices/my%2Fown-model-*").await.expect(204);
        assert_eq!(app.delete("/api/v1/prices/my/own-model-*").await.expect_error(404)["code"], "not_found");
        assert_eq!(cost().await, Value::Null);
        for wrong in [
            json!({ "usd_per_million": { "input": "-1", "output": "1" } }),
            json!({ "usd_per_million": { "input": "1", "output": "1e3" } }),
            json!({ "usd_per_million": { "cached": "1" } }),
            json!({ "usd_per_million": {} }),
            json!({ "usd_per_million": { "input": "1" }, "from": "2026-01-02T00:00:00Z", "until": "2026-01-01T00:00:00Z" }),
            json!({ "usd_per_million": { "input": "1" }, "tiers": [{ "name": "none", "when": {}, "usd_per_million": { "input": "1" } }] }),
        ] {
            assert_eq!(app.put("/api/v1/prices/m", &wrong).await.expect_error(400)["code"], "price_invalid");
        }
        assert_eq!(provider.received().len(), 3);
    }

    async fn what_is_no_call_is_refused_in_openais_shape_before_the_provider(app: App, provider: Provider = [Reply::completion("x")]) {
        for (body, word) in [
            (json!([]), "not a JSON object"),
            (json!({ "messages": [] }), "`model`"),
            (json!({ "model": "m", "metadata": { "langfuse_trace_id": "a\nb" } }), "langfuse_trace_id"),
        ] {
            let error = app.post(CHAT, &body).await.expect_error(400);
            assert_eq!((&error["type"], &error["code"]), (&json!("invalid_request_error"), &json!("invalid_request")));
            assert!(error["message"].as_str().unwrap().contains(word), "{error}");
        }
        let viewer = app.with_scopes(&["traces:read"]).await;
        let error = viewer.send(Method::POST, CHAT, Some(&call())).await.expect_error(403);
        assert_eq!(error["type"], "permission_error");
        assert_eq!(provider.received().len(), 0);
    }

    async fn models_pass_as_they_are(app: App, provider: Provider = [
        Reply::json(200, &json!({ "object": "list", "data": [{ "id": "org/m", "object": "model", "created": 1, "owned_by": "o", "new": 1 }] })),
        Reply::json(404, &json!({ "error": { "message": "no such model", "code": "model_not_found" } })),
    ]) {
        let listed = app.get("/v1/models").await.expect(200);
        assert_eq!(listed["data"][0], json!({ "id": "org/m", "object": "model", "created": 1, "owned_by": "o", "new": 1 }));
        assert_eq!(app.get("/v1/models/org/m%20x").await.expect_error(404)["code"], "model_not_found");
        let paths: Vec<_> = provider.received().into_iter().map(|request| request.path).collect();
        assert_eq!(paths, ["/models", "/models/org%2Fm%20x"]);
    }
}

fn send_bytes(step: &Step) -> Vec<u8> {
    match step {
        Step::Send(bytes) => bytes.clone(),
        _ => panic!("not a chunk"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_key_the_error_names_the_setting() {
    let app = App::start(Engine::Sqlite).await;
    for (model, variable) in [
        ("gpt-4o", "OPENAI_API_KEY"),
        ("claude-sonnet-4-5", "ANTHROPIC_API_KEY"),
    ] {
        let error = app
            .post(CHAT, &json!({ "model": model, "messages": [] }))
            .await
            .expect_error(404);
        assert_eq!(error["code"], "provider_not_configured");
        assert!(
            error["message"].as_str().unwrap().contains(variable),
            "{error}"
        );
    }
    assert_eq!(
        app.get("/v1/models").await.expect_error(404)["code"],
        "provider_not_configured"
    );
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn claude_models_go_to_anthropic_and_both_lists_become_one() {
    let openai = Provider::start([Reply::json(
        200,
        &json!({ "object": "list", "data": [{ "id": "gpt-4o", "object": "model" }] }),
    )])
    .await;
    let anthropic = Provider::start([
        Reply::json(200, &json!({ "id": "msg_1", "type": "message", "role": "assistant", "model": "claude-x",
            "content": [{ "type": "text", "text": "Hello" }], "stop_reason": "end_turn", "stop_sequence": null,
            "usage": { "input_tokens": 1, "output_tokens": 2 } })),
        Reply::json(200, &json!({ "data": [{ "type": "model", "id": "claude-x", "created_at": "2025-01-01T00:00:00Z" }], "has_more": false })),
        Reply::json(200, &json!({ "data": [{ "type": "model", "id": "claude-x", "created_at": "2025-01-01T00:00:00Z" }], "has_more": false })),
        Reply::json(401, &json!({ "type": "error", "error": { "type": "authentication_error" } })),
    ]).await;
    let settings = [
        openai.settings().to_vec(),
        vec![
            ("ANTHROPIC_BASE_URL", anthropic.url.as_str()),
            ("ANTHROPIC_API_KEY", "sk-ant"),
        ],
    ]
    .concat();
    let app = App::start_with(Engine::Sqlite, &settings).await;
    let answer = app
        .post(
            CHAT,
            &json!({ "model": "claude-x", "messages": [{ "role": "user", "content": "Hi" }] }),
        )
        .await;
    assert_eq!(
        answer.expect(200)["choices"][0]["message"]["content"],
        "Hello"
    );
    let claude = json!({ "id": "claude-x", "object": "model", "created": 1_735_689_600, "owned_by": "anthropic" });
    let listed = app.get("/v1/models").await.expect(200);
    assert_eq!(
        listed["data"],
        json!([{ "id": "gpt-4o", "object": "model" }, claude])
    );
    assert_eq!(app.get("/v1/models/claude-x").await.expect(200), claude);
    app.get("/v1/models").await.expect(401);
    let received = anthropic.received();
    let paths: Vec<_> = received
        .iter()
        .map(|request| request.path.as_str())
        .collect();
    assert_eq!(
        paths,
        [
            "/v1/messages",
            "/v1/models?limit=1000",
            "/v1/models?limit=1000",
            "/v1/models?limit=1000"
        ]
    );
    assert_eq!(received[0].headers["x-api-key"], "sk-ant");
    assert_eq!(received[1].headers["x-api-key"], "sk-ant");
    app.stop().await;
}

/// Keeps others from writing to the database until it is dropped.
enum WriteLock {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl WriteLock {
    fn take(url: &str) -> Self {
        if let Some(path) = url.strip_prefix("sqlite:") {
            let mut conn = SqliteConnection::establish(path).expect("the database opens");
            conn.batch_execute("PRAGMA busy_timeout = 5000; BEGIN IMMEDIATE")
                .expect("the lock");
            return Self::Sqlite(conn);
        }
        let mut conn = PgConnection::establish(url).expect("the database answers");
        conn.batch_execute("BEGIN; LOCK TABLE llm_trace IN EXCLUSIVE MODE")
            .expect("the lock");
        Self::Postgres(conn)
    }

    fn release(self) {
        match self {
            Self::Sqlite(mut conn) => conn.batch_execute("ROLLBACK"),
            Self::Postgres(mut conn) => conn.batch_execute("ROLLBACK"),
        }
        .expect("the lock is given back");
    }
}

with_provider! {
    async fn an_answer_does_not_wait_for_a_database_that_is_away_and_its_trace_follows(app: App, provider: Provider = [
        Reply::completion("Hello"),
        Reply::stream(vec![chunk("Hello"), last_chunk(), done()]),
    ], [("APP_DATABASE__LOCK_TIMEOUT_MS", "100"), ("APP_GATEWAY__TRACE_TIMEOUT_MS", "300")]) {
        let lock = WriteLock::take(app.database_url());
        let answer = app.post(CHAT, &call()).await;
        assert_eq!(answer.expect(200)["choices"][0]["message"]["content"], "Hello");
        assert!(answer.header("x-kaname-trace-id").is_some(), "the log has the trace");
        let text = streamed(&app, &streaming_call()).await.text().await.unwrap();
        assert!(text.ends_with("data: [DONE]\n\n"), "{text}");
        assert_eq!(app.get("/api/public/traces").await.expect(200)["meta"]["totalItems"], 0);
        lock.release();
        while app.get("/api/public/traces").await.expect(200)["meta"]["totalItems"] != 2 {
            tokio::task::yield_now().await;
        }
        trace_of(&app, &app.post(CHAT, &call()).await).await;
        assert_eq!(provider.received().len(), 3);
    }

    async fn without_a_log_a_trace_that_is_not_committed_is_not_claimed(app: App, provider: Provider = [
        Reply::completion("Hello"),
    ], [("APP_DATABASE__LOCK_TIMEOUT_MS", "100"), ("APP_GATEWAY__TRACE_TIMEOUT_MS", "300"), ("APP_TRACES__DURABILITY", "database")]) {
        let lock = WriteLock::take(app.database_url());
        let answer = app.post(CHAT, &call()).await;
        assert_eq!(answer.expect(200)["choices"][0]["message"]["content"], "Hello");
        assert_eq!(answer.header("x-kaname-trace-id"), None, "a trace that is not stored is not claimed");
        lock.release();
        while app.get("/api/public/traces").await.expect(200)["meta"]["totalItems"] != 1 {
            tokio::task::yield_now().await;
        }
        trace_of(&app, &app.post(CHAT, &call()).await).await;
        assert_eq!(provider.received().len(), 2);
    }

    async fn a_body_larger_than_the_limit_is_refused_in_openais_shape(app: App, provider: Provider = [Reply::completion("x")],
        [("APP_SERVER__BODY_LIMIT_BYTES", "1000")]) {
        let mut body = call();
        body["padding"] = "x".repeat(1000).into();
        let error = app.post(CHAT, &body).await.expect_error(413);
        assert_eq!((&error["type"], &error["code"]), (&json!("invalid_request_error"), &json!("payload_too_large")));
        assert_eq!(provider.received().len(), 0);
    }
}
