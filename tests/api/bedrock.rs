//! Streams of Bedrock, which come in binary frames: whole, and cut off where a server may cut them.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    each_engine,
    support::{
        App, Engine,
        app::Answer,
        provider::{Provider, Reply, Step},
    },
    vendors::{Format, bedrock_text, frame},
};

const MODEL: &str = "amazon.nova-lite-v1:0";
const USAGE: &str = r#"{"inputTokens":1000,"outputTokens":200,"totalTokens":1200}"#;

async fn app(engine: Engine, provider: &Provider) -> App {
    let settings = [
        ("AWS_REGION", "eu-west-1"),
        ("AWS_BEARER_TOKEN_BEDROCK", "key-of-bedrock"),
        ("APP_GATEWAY__PROVIDERS__BEDROCK__BASE_URL", &provider.url),
    ];
    let app = App::start_with(engine, &settings).await;
    let price = json!({ "usd_per_million": { "input": "1", "output": "2" } });
    let path = format!("/api/v1/prices/{MODEL}");
    app.put(&path, &price).await.expect(200);
    app
}

/// What a client of OpenAI's reads, and the observation.
async fn streamed(app: &App) -> (String, Value) {
    let call = json!({ "model": MODEL, "stream": true,
        "messages": [{ "role": "user", "content": "Hi" }] });
    let answer = Answer::of(
        app.request(Method::POST, "/v1/chat/completions")
            .json(&call),
    )
    .await;
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (200, Some("text/event-stream"))
    );
    let id = answer.header("x-kaname-trace-id").expect("a trace");
    let trace = app.get(&format!("/api/v1/traces/{id}")).await.expect(200);
    (answer.text.clone(), trace["observations"][0].clone())
}

fn half_of(step: Step) -> Step {
    match step {
        Step::Send(mut bytes) => {
            bytes.truncate(bytes.len() / 2);
            Step::Send(bytes)
        }
        other => other,
    }
}

fn usage() -> Value {
    serde_json::from_str(USAGE).expect("JSON")
}

fn stopped() -> Step {
    frame("messageStop", &json!({ "stopReason": "end_turn" }))
}

fn metadata() -> Step {
    let body = json!({ "usage": usage(), "metrics": { "latencyMs": 1 } });
    frame("metadata", &body)
}

fn stream(steps: Vec<Step>) -> Reply {
    let mut all = vec![frame("messageStart", &json!({ "role": "assistant" }))];
    all.extend([bedrock_text("Hel"), bedrock_text("lo")]);
    all.extend(steps);
    Format::Bedrock.reply(all)
}

each_engine! {
    async fn a_whole_stream_is_told_in_openais_words(engine: Engine) {
        let provider = Provider::start([stream(vec![stopped(), metadata()])]).await;
        let app = app(engine, &provider).await;
        let (text, observation) = streamed(&app).await;
        assert!(text.contains("\"Hel\"") && text.contains("\"lo\""), "{text}");
        assert!(text.ends_with("data: [DONE]\n\n") && !text.contains("error"), "{text}");
        assert_eq!(observation["usage"], json!({ "input": 1000, "output": 200, "total": 1200 }));
        assert_eq!((&observation["usage_estimated"], &observation["total_cost"]), (&json!(false), &json!("0.001400000")));
        let request = provider.only_request();
        assert_eq!(request.path, "/model/amazon.nova-lite-v1%3A0/converse-stream");
        assert_eq!(request.headers["authorization"], "Bearer key-of-bedrock");
        app.stop().await;
    }

    async fn a_stream_that_is_cut_off_is_told_so_and_counted_here(engine: Engine) {
        // Between two frames, within one of the text, and within the one that tells the usage.
        for steps in [
            vec![],
            vec![half_of(bedrock_text(" there"))],
            vec![stopped(), half_of(metadata())],
        ] {
            // A server that ends its body well has cut the stream off all the same.
            for end in [vec![], vec![Step::CutOff]] {
                let steps = [steps.clone(), end].concat();
                let provider = Provider::start([stream(steps)]).await;
                let app = app(engine, &provider).await;
                let (text, observation) = streamed(&app).await;
                assert!(text.contains("\"lo\"") && text.contains("provider_failed"), "{text}");
                assert!(!text.contains("there") && !text.contains("[DONE]"), "{text}");
                assert_eq!(observation["level"], "ERROR");
                // Four for the message, one for `Hi`; one for `Hello`.
                assert_eq!(observation["usage"], json!({ "input": 5, "output": 1, "total": 6 }));
                assert_eq!((&observation["usage_estimated"], &observation["total_cost"]), (&json!(true), &json!("0.000007000")));
                app.stop().await;
            }
        }
    }

    async fn a_damaged_frame_ends_the_answer(engine: Engine) {
        let Step::Send(mut bytes) = bedrock_text(" there") else {
            unreachable!("a frame is sent");
        };
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        let provider = Provider::start([stream(vec![Step::Send(bytes), stopped(), metadata()])]).await;
        let app = app(engine, &provider).await;
        let (text, observation) = streamed(&app).await;
        assert!(text.contains("provider_failed") && !text.contains("[DONE]"), "{text}");
        assert_eq!((&observation["level"], &observation["usage_estimated"]), (&json!("ERROR"), &json!(true)));
        app.stop().await;
    }
}
