//! Calls by routes: tries, fallbacks, hedges, shadows and splits, against providers that misbehave.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    App, Engine,
    app::Answer,
    eventually,
    provider::{self, KEY, Provider, Received, Reply, Step, chunk, done, last_chunk},
};

const CHAT: &str = "/v1/chat/completions";

/// An app that knows the first provider as `openai` and the others as `b` and `c`.
async fn app_with(engine: Engine, providers: &[&Provider], more: &[(&str, &str)]) -> App {
    let mut settings: Vec<(&str, &str)> = more.to_vec();
    settings.extend(providers[0].settings());
    let names = [
        (
            "APP_GATEWAY__PROVIDERS__B__KIND",
            "APP_GATEWAY__PROVIDERS__B__BASE_URL",
            "APP_GATEWAY__PROVIDERS__B__API_KEY",
        ),
        (
            "APP_GATEWAY__PROVIDERS__C__KIND",
            "APP_GATEWAY__PROVIDERS__C__BASE_URL",
            "APP_GATEWAY__PROVIDERS__C__API_KEY",
        ),
    ];
    for ((kind, url, key), provider) in names.iter().zip(&providers[1..]) {
        settings.extend([
            (*kind, "compatible"),
            (*url, provider.url.as_str()),
            (*key, KEY),
        ]);
    }
    App::start_with(engine, &settings).await
}

async fn route(app: &App, alias: &str, route: &Value) {
    app.put(&format!("/api/v1/routes/{alias}"), route)
        .await
        .expect(200);
}

fn target(provider: &str) -> Value {
    json!({ "type": "target", "provider": provider, "model": "gpt-4o-mini" })
}

fn call(alias: &str) -> Value {
    json!({ "model": alias, "messages": [{ "role": "user", "content": "Hi" }] })
}

async fn trace_of(app: &App, answer: &Answer) -> Value {
    let id = answer
        .header("x-kaname-trace-id")
        .expect("the answer names its trace");
    app.get(&format!("/api/public/traces/{id}"))
        .await
        .expect(200)
}

/// `metadata.gateway` of the call's generation.
async fn gateway_of(app: &App, answer: &Answer) -> Value {
    trace_of(app, answer).await["observations"][0]["metadata"]["gateway"].clone()
}

fn outcomes(gateway: &Value) -> Vec<&str> {
    let tries = gateway["tries"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    tries
        .iter()
        .map(|attempt| attempt["outcome"].as_str().unwrap())
        .collect()
}

macro_rules! on_both {
    ($(async fn $name:ident($engine:ident) $body:block)+) => {$(
        mod $name {
            use super::*;

            async fn run($engine: Engine) $body

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

fn error(status: u16) -> Reply {
    Reply::json(
        status,
        &json!({ "error": { "message": "busy", "type": "server_error" } }),
    )
}

on_both! {
    async fn a_failure_is_tried_again_after_what_the_provider_asks_for(engine) {
        let provider = Provider::start([
            error(429).header("retry-after-ms", "2"),
            error(500),
            Reply::completion("Hello"),
        ]).await;
        let app = app_with(engine, &[&provider], &[]).await;
        let mut node = target("openai");
        node["overrides"] = json!({ "attempts": 3, "backoff_ms": 1 });
        route(&app, "patient", &json!({ "node": node })).await;
        let answer = app.post(CHAT, &call("patient")).await;
        assert_eq!(answer.expect(200)["choices"][0]["message"]["content"], "Hello");
        assert_eq!(answer.header("x-kaname-attempts"), Some("3"));
        assert_eq!(answer.header("x-kaname-provider"), Some("openai"));
        assert_eq!(answer.header("x-kaname-model"), Some("gpt-4o-mini"));
        let gateway = gateway_of(&app, &answer).await;
        assert_eq!(outcomes(&gateway), ["rate_limit", "server_error", "ok"]);
        assert_eq!((&gateway["route"], &gateway["tries"][0]["status"]), (&json!("patient"), &json!(429)));
        assert_eq!(provider.received()[2].json()["model"], "gpt-4o-mini");
        app.stop().await;
    }

    async fn a_longer_wait_than_is_allowed_ends_the_tries_and_passes_verbatim(engine) {
        let provider = Provider::start([error(429).header("retry-after", "30")]).await;
        let app = app_with(engine, &[&provider], &[
            ("APP_GATEWAY__RETRIES__ATTEMPTS", "3"),
            ("APP_GATEWAY__RETRIES__MAX_RETRY_AFTER_MS", "1000"),
        ]).await;
        let answer = app.post(CHAT, &call("gpt-4o-mini")).await;
        assert_eq!(answer.expect(429)["error"]["message"], "busy");
        assert_eq!(answer.header("retry-after"), Some("30"));
        assert_eq!(answer.header("x-kaname-attempts"), Some("1"));
        provider.only_request();
        app.stop().await;
    }

    async fn a_breaker_opens_and_its_answer_says_when_to_come_back(engine) {
        let provider = Provider::start([error(500)]).await;
        let app = app_with(engine, &[&provider], &[
            ("APP_GATEWAY__BREAKER__MIN_CALLS", "2"),
            ("APP_GATEWAY__BREAKER__OPEN_MS", "60000"),
        ]).await;
        for _ in 0..2 {
            app.post(CHAT, &call("gpt-4o-mini")).await.expect(500);
        }
        let refused = app.post(CHAT, &call("gpt-4o-mini")).await;
        assert_eq!(refused.expect_error(503)["code"], "provider_unavailable");
        assert!(refused.header("retry-after").unwrap().parse::<u64>().unwrap() > 30);
        assert!(refused.header("x-kaname-trace-id").is_some());
        assert_eq!(provider.received().len(), 2);
        app.post(CHAT, &call("gpt-4o")).await.expect(500);
        assert_eq!(provider.received().len(), 3, "another model has a breaker of its own");
        app.stop().await;
    }

    async fn a_breaker_heals_by_a_probe(engine) {
        let provider = Provider::start([error(500), error(500), Reply::completion("Hello")]).await;
        let app = app_with(engine, &[&provider], &[
            ("APP_GATEWAY__BREAKER__MIN_CALLS", "2"),
            ("APP_GATEWAY__BREAKER__OPEN_MS", "1"),
        ]).await;
        for _ in 0..2 {
            app.post(CHAT, &call("gpt-4o-mini")).await.expect(500);
        }
        while app.post(CHAT, &call("gpt-4o-mini")).await.status != 200 {
            tokio::task::yield_now().await;
        }
        app.post(CHAT, &call("gpt-4o-mini")).await.expect(200);
        app.stop().await;
    }

    async fn a_fallback_goes_on_for_its_reasons_and_for_no_other(engine) {
        let first = Provider::start([error(500), error(401), Reply::silence()]).await;
        let second = Provider::start([Reply::completion("from b")]).await;
        let app = app_with(engine, &[&first, &second], &[]).await;
        let mut impatient = target("openai");
        impatient["overrides"] = json!({ "first_byte_timeout_ms": 1000 });
        route(&app, "safe", &json!({ "node": { "type": "fallback", "nodes": [impatient, target("b")] } })).await;
        let answer = app.post(CHAT, &call("safe")).await;
        assert_eq!(answer.expect(200)["choices"][0]["message"]["content"], "from b");
        assert_eq!(answer.header("x-kaname-provider"), Some("b"));
        app.post(CHAT, &call("safe")).await.expect(401);
        let answer = app.post(CHAT, &call("safe")).await;
        answer.expect(200);
        assert_eq!(outcomes(&gateway_of(&app, &answer).await), ["timeout", "ok"]);
        first.caller_hung_up().await;
        assert_eq!(second.received().len(), 2);
        app.stop().await;
    }

    async fn a_stream_that_begins_with_an_error_goes_on_elsewhere(engine) {
        let overloaded = json!({ "error": { "message": "overloaded", "type": "server_error" } });
        let first = Provider::start([
            Reply::stream(vec![provider::event(&overloaded), done()]),
            Reply::stream(vec![Step::CutOff]),
        ]).await;
        let second = Provider::start([Reply::stream(vec![chunk("Hello"), last_chunk(), done()])]).await;
        let app = app_with(engine, &[&first, &second], &[]).await;
        route(&app, "safe", &json!({ "node": { "type": "fallback", "nodes": [target("openai"), target("b")] } })).await;
        for _ in 0..2 {
            let mut body = call("safe");
            body["stream"] = true.into();
            let answer = app.post(CHAT, &body).await;
            assert_eq!(answer.status, 200);
            assert!(answer.text.contains("Hello") && !answer.text.contains("overloaded"), "{}", answer.text);
            assert_eq!(outcomes(&gateway_of(&app, &answer).await).len(), 2);
        }
        app.stop().await;
    }

    async fn the_quicker_of_two_wins_and_the_loser_is_hung_up_on(engine) {
        let first = Provider::start([Reply::silence()]).await;
        let second = Provider::start([Reply::completion("from b")]).await;
        let app = app_with(engine, &[&first, &second], &[]).await;
        let mut slow = target("openai");
        slow["overrides"] = json!({ "hedge": { "after_ms": 500 } });
        route(&app, "quick", &json!({ "node": { "type": "fallback", "nodes": [slow, target("b")] } })).await;
        let answer = app.post(CHAT, &call("quick")).await;
        assert_eq!(answer.expect(200)["choices"][0]["message"]["content"], "from b");
        first.caller_hung_up().await;
        let gateway = gateway_of(&app, &answer).await;
        let mut found = outcomes(&gateway);
        found.sort_unstable();
        assert_eq!(found, ["cancelled", "ok"]);
        assert!(gateway["tries"].as_array().unwrap().iter().any(|attempt| attempt["hedge"] == true));
        app.stop().await;
    }

    async fn a_client_that_leaves_ends_both_tries_of_a_hedge(engine) {
        let first = Provider::start([Reply::silence()]).await;
        let second = Provider::start([Reply::silence()]).await;
        let app = app_with(engine, &[&first, &second], &[]).await;
        let mut slow = target("openai");
        slow["overrides"] = json!({ "hedge": { "after_ms": 1 } });
        route(&app, "quick", &json!({ "node": { "type": "fallback", "nodes": [slow, target("b")] } })).await;
        let request = app.request(Method::POST, CHAT).json(&call("quick"));
        let pending = tokio::spawn(request.send());
        eventually("both are asked", || async {
            [&first, &second].iter().all(|provider| !provider.received().is_empty())
        })
        .await;
        pending.abort();
        first.caller_hung_up().await;
        second.caller_hung_up().await;
        app.stop().await;
    }

    async fn an_experiment_keeps_a_user_in_its_arm_and_records_it(engine) {
        let provider = Provider::start([Reply::completion("x")]).await;
        let app = app_with(engine, &[&provider], &[]).await;
        let arm = |name: &str| json!({ "name": name, "weight": 1,
            "node": { "type": "target", "provider": "openai", "model": name } });
        route(&app, "test", &json!({ "node": { "type": "split", "by": "user", "variants": [arm("gpt-a"), arm("gpt-b")] } })).await;
        let mut seen = std::collections::BTreeSet::new();
        for user in 0..12 {
            let mut body = call("test");
            body["user"] = format!("user {user}").into();
            let first = gateway_of(&app, &app.post(CHAT, &body).await).await["variant"].clone();
            let again = app.post(CHAT, &body).await;
            assert_eq!(gateway_of(&app, &again).await["variant"], first);
            assert_eq!(again.header("x-kaname-model"), first.as_str());
            seen.insert(first.to_string());
        }
        assert_eq!(seen.len(), 2, "{seen:?}");
        app.stop().await;
    }

    async fn a_session_stays_at_its_provider(engine) {
        let providers = [
            Provider::start([Reply::completion("a")]).await,
            Provider::start([Reply::completion("b")]).await,
            Provider::start([Reply::completion("c")]).await,
        ];
        let app = app_with(engine, &[&providers[0], &providers[1], &providers[2]], &[]).await;
        let choices: Vec<_> = ["openai", "b", "c"].iter().map(|name| json!({ "weight": 1, "node": target(name) })).collect();
        route(&app, "sticky", &json!({ "node": { "type": "weighted", "sticky": "session", "choices": choices } })).await;
        for session in 0..6 {
            let before: Vec<_> = providers.iter().map(|provider| provider.received().len()).collect();
            for _ in 0..3 {
                let request = app.request(Method::POST, CHAT)
                    .header("x-langfuse-session-id", format!("session {session}"))
                    .json(&call("sticky"));
                Answer::of(request).await.expect(200);
            }
            let after = providers.iter().map(|provider| provider.received().len());
            let mut grown: Vec<_> = after.zip(before).map(|(after, before)| after - before).collect();
            grown.sort_unstable();
            assert_eq!(grown, [0, 0, 3]);
        }
        app.stop().await;
    }

    async fn a_shadow_is_traced_beside_the_answer_that_does_not_wait_for_it(engine) {
        let main = Provider::start([Reply::completion("Hello")]).await;
        let shadow = Provider::start([Reply::stream(vec![Step::Wait, chunk("shadow"), last_chunk(), done()])]).await;
        let app = app_with(engine, &[&main, &shadow], &[]).await;
        route(&app, "watched", &json!({ "node": target("openai"),
            "shadow": { "percent": 100, "target": { "provider": "b", "model": "next" } } })).await;
        let answer = app.post(CHAT, &call("watched")).await;
        assert_eq!(answer.expect(200)["choices"][0]["message"]["content"], "Hello");
        assert_eq!(trace_of(&app, &answer).await["observations"].as_array().unwrap().len(), 1);
        shadow.go_on();
        let observations = loop {
            let trace = trace_of(&app, &answer).await;
            let observations = trace["observations"].as_array().unwrap().clone();
            if observations.len() == 2 {
                break observations;
            }
            tokio::task::yield_now().await;
        };
        let found = observations.iter().find(|o| o["metadata"]["gateway"]["shadow"] == true).expect("the shadow");
        let main_id = &observations.iter().find(|o| o["metadata"]["gateway"]["shadow"] != true).unwrap()["id"];
        assert_eq!((&found["parentObservationId"], &found["output"]["content"]), (main_id, &json!("shadow")));
        assert_eq!(found["metadata"]["gateway"]["provider"], "b");
        assert_eq!(shadow.only_request().json()["model"], "next");
        app.stop().await;
    }

    async fn conditions_choose_and_params_fill_what_the_call_leaves_open(engine) {
        let provider = Provider::start([Reply::completion("x")]).await;
        let app = app_with(engine, &[&provider], &[]).await;
        let case = |when: Value, model: &str| json!({ "when": when, "then": {
            "type": "target", "provider": "openai", "model": model, "params": { "temperature": 0.25, "seed": 7 } } });
        route(&app, "wise", &json!({ "node": { "type": "when", "cases": [
            case(json!({ "tags": ["batch"] }), "cheap"),
            case(json!({ "needs": ["tools"] }), "able"),
            case(json!({ "min_input_tokens": 1000 }), "long"),
        ] } })).await;
        let mut tools = call("wise");
        tools["tools"] = json!([]);
        tools["seed"] = 1.into();
        let long = json!({ "model": "wise", "messages": [{ "role": "user", "content": "x".repeat(5000) }] });
        let tagged = app.request(Method::POST, CHAT).header("x-langfuse-tags", "batch").json(&call("wise"));
        Answer::of(tagged).await.expect(200);
        app.post(CHAT, &tools).await.expect(200);
        app.post(CHAT, &long).await.expect(200);
        let bodies: Vec<_> = provider.received().iter().map(Received::json).collect();
        let told: Vec<_> = bodies.iter().map(|body| (&body["model"], &body["temperature"], &body["seed"])).collect();
        assert_eq!(told, [
            (&json!("cheap"), &json!(0.25), &json!(7)),
            (&json!("able"), &json!(0.25), &json!(1)),
            (&json!("long"), &json!(0.25), &json!(7)),
        ]);
        let error = app.post(CHAT, &call("wise")).await.expect_error(400);
        assert!(error["message"].as_str().unwrap().contains("no case of the route `wise`"), "{error}");
        app.stop().await;
    }

    async fn a_provider_that_is_full_is_passed_by_and_alone_it_is_an_overload(engine) {
        let first = Provider::start([Reply::stream(vec![chunk("Hel"), Step::Wait, last_chunk(), done()])]).await;
        let second = Provider::start([Reply::completion("from b")]).await;
        let app = app_with(engine, &[&first, &second], &[("APP_GATEWAY__MAX_IN_FLIGHT_PER_PROVIDER", "1")]).await;
        route(&app, "safe", &json!({ "node": { "type": "fallback", "nodes": [target("openai"), target("b")] } })).await;
        let mut body = call("gpt-4o-mini");
        body["stream"] = true.into();
        let mut stream = app.request(Method::POST, CHAT).json(&body).send().await.unwrap();
        stream.chunk().await.unwrap().expect("the first chunk");
        let busy = app.post(CHAT, &call("gpt-4o-mini")).await;
        assert_eq!(busy.expect_error(429)["code"], "overloaded");
        assert!(busy.header("retry-after").is_some());
        let answer = app.post(CHAT, &call("safe")).await;
        assert_eq!(answer.header("x-kaname-provider"), Some("b"));
        first.go_on();
        stream.text().await.unwrap();
        app.stop().await;
    }

    async fn routes_are_models_and_metrics_tell_of_calls(engine) {
        let provider = Provider::start([
            Reply::json(200, &json!({ "object": "list", "data": [{ "id": "gpt-x", "object": "model" }] })),
            Reply::completion("x"),
        ]).await;
        let app = app_with(engine, &[&provider], &[]).await;
        route(&app, "team/fast", &json!({ "node": target("openai") })).await;
        let listed = app.get("/v1/models").await.expect(200);
        let ids: Vec<_> = listed["data"].as_array().unwrap().iter().map(|model| model["id"].clone()).collect();
        assert_eq!(ids, ["team/fast", "gpt-x"]);
        assert_eq!(app.get("/v1/models/team/fast").await.expect(200)["owned_by"], "kaname");
        app.post(CHAT, &call("team/fast")).await.expect(200);
        let page = app.get("/metrics").await.text;
        for series in [
            "gen_ai_client_token_usage_bucket{",
            "gen_ai_client_operation_duration_seconds_count{",
            "gen_ai_request_model=\"team/fast\"",
        ] {
            assert!(page.contains(series), "{series} is not in {page}");
        }
        app.stop().await;
    }
}
