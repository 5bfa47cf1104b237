//! The stages around a call together: guards, the cache and what they leave in the trace.

use reqwest::Method;
use serde_json::{Value, json};

use crate::each_engine;
use crate::support::{
    App, Engine,
    app::Answer,
    provider::{Provider, Reply, Step, chunk, done, last_chunk, usage_chunk},
};

const CHAT: &str = "/v1/chat/completions";

fn call(text: &str) -> Value {
    json!({ "model": "gpt-4o-mini", "messages": [{ "role": "user", "content": text }] })
}

fn streaming(text: &str) -> Value {
    let mut call = call(text);
    call["stream"] = true.into();
    call
}

async fn trace_of(app: &App, answer: &Answer) -> Value {
    let id = answer
        .header("x-kaname-trace-id")
        .expect("the answer names its trace");
    app.get(&format!("/api/public/traces/{id}"))
        .await
        .expect(200)
}

/// The text that a stream of chunks spells.
fn spelt(stream: &str) -> String {
    let data = stream
        .lines()
        .filter_map(|line| line.strip_prefix("data: "));
    let chunks = data.filter_map(|data| serde_json::from_str::<Value>(data).ok());
    chunks
        .filter_map(|chunk| Some(chunk["choices"][0]["delta"]["content"].as_str()?.to_owned()))
        .collect()
}

async fn guard(app: &App, name: &str, phases: &str, action: &str, pattern: &str) {
    let guard = json!({ "name": name, "phases": phases, "action": action,
        "check": { "kind": "regex", "patterns": [pattern] } });
    app.post("/api/v1/guardrails", &guard).await.expect(201);
}

each_engine! {
    async fn an_answer_is_given_again_and_costs_nothing(engine: Engine) {
        let provider = Provider::start([Reply::completion("Hello"), Reply::stream(vec![chunk("Hel"), chunk("lo"), last_chunk(), usage_chunk(), done()])]).await;
        let app = App::start_with(engine, &provider.settings()).await;
        let ask = |body: Value| {
            let request = app.request(Method::POST, CHAT).header("x-kaname-cache", "ttl=60, namespace=t").json(&body);
            Answer::of(request)
        };
        let first = ask(call("one")).await;
        assert_eq!(first.header("x-kaname-cache"), Some("miss"));
        let again = ask(call("one")).await;
        assert_eq!((again.header("x-kaname-cache"), &again.text), (Some("hit"), &first.text));
        let trace = trace_of(&app, &again).await;
        assert_eq!((&trace["totalCost"], &trace["observations"][0]["metadata"]["gateway"]["cache"]), (&json!(0.0), &json!("hit")));
        assert_eq!(trace["output"]["content"], "Hello");
        let told = ask(streaming("one")).await;
        assert_eq!((told.header("x-kaname-cache"), spelt(&told.text).as_str()), (Some("hit"), "Hello"));
        assert!(told.text.ends_with("data: [DONE]\n\n"), "{}", told.text);
        assert_eq!(provider.received().len(), 1);

        let told = ask(streaming("two")).await.text;
        assert_eq!(spelt(&told), "Hello");
        assert!(!told.contains("prompt_tokens"), "our usage chunk is hidden: {told}");
        let whole = ask(call("two")).await;
        assert_eq!(whole.expect(200)["choices"][0]["message"]["content"], "Hello");
        assert_eq!(whole.header("x-kaname-cache"), Some("hit"));
        assert_eq!(provider.received().len(), 2);
        assert_eq!(app.post(CHAT, &call("one")).await.header("x-kaname-cache"), None, "nobody asked");
        let wrong = Answer::of(app.request(Method::POST, CHAT).header("x-kaname-cache", "always").json(&call("one"))).await;
        assert!(wrong.expect_error(400)["message"].as_str().unwrap().contains("x-kaname-cache"));
        app.stop().await;
    }

    async fn a_guard_blocks_an_input_before_the_provider_and_the_trace_keeps_no_word_of_it(engine: Engine) {
        let provider = Provider::start([Reply::completion("Hello")]).await;
        let app = App::start_with(engine, &provider.settings()).await;
        guard(&app, "secrets", "input", "block", "hunter[0-9]").await;
        guard(&app, "numbers", "input", "redact", "[0-9]{4}").await;
        let blocked = app.post(CHAT, &call("the word is hunter2")).await;
        assert_eq!(blocked.expect_error(400)["code"], "guardrail_blocked");
        assert_eq!(provider.received().len(), 0);
        let trace = trace_of(&app, &blocked).await;
        assert!(!trace.to_string().contains("hunter2"), "{trace}");
        let kinds: Vec<_> = trace["observations"].as_array().unwrap().iter().map(|o| o["type"].clone()).collect();
        assert!(kinds.contains(&json!("GUARDRAIL")) && kinds.contains(&json!("GENERATION")), "{kinds:?}");

        let answer = app.post(CHAT, &call("my pin is 1234")).await;
        answer.expect(200);
        assert!(!provider.only_request().body.contains("1234"));
        let trace = trace_of(&app, &answer).await;
        assert!(!trace.to_string().contains("1234"), "{trace}");
        app.stop().await;
    }

    async fn a_guard_looks_at_answers_whole_and_across_the_chunks_of_a_stream(engine: Engine) {
        let stream = || Reply::stream(vec![chunk("it is hun"), chunk("ter2 or "), chunk("1"), chunk("234."), last_chunk(), usage_chunk(), done()]);
        let provider = Provider::start([Reply::completion("the pin is 1234"), stream(), stream(), Reply::completion("hunter2")]).await;
        let app = App::start_with(engine, &provider.settings()).await;
        guard(&app, "numbers", "output", "redact", "[0-9]{4}").await;
        let answer = app.post(CHAT, &call("Hi")).await;
        let content = answer.expect(200)["choices"][0]["message"]["content"].as_str().unwrap().to_owned();
        assert!(content.starts_with("the pin is ") && !content.contains("1234"), "{content}");
        assert_eq!(trace_of(&app, &answer).await["totalCost"], 0.00024, "what the provider did is paid for");

        let answer = app.post(CHAT, &streaming("Hi")).await;
        let text = spelt(&answer.text);
        assert!(text.starts_with("it is hunter2 or ") && !text.contains("1234"), "{text}");
        assert!(answer.text.ends_with("data: [DONE]\n\n"), "{}", answer.text);
        let trace = trace_of(&app, &answer).await;
        assert!(!trace.to_string().contains("1234"), "{trace}");

        guard(&app, "secrets", "output", "block", "hunter[0-9]").await;
        // Guards are cached for a moment; the last of these meets the new one.
        let text = loop {
            let text = app.post(CHAT, &streaming("Hi")).await.text;
            if text.contains("guardrail_blocked") || !text.contains("data:") {
                break text;
            }
        };
        assert!(!text.contains("hunter2") && !text.contains("[DONE]"), "{text}");
        app.stop().await;
    }

    async fn a_call_counts_its_time_and_is_given_its_own_patience(engine: Engine) {
        let provider = Provider::start([Reply::stream(vec![Step::Send(b": \n\n".to_vec()), Step::Hang])]).await;
        let app = App::start_with(engine, &provider.settings()).await;
        let request = app.request(Method::POST, CHAT).header("x-kaname-timeout-ms", "1000").json(&streaming("Hi"));
        let answer = Answer::of(request).await;
        assert!(answer.text.contains("provider_timeout"), "{}", answer.text);
        provider.caller_hung_up().await;
        app.stop().await;
    }
}
