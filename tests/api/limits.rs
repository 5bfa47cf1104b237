//! Limits, budgets and virtual keys as callers meet them.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    authorization::{Case, MARK},
    support::{
        App, Engine,
        app::Viewer,
        provider::{Provider, Reply, Step, chunk, done, last_chunk, usage_chunk},
    },
};

const CHAT: &str = "/v1/chat/completions";
/// What one call of [`call`] costs at [`price`]: 1,000 tokens in and 200 out.
const COST: &str = "0.0012";

/// Writes a test once for both databases: the app calls a provider with these replies.
macro_rules! with_provider {
    ($($(#[$meta:meta])* async fn $name:ident($app:ident: App, $provider:ident: Provider = [$($reply:expr),+ $(,)?]) $body:block)+) => {$(
        $(#[$meta])*
        mod $name {
            use super::*;

            async fn run(engine: Engine) {
                let $provider = Provider::start([$($reply),+]).await;
                let $app = App::start_with(engine, &$provider.settings()).await;
                $body
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

fn call(user: &str) -> Value {
    json!({ "model": "gpt-4o-mini", "user": user, "max_tokens": 10,
        "messages": [{ "role": "user", "content": "Hi" }] })
}

async fn limit(
    app: &App,
    subject: Value,
    unit: &str,
    window: Option<&str>,
    amount: Value,
) -> Value {
    let mut body = json!({ "subject": subject, "unit": unit, "amount": amount });
    if let Some(window) = window {
        body["window"] = window.into();
    }
    app.post("/api/v1/limits", &body).await.expect(201)
}

/// A dollar for a million tokens, cached ones too.
async fn price(app: &App) {
    let price = json!({ "usd_per_million": { "input": "1", "cached_input": "1", "output": "1" } });
    app.put("/api/v1/prices/gpt-4o-mini*", &price)
        .await
        .expect(200);
}

async fn usage(app: &App) -> Value {
    app.get("/api/v1/limits/usage").await.expect(200)["items"][0].clone()
}

/// A key of the project, and the path of its policy.
async fn key(app: &App) -> (Viewer<'_>, String) {
    let key = app
        .post("/api/v1/keys", &json!({ "name": "virtual" }))
        .await
        .expect(201);
    let secret = key["secret_key"].as_str().expect("a secret").to_owned();
    let policy = format!("/api/v1/keys/{}/policy", key["id"].as_str().expect("an id"));
    (app.with_key(secret), policy)
}

/// What the walk of `authorization.rs` asks of limits.
pub async fn authorization_cases(app: &App) -> Vec<(&'static str, Case)> {
    let subject = json!({ "kind": "user", "value": MARK });
    let limit = limit(app, subject.clone(), "requests", Some("minute"), 1.into()).await;
    let path = format!("/api/v1/limits/{}", limit["id"].as_str().expect("an id"));
    let (_, policy) = key(app).await;
    app.put(&policy, &json!({ "tags": [MARK] }))
        .await
        .expect(200);
    let body = json!({ "subject": subject, "unit": "tokens", "window": "day", "amount": 1 });
    vec![
        ("GET /api/v1/limits", Case::Own(Value::Null)),
        ("POST /api/v1/limits", Case::Own(theirs(body))),
        ("GET /api/v1/limits/usage", Case::Own(Value::Null)),
        (
            "GET /api/v1/limits/{id}",
            Case::Row(path.clone(), Value::Null),
        ),
        (
            "PUT /api/v1/limits/{id}",
            Case::Row(path.clone(), json!({ "amount": 2 })),
        ),
        ("DELETE /api/v1/limits/{id}", Case::Row(path, Value::Null)),
        (
            "GET /api/v1/keys/{id}/policy",
            Case::Row(policy.clone(), Value::Null),
        ),
        (
            "PUT /api/v1/keys/{id}/policy",
            Case::Row(policy.clone(), json!({})),
        ),
        (
            "DELETE /api/v1/keys/{id}/policy",
            Case::Row(policy, Value::Null),
        ),
    ]
}

fn theirs(mut body: Value) -> Value {
    body["subject"]["value"] = "theirs".into();
    body
}

with_provider! {
    async fn a_limit_of_requests_counts_each_user_and_says_when_to_come_back(
        app: App, provider: Provider = [Reply::completion("Hello")]) {
        limit(&app, json!({ "kind": "user", "value": "*" }), "requests", Some("month"), 2.into()).await;
        for left in ["1", "0"] {
            let answer = app.post(CHAT, &call("ann")).await;
            answer.expect(200);
            assert_eq!(answer.header("x-ratelimit-limit-requests"), Some("2"));
            assert_eq!(answer.header("x-ratelimit-remaining-requests"), Some(left));
        }
        let refused = app.post(CHAT, &call("ann")).await;
        let error = refused.expect_error(429);
        assert_eq!((&error["type"], &error["code"]), (&json!("requests"), &json!("rate_limit_exceeded")));
        let seconds: u64 = refused.header("retry-after").expect("a wait").parse().expect("seconds");
        let millis: u64 = refused.header("retry-after-ms").expect("a wait").parse().expect("ms");
        assert!(seconds >= 1 && seconds == millis.div_ceil(1000), "{seconds} s, {millis} ms");
        assert_eq!(refused.header("x-ratelimit-remaining-requests"), Some("0"));
        app.post(CHAT, &call("bob")).await.expect(200);
        assert_eq!(provider.received().len(), 3, "a call that is refused reaches no provider");
    }

    async fn a_budget_is_spent_to_what_calls_cost_and_then_refuses(
        app: App, provider: Provider = [Reply::completion("Hello")]) {
        price(&app).await;
        limit(&app, json!({ "kind": "project" }), "money", Some("total"), json!("0.0036")).await;
        for _ in 0..3 {
            app.post(CHAT, &call("ann")).await.expect(200);
        }
        let spent = usage(&app).await;
        assert_eq!(spent["used"], json!("0.0036"), "{spent}");
        assert_eq!((&spent["reserved"], &spent["remaining"]), (&json!("0"), &json!("0")));
        let refused = app.post(CHAT, &call("ann")).await;
        let error = refused.expect_error(429);
        assert_eq!((&error["type"], &error["code"]), (&json!("insufficient_quota"), &json!("insufficient_quota")));
        assert_eq!(refused.header("x-should-retry"), Some("false"));
        assert_eq!(provider.received().len(), 3);
        // More money lets calls through at once.
        let limit = app.get("/api/v1/limits").await.expect(200)["items"][0].clone();
        let path = format!("/api/v1/limits/{}", limit["id"].as_str().expect("an id"));
        let changed = app.put(&path, &json!({ "amount": "1" })).await.expect(200);
        assert_eq!(changed["amount"], "1");
        app.post(CHAT, &call("ann")).await.expect(200);
    }

    async fn what_was_spent_survives_a_restart(
        app: App, provider: Provider = [Reply::completion("Hello")]) {
        price(&app).await;
        limit(&app, json!({ "kind": "tag", "value": "*" }), "money", Some("month"), json!("0.002")).await;
        let mut call = call("ann");
        call["metadata"] = json!({ "langfuse_tags": ["team-a"] });
        app.post(CHAT, &call).await.expect(200);
        let app = app.restarted(&kaname::roles::Role::SERVING).await;
        let spent = usage(&app).await;
        assert_eq!((&spent["used"], &spent["subject"]["value"]), (&json!(COST), &json!("team-a")), "{spent}");
        app.post(CHAT, &call).await.expect(200);
        app.post(CHAT, &call).await.expect_error(429);
        assert_eq!(provider.received().len(), 2);
    }

    async fn a_model_without_a_price_is_refused_where_a_budget_counts(
        app: App, provider: Provider = [Reply::completion("Hello")]) {
        limit(&app, json!({ "kind": "project" }), "money", Some("day"), json!("10")).await;
        let mut call = call("ann");
        call["model"] = "unheard-of".into();
        let error = app.post(CHAT, &call).await.expect_error(403);
        assert_eq!(error["code"], "price_unknown");
        assert_eq!(provider.received().len(), 0);
    }

    async fn a_request_that_runs_holds_its_place_until_it_ends_or_its_client_leaves(
        app: App, provider: Provider = [Reply::stream(vec![chunk("a"), Step::Hang])]) {
        let limit = limit(&app, json!({ "kind": "model", "value": "gpt-*" }), "parallel_requests", None, 1.into()).await;
        assert_eq!(limit.get("window"), None);
        let mut streamed = call("ann");
        streamed["stream"] = true.into();
        let running = app.request(Method::POST, CHAT).json(&streamed).send().await.expect("an answer");
        assert_eq!(running.status(), 200);
        let refused = app.post(CHAT, &call("ann")).await;
        assert_eq!(refused.expect_error(429)["code"], "rate_limit_exceeded");
        assert_eq!(refused.header("retry-after"), Some("1"));
        drop(running);
        provider.caller_hung_up().await;
        crate::support::eventually("the place is free again", || async {
            usage(&app).await["remaining"] == 1
        }).await;
    }

    async fn a_stream_settles_what_it_used(
        app: App, provider: Provider = [Reply::stream(vec![chunk("a"), last_chunk(), usage_chunk(), done()])]) {
        price(&app).await;
        limit(&app, json!({ "kind": "project" }), "money", Some("month"), json!("1")).await;
        let mut streamed = call("ann");
        streamed["stream"] = true.into();
        app.post(CHAT, &streamed).await;
        crate::support::eventually("the stream is settled", || async {
            let spent = usage(&app).await;
            (&spent["used"], &spent["reserved"]) == (&json!(COST), &json!("0"))
        }).await;
        assert_eq!(provider.received().len(), 1);
    }

    async fn a_call_that_a_provider_refused_costs_nothing(
        app: App, provider: Provider = [Reply::json(400, &json!({ "error": { "message": "no" } }))]) {
        price(&app).await;
        limit(&app, json!({ "kind": "project" }), "money", Some("month"), json!("1")).await;
        app.post(CHAT, &call("ann")).await.expect(400);
        let spent = usage(&app).await;
        assert_eq!((&spent["used"], &spent["remaining"]), (&json!("0"), &json!("1")), "{spent}");
        assert_eq!(provider.received().len(), 1);
    }

    async fn a_virtual_key_calls_what_its_policy_names_within_its_budget(
        app: App, provider: Provider = [Reply::completion("Hello")]) {
        price(&app).await;
        let (key, path) = key(&app).await;
        app.get(&path).await.expect_error(404);
        let policy = json!({ "allowed_models": ["gpt-*"], "tags": ["team-a"],
            "limits": [{ "unit": "money", "window": "total", "amount": "0.0012" }] });
        let stored = app.put(&path, &policy).await.expect(200);
        assert_eq!(stored["allowed_models"], json!(["gpt-*"]));
        assert_eq!(app.get(&path).await.expect(200), stored);
        let mut other = call("ann");
        other["model"] = "claude-3".into();
        let refused = key.send(Method::POST, CHAT, Some(&other)).await;
        assert_eq!(refused.expect_error(403)["code"], "model_not_allowed");
        key.send(Method::POST, CHAT, Some(&call("ann"))).await.expect(200);
        let refused = key.send(Method::POST, CHAT, Some(&call("ann"))).await;
        assert_eq!(refused.expect_error(429)["code"], "insufficient_quota");
        // Other keys are not held up, and without its policy this one is not either.
        app.post(CHAT, &call("ann")).await.expect(200);
        let id = path.split('/').nth(4).expect("an id");
        let spent = app.get(&format!("/api/v1/limits/usage?kind=key&value={id}")).await.expect(200);
        assert_eq!(spent["items"][0]["used"], json!(COST), "{spent}");
        app.delete(&path).await.expect(204);
        key.send(Method::POST, CHAT, Some(&call("ann"))).await.expect(200);
        assert_eq!(provider.received().len(), 3);
    }

    async fn only_those_who_may_set_limits_and_policies(
        app: App, provider: Provider = [Reply::completion("Hello")]) {
        let member = app.with_scopes(&["gateway:call", "project:read"]).await;
        let body = json!({ "subject": { "kind": "project" }, "unit": "requests", "window": "day", "amount": 1 });
        member.send(Method::POST, "/api/v1/limits", Some(&body)).await.expect_error(403);
        member.send(Method::GET, "/api/v1/limits", None).await.expect(200);
        let (_, path) = key(&app).await;
        for method in [Method::GET, Method::PUT, Method::DELETE] {
            member.send(method, &path, Some(&json!({}))).await.expect_error(403);
        }
        assert_eq!(provider.received().len(), 0);
    }

    async fn what_is_no_limit_is_refused_with_what_would_be_right(
        app: App, provider: Provider = [Reply::completion("Hello")]) {
        let project = json!({ "kind": "project" });
        for (subject, unit, window, amount, named) in [
            (json!({ "kind": "team", "value": "a" }), "requests", "day", json!(1), "project, key, user, tag, model"),
            (json!({ "kind": "user" }), "requests", "day", json!(1), "`value`"),
            (json!({ "kind": "key", "value": "pk-1" }), "requests", "day", json!(1), "id of a key"),
            (project.clone(), "usd", "day", json!("1"), "requests, tokens, money"),
            (project.clone(), "requests", "week", json!(1), "second, minute, hour"),
            (project.clone(), "parallel_requests", "day", json!(1), "leave `window` out"),
            (project.clone(), "requests", "day", json!("1"), "whole number"),
            (project.clone(), "money", "day", json!(1), "text of US dollars"),
            (project.clone(), "money", "day", json!("9000000.01"), "9000000"),
        ] {
            let body = json!({ "subject": subject, "unit": unit, "window": window, "amount": amount });
            let error = app.post("/api/v1/limits", &body).await.expect_error(400);
            assert_eq!(error["code"], "limit_invalid");
            let message = error["message"].as_str().expect("a message");
            assert!(message.contains(named), "{body}: {message}");
        }
        let body = json!({ "subject": project, "unit": "requests", "window": "day", "amount": 1 });
        app.post("/api/v1/limits", &body).await.expect(201);
        assert_eq!(app.post("/api/v1/limits", &body).await.expect_error(409)["code"], "limit_exists");
        let (_, path) = key(&app).await;
        let twice = json!({ "unit": "tokens", "window": "day", "amount": 1 });
        let policy = json!({ "limits": [twice, twice] });
        assert_eq!(app.put(&path, &policy).await.expect_error(400)["code"], "limit_invalid");
        assert_eq!(provider.received().len(), 0);
    }
}
