//! Streams that end before their provider has told what they used: counted here, marked, and settled.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    each_engine,
    support::{
        App, Engine, eventually,
        provider::{Provider, Reply, Step, chunk, done, last_chunk},
    },
};

const CHAT: &str = "/v1/chat/completions";
/// Tokens that a call may write, which a limit holds back before it.
const MAX_TOKENS: u64 = 1_000;

fn call() -> Value {
    json!({ "model": "gpt-4o-mini", "stream": true, "max_tokens": MAX_TOKENS,
        "messages": [{ "role": "user", "content": "What is the capital of France?" }] })
}

/// An app whose project may use so many tokens a day.
async fn app(engine: Engine, provider: &Provider, settings: &[(&str, &str)]) -> App {
    let settings = [provider.settings().as_slice(), settings].concat();
    let app = App::start_with(engine, &settings).await;
    let limit = json!({ "subject": { "kind": "project" }, "unit": "tokens", "window": "day",
        "amount": 100_000 });
    app.post("/api/v1/limits", &limit).await.expect(201);
    app
}

/// Seven tokens and the four of a message go in, `Paris is the capital.` are five.
async fn is_recorded(app: &App) -> bool {
    let listed = app.get("/api/v1/observations").await.expect(200);
    let Some(observation) = listed["items"].get(0) else {
        return false;
    };
    assert_eq!(
        observation["usage"],
        json!({ "input": 11, "output": 5, "total": 16 })
    );
    assert_eq!(observation["usage_estimated"], true);
    // 11 x 150 + 5 x 600, in 1e-9 USD.
    assert_eq!(observation["total_cost"], "0.000004650");
    true
}

/// It is recorded, and the limit counts that and no more.
async fn is_counted(app: &App) -> bool {
    if !is_recorded(app).await {
        return false;
    }
    let limits = app.get("/api/v1/limits/usage").await.expect(200);
    let (used, reserved) = (&limits["items"][0]["used"], &limits["items"][0]["reserved"]);
    used == 16 && reserved == 0
}

async fn stream(app: &App) -> reqwest::Response {
    let request = app.request(Method::POST, CHAT).json(&call());
    let response = request.send().await.expect("an answer");
    assert_eq!(response.status(), 200);
    response
}

fn said(end: impl IntoIterator<Item = Step>) -> Reply {
    let text = [chunk("Paris is"), chunk(" the capital.")];
    Reply::stream(text.into_iter().chain(end).collect())
}

each_engine! {
    async fn a_client_that_leaves_is_charged_for_what_was_written(engine: Engine) {
        let provider = Provider::start([said([Step::Hang])]).await;
        let app = app(engine, &provider, &[]).await;
        let mut response = stream(&app).await;
        let mut text = String::new();
        while !text.contains("capital") {
            let more = response.chunk().await.expect("a chunk").expect("more");
            text.push_str(std::str::from_utf8(&more).expect("text"));
        }
        drop(response);
        provider.caller_hung_up().await;
        eventually("the call is counted", || is_counted(&app)).await;
        app.stop().await;
    }

    async fn a_provider_that_breaks_off_or_is_out_of_time_is_counted(engine: Engine) {
        for (end, settings) in [
            (Step::CutOff, [("APP_GATEWAY__TOTAL_TIMEOUT_SECONDS", "60")]),
            (Step::Hang, [("APP_GATEWAY__TOTAL_TIMEOUT_SECONDS", "1")]),
        ] {
            let provider = Provider::start([said([end])]).await;
            let app = app(engine, &provider, &settings).await;
            let text = stream(&app).await.text().await.expect("text");
            assert!(text.contains("\"error\""), "{text}");
            assert!(is_counted(&app).await, "it is counted before the answer ends");
            app.stop().await;
        }
    }

    async fn a_whole_stream_without_a_usage_is_counted_too(engine: Engine) {
        let provider = Provider::start([said([last_chunk(), done()])]).await;
        let app = app(engine, &provider, &[]).await;
        let text = stream(&app).await.text().await.expect("text");
        assert!(text.ends_with("data: [DONE]\n\n"), "{text}");
        assert!(is_counted(&app).await);
        app.stop().await;
    }

    async fn a_process_that_stops_finishes_its_counts_first(engine: Engine) {
        let provider = Provider::start([said([Step::Hang])]).await;
        let app = app(engine, &provider, &[]).await;
        let mut response = stream(&app).await;
        let mut text = String::new();
        while !text.contains("capital") {
            let more = response.chunk().await.expect("a chunk").expect("more");
            text.push_str(std::str::from_utf8(&more).expect("text"));
        }
        drop(response);
        provider.caller_hung_up().await;
        let app = app.restarted(&kaname::roles::Role::SERVING).await;
        eventually("the call is recorded", || is_recorded(&app)).await;
        app.stop().await;
    }
}
