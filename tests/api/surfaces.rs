//! The same models by other vendors' APIs: Anthropic's messages and OpenAI's responses over any provider.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::authorization::Case;
use crate::each_engine;
use crate::support::{
    App, Engine,
    app::Answer,
    provider::{Provider, Reply, chunk, done, last_chunk, send, usage_chunk},
};

const MESSAGES: &str = "/v1/messages";
const RESPONSES: &str = "/v1/responses";
const DROP: &str = "x-kaname-drop-params";

/// What the walk of `authorization.rs` asks of these surfaces.
pub fn authorization_cases() -> Vec<(&'static str, Case)> {
    let message = json!({ "model": "m", "max_tokens": 1, "messages": [] });
    vec![
        ("POST /v1/messages", Case::Own(message.clone())),
        ("POST /v1/messages/count_tokens", Case::Own(message)),
        (
            "POST /v1/responses",
            // The provider gives every response the same id: this one is not kept.
            Case::Own(json!({ "model": "m", "input": "Hi", "store": false })),
        ),
    ]
}

/// Both vendors, each with its replies.
struct Vendors {
    openai: Provider,
    anthropic: Provider,
}

impl Vendors {
    async fn start(openai: Vec<Reply>, anthropic: Vec<Reply>) -> Self {
        Self {
            openai: Provider::start(openai).await,
            anthropic: Provider::start(anthropic).await,
        }
    }

    async fn app(&self, engine: Engine) -> App {
        let settings = [
            self.openai.settings().to_vec(),
            vec![
                ("ANTHROPIC_BASE_URL", self.anthropic.url.as_str()),
                ("ANTHROPIC_API_KEY", "sk-ant"),
            ],
        ]
        .concat();
        App::start_with(engine, &settings).await
    }
}

fn message(text: &str) -> Reply {
    let body = json!({
        "id": "msg_1", "type": "message", "role": "assistant", "model": "claude-x-1",
        "content": [{ "type": "text", "text": text }], "stop_reason": "end_turn", "stop_sequence": null,
        "usage": { "input_tokens": 10, "cache_read_input_tokens": 90, "output_tokens": 5 },
        "a_new_field": [1.50],
    });
    Reply::json(200, &body).header("request-id", "req-of-anthropic")
}

fn message_stream() -> Reply {
    let events = [
        json!({ "type": "message_start", "message": { "id": "msg_1", "type": "message", "role": "assistant",
            "model": "claude-x-1", "content": [], "stop_reason": null, "stop_sequence": null,
            "usage": { "input_tokens": 10, "cache_read_input_tokens": 90, "output_tokens": 1 } } }),
        json!({ "type": "content_block_start", "index": 0, "content_block": { "type": "text", "text": "" } }),
        json!({ "type": "content_block_delta", "index": 0, "delta": { "type": "text_delta", "text": "日" } }),
        json!({ "type": "content_block_delta", "index": 0, "delta": { "type": "text_delta", "text": "本" } }),
        json!({ "type": "content_block_stop", "index": 0 }),
        json!({ "type": "message_delta", "delta": { "stop_reason": "end_turn", "stop_sequence": null },
            "usage": { "output_tokens": 5 } }),
        json!({ "type": "message_stop" }),
    ];
    let steps = events.iter().map(|event| {
        let name = event["type"].as_str().unwrap();
        send(&format!("event: {name}\ndata: {event}\n\n"))
    });
    Reply::stream(steps.collect())
}

fn ask(model: &str) -> Value {
    json!({ "model": model, "max_tokens": 100, "messages": [{ "role": "user", "content": "Hi" }] })
}

fn post(app: &App, path: &str, body: &Value) -> RequestBuilder {
    app.request(Method::POST, path).json(body)
}

/// The events of a stream: names and data.
async fn events(request: RequestBuilder) -> Vec<(String, Value)> {
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let text = response.text().await.unwrap();
    let events = text.split("\n\n").filter_map(|event| {
        let field = |name| event.lines().find_map(|line| line.strip_prefix(name));
        let data = serde_json::from_str(field("data: ")?).unwrap_or(Value::Null);
        Some((field("event: ").unwrap_or_default().to_owned(), data))
    });
    events.collect()
}

async fn observation_of(app: &App, answer: &Answer) -> Value {
    let id = answer.header("x-kaname-trace-id").expect("a trace");
    let trace = app
        .get(&format!("/api/public/traces/{id}"))
        .await
        .expect(200);
    trace["observations"][0].clone()
}

each_engine! {
    async fn a_message_to_anthropic_passes_as_it_is(engine: Engine) {
        let vendors = Vendors::start(vec![], vec![message("Hello"), message_stream()]).await;
        let app = vendors.app(engine).await;
        let body = r#"{ "model":"claude-x", "max_tokens":9, "messages":[], "brand_new": 1e400 }"#;
        let request = app.request(Method::POST, MESSAGES).header("content-type", "application/json")
            .header("anthropic-beta", "b-1").body(body);
        let answer = Answer::of(request).await;
        assert_eq!(answer.expect(200)["a_new_field"], json!([1.50]));
        assert_eq!(answer.header("request-id"), Some("req-of-anthropic"));
        let observation = observation_of(&app, &answer).await;
        assert_eq!(observation["usageDetails"],
            json!({ "input": 10, "input_cached_tokens": 90, "output": 5, "total": 105 }));

        let mut streaming = ask("claude-x");
        streaming["stream"] = true.into();
        let told = events(post(&app, MESSAGES, &streaming)).await;
        assert_eq!(told.len(), 7);
        assert_eq!(told[2].1["delta"]["text"], "日");
        let [first, second] = vendors.anthropic.received().try_into().unwrap();
        assert_eq!((first.path.as_str(), first.body.as_str()), ("/v1/messages", body));
        assert_eq!((first.headers["x-api-key"].as_str(), first.headers["anthropic-beta"].as_str()), ("sk-ant", "b-1"));
        assert_eq!(second.json(), streaming);
        app.stop().await;
    }

    async fn a_message_reaches_openais_models_translated(engine: Engine) {
        let stream = Reply::stream(vec![chunk("Hel"), chunk("lo"), last_chunk(), usage_chunk(), done()]);
        let refusal = json!({ "error": { "message": "too long", "type": "invalid_request_error",
            "param": "messages", "code": "context_length_exceeded" } });
        let replies = vec![Reply::completion("Hello"), stream, Reply::json(400, &refusal)];
        let vendors = Vendors::start(replies, vec![]).await;
        let app = vendors.app(engine).await;
        let limit = json!({ "subject": { "kind": "project" }, "unit": "requests", "window": "month", "amount": 100 });
        app.post("/api/v1/limits", &limit).await.expect(201);
        let answer = app.post(MESSAGES, &ask("gpt-4o-mini")).await;
        let said = answer.expect(200);
        assert_eq!(answer.header("request-id"), answer.header("x-request-id"));
        assert_eq!(answer.header("anthropic-ratelimit-requests-limit"), Some("100"));
        assert_eq!(answer.header("anthropic-ratelimit-requests-remaining"), Some("99"));
        assert!(answer.header("anthropic-ratelimit-requests-reset").unwrap().ends_with('Z'));
        assert_eq!((&said["type"], &said["content"][0]["text"]), (&json!("message"), &json!("Hello")));
        assert_eq!((&said["usage"]["input_tokens"], &said["usage"]["cache_read_input_tokens"]), (&json!(600), &json!(400)));
        let observation = observation_of(&app, &answer).await;
        assert_eq!(observation["usageDetails"]["input_cached_tokens"], 400);

        let mut streaming = ask("gpt-4o-mini");
        streaming["stream"] = true.into();
        let told = events(post(&app, MESSAGES, &streaming)).await;
        let names: Vec<_> = told.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["message_start", "content_block_start", "content_block_delta", "content_block_delta",
            "content_block_stop", "message_delta", "message_stop"]);
        assert_eq!(told[5].1["usage"]["cache_read_input_tokens"], 400);

        let failed = app.post(MESSAGES, &ask("gpt-4o-mini")).await;
        let error = failed.expect(400);
        assert_eq!((&error["type"], &error["error"]["type"]), (&json!("error"), &json!("invalid_request_error")));
        let sent = &vendors.openai.received()[0];
        assert_eq!(sent.path, "/chat/completions");
        assert_eq!(sent.json()["max_completion_tokens"], 100);
        app.stop().await;
    }

    async fn what_can_not_be_carried_is_refused_by_name_or_dropped_and_listed(engine: Engine) {
        let vendors = Vendors::start(vec![Reply::completion("Hello")], vec![]).await;
        let app = vendors.app(engine).await;
        let mut body = ask("gpt-4o-mini");
        body["top_k"] = 5.into();
        let refused = app.post(MESSAGES, &body).await;
        let error = refused.expect(400);
        assert!(error["error"]["message"].as_str().unwrap().contains("`top_k`"), "{error}");
        assert_eq!(error["request_id"].as_str(), refused.header("request-id"), "{error}");
        assert_eq!(vendors.openai.received().len(), 0);
        let answer = Answer::of(post(&app, MESSAGES, &body).header(DROP, "true")).await;
        answer.expect(200);
        assert_eq!(answer.header("x-kaname-dropped-params"), Some("top_k"));
        app.stop().await;
    }

    async fn a_chat_and_a_response_reach_anthropics_models_translated(engine: Engine) {
        let replies = vec![message("Hello"), message_stream(), message("Hello"), message_stream(),
            Reply::json(529, &json!({ "type": "error", "error": { "type": "overloaded_error", "message": "busy" } }))];
        let vendors = Vendors::start(vec![], replies).await;
        let app = vendors.app(engine).await;
        let mut chat = json!({ "model": "claude-x", "messages": [{ "role": "user", "content": "Hi" }] });
        let said = app.post("/v1/chat/completions", &chat).await;
        let said = said.expect(200);
        assert_eq!((&said["choices"][0]["message"]["content"], &said["usage"]["prompt_tokens"]), (&json!("Hello"), &json!(100)));
        chat["stream"] = true.into();
        let told = events(post(&app, "/v1/chat/completions", &chat)).await;
        let text: String = told.iter().filter_map(|(_, chunk)| chunk["choices"][0]["delta"]["content"].as_str()).collect();
        assert_eq!(text, "日本");

        let mut response = json!({ "model": "claude-x", "input": "Hi", "instructions": "Be kind." });
        let said = app.post(RESPONSES, &response).await.expect(200);
        assert_eq!((&said["object"], &said["output"][0]["content"][0]["text"]), (&json!("response"), &json!("Hello")));
        assert_eq!((&said["instructions"], &said["usage"]["input_tokens_details"]["cached_tokens"]), (&json!("Be kind."), &json!(90)));
        response["stream"] = true.into();
        let told = events(post(&app, RESPONSES, &response)).await;
        let (name, last) = told.last().unwrap();
        assert_eq!((name.as_str(), &last["response"]["output"][0]["content"][0]["text"]), ("response.completed", &json!("日本")));
        let numbers: Vec<_> = told.iter().map(|(_, event)| event["sequence_number"].as_u64().unwrap()).collect();
        assert_eq!(numbers, (0..numbers.len() as u64).collect::<Vec<_>>());

        response["previous_response_id"] = "resp_1".into();
        let refused = app.post(RESPONSES, &response).await;
        assert!(refused.expect_error(400)["message"].as_str().unwrap().contains("`previous_response_id`"));
        let sent = vendors.anthropic.received();
        assert_eq!(sent[2].json()["system"], "Be kind.");
        assert_eq!(sent[2].json()["max_tokens"], 16384);
        app.stop().await;
    }

    async fn a_client_of_anthropics_is_known_by_its_key_and_sees_models_in_its_form(engine: Engine) {
        let models = json!({ "object": "list", "data": [{ "id": "gpt-4o", "object": "model", "created": 1_700_000_000 }] });
        let vendors = Vendors::start(vec![Reply::json(200, &models)], vec![Reply::json(200, &json!({ "data": [] }))]).await;
        let app = vendors.app(engine).await;
        let request = app.anonymous(Method::GET, "/v1/models").header("x-api-key", &app.secret_key)
            .header("anthropic-version", "2026-10-21");
        let listed = Answer::of(request).await;
        let listed = listed.expect(200);
        assert_eq!((&listed["data"][0]["type"], &listed["first_id"]), (&json!("model"), &json!("gpt-4o")));
        let unknown = app.anonymous(Method::POST, MESSAGES).header("x-api-key", "sk-wrong").json(&ask("m"));
        let unknown = Answer::of(unknown).await;
        let error = unknown.expect(401);
        assert_eq!((&error["type"], &error["error"]["type"]), (&json!("error"), &json!("authentication_error")));
        app.stop().await;
    }

    async fn tokens_are_counted_by_anthropic_or_estimated(engine: Engine) {
        let vendors = Vendors::start(vec![], vec![Reply::json(200, &json!({ "input_tokens": 14 }))]).await;
        let app = vendors.app(engine).await;
        let path = format!("{MESSAGES}/count_tokens");
        let counted = app.post(&path, &ask("claude-x")).await;
        assert_eq!(counted.expect(200), json!({ "input_tokens": 14 }));
        assert_eq!(vendors.anthropic.only_request().path, "/v1/messages/count_tokens");
        let estimated = app.post(&path, &ask("gpt-4o-mini")).await;
        assert!(estimated.expect(200)["input_tokens"].as_u64().unwrap() > 0);
        assert!(estimated.header("x-kaname-estimated").is_some());
        app.stop().await;
    }
}
