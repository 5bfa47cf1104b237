//! Guardrails as a project edits and tries them.

use serde_json::{Value, json};

use crate::{
    authorization::{Case, MARK},
    each_database,
    support::{
        App, Engine,
        provider::{Provider, Reply},
    },
};

const GUARDS: &str = "/api/v1/guardrails";
const CACHE: &str = "/api/v1/cache";
const TRY: &str = "/api/v1/guardrails/check";

/// What the walk of `authorization.rs` asks of guardrails and the cache.
pub async fn authorization_cases(app: &App) -> Vec<(&'static str, Case)> {
    let guard = pii(MARK);
    let created = app.post(GUARDS, &guard).await.expect(201);
    let path = format!("{GUARDS}/{}", created["id"].as_str().expect("an id"));
    vec![
        ("GET /api/v1/guardrails", Case::Own(Value::Null)),
        ("POST /api/v1/guardrails", Case::Own(pii("theirs"))),
        (
            "POST /api/v1/guardrails/check",
            Case::Own(json!({ "text": "a@example.org", "phase": "input" })),
        ),
        (
            "GET /api/v1/guardrails/{guardrail_id}",
            Case::Row(path.clone(), Value::Null),
        ),
        (
            "PUT /api/v1/guardrails/{guardrail_id}",
            Case::Row(path.clone(), pii("theirs")),
        ),
        (
            "DELETE /api/v1/guardrails/{guardrail_id}",
            Case::Row(path, Value::Null),
        ),
        ("DELETE /api/v1/cache", Case::Own(Value::Null)),
    ]
}

fn pii(name: &str) -> Value {
    json!({ "name": name, "phases": "both", "action": "redact",
        "check": { "kind": "pii", "kinds": ["email", "my_number"] } })
}

each_database! {
    async fn a_guard_is_set_up_changed_and_removed(app: App) {
        let created = app.post(GUARDS, &pii("people")).await.expect(201);
        assert_eq!((&created["name"], &created["enabled"]), (&json!("people"), &json!(true)));
        let path = format!("{GUARDS}/{}", created["id"].as_str().unwrap());
        assert_eq!(app.get(&path).await.expect(200), created);
        assert_eq!(app.post(GUARDS, &pii("people")).await.expect_error(409)["code"], "guardrail_exists");
        let mut changed = pii("persons");
        changed["enabled"] = false.into();
        assert_eq!(app.put(&path, &changed).await.expect(200)["name"], "persons");
        let listed = app.get(GUARDS).await.expect(200);
        assert_eq!(listed["items"][0]["enabled"], false);
        app.delete(&path).await.expect(204);
        assert_eq!(app.get(&path).await.expect_error(404)["code"], "not_found");
        app.post(GUARDS, &pii("persons")).await.expect(201);
    }

    async fn the_projects_guards_apply_by_scope_and_phase(app: App) {
        app.post(GUARDS, &pii("people")).await.expect(201);
        let words = json!({ "name": "words", "phases": "input", "action": "block",
            "check": { "kind": "deny_list", "words": ["プロジェクトＸ"] }, "scope": { "routes": ["fast"] } });
        app.post(GUARDS, &words).await.expect(201);
        let text = "Taro <taro@example.jp> 1234-5678-9018 ﾌﾟﾛｼﾞｪｸﾄX";
        let tried = app.post(TRY, &json!({ "text": text, "phase": "output", "route": "fast" })).await.expect(200);
        assert_eq!(tried["text"], "Taro <[EMAIL]> [MY_NUMBER] ﾌﾟﾛｼﾞｪｸﾄX");
        assert_eq!((&tried["findings"][0]["guard"], &tried["findings"][0]["matches"]), (&json!("people"), &json!(2)));
        let tried = app.post(TRY, &json!({ "text": text, "phase": "input", "route": "fast" })).await.expect(200);
        assert_eq!((&tried["text"], &tried["blocked_by"]["guard"]), (&Value::Null, &json!("words")));
        assert!(!tried.to_string().contains("example.jp"));
        let tried = app.post(TRY, &json!({ "text": text, "phase": "input", "route": "slow" })).await.expect(200);
        assert_eq!(tried["blocked_by"], Value::Null);
    }

    async fn a_guard_can_be_tried_before_it_is_stored(app: App) {
        let tried = async |check: Value, action: &str, phases: &str, text: &str| {
            let guard = json!({ "name": "g", "phases": phases, "action": action, "check": check });
            app.post(TRY, &json!({ "text": text, "phase": "output", "guard": guard })).await.expect(200)
        };
        let schema = json!({ "kind": "json_schema", "schema": { "type": "object", "required": ["a"] } });
        assert_eq!(tried(schema.clone(), "block", "output", "{}").await["text"], Value::Null);
        assert_eq!(tried(schema, "block", "output", r#"{"a":1}"#).await["findings"], json!([]));
        let size = json!({ "kind": "size", "max_chars": 3 });
        assert_eq!(tried(size.clone(), "block", "both", "日本語").await["blocked_by"], Value::Null);
        let blocked = tried(size, "block", "both", "日本語!").await;
        assert_eq!(blocked["blocked_by"]["reason"], "it is longer than 3 characters");
        let regex = json!({ "kind": "regex", "patterns": ["secret-\\d+"], "ignore_case": true });
        let flagged = tried(regex, "flag", "output", "SECRET-12").await;
        assert_eq!((&flagged["text"], &flagged["findings"][0]["matches"]), (&json!("SECRET-12"), &json!(1)));
    }

    async fn what_is_no_guard_is_refused_and_it_is_said_why(app: App) {
        for (check, phases, action, word) in [
            (json!({ "kind": "regex", "patterns": ["("] }), "both", "block", "regular expression"),
            (json!({ "kind": "regex", "patterns": ["a*"] }), "both", "block", "match nothing"),
            (json!({ "kind": "regex", "patterns": [] }), "both", "block", "`patterns`"),
            (json!({ "kind": "deny_list", "words": ["\u{200b}"] }), "both", "block", "`words[0]`"),
            (json!({ "kind": "json_schema", "schema": { "type": 1 } }), "output", "block", "schema"),
            (json!({ "kind": "json_schema", "schema": {} }), "both", "block", "`phases`"),
            (json!({ "kind": "size", "max_chars": 1 }), "both", "redact", "`action`"),
            (json!({ "kind": "http", "url": "ftp://x", "timeout_ms": 1, "when_unavailable": "allow" }), "both", "block", "http://"),
            (json!({ "kind": "http", "url": "http://u:p@x/", "timeout_ms": 1, "when_unavailable": "allow" }), "both", "block", "password"),
            (json!({ "kind": "http", "url": "http://x/", "timeout_ms": 0, "when_unavailable": "allow" }), "both", "block", "`timeout_ms`"),
            (json!({ "kind": "magic" }), "both", "block", "magic"),
        ] {
            let guard = json!({ "name": "g", "phases": phases, "action": action, "check": check });
            let error = app.post(GUARDS, &guard).await.expect_error(400);
            assert_eq!(error["code"], "guardrail_invalid", "{error}");
            assert!(error["message"].as_str().unwrap().contains(word), "{error}");
        }
    }

    async fn a_cache_without_answers_can_be_purged_and_a_namespace_is_checked(app: App) {
        app.delete(CACHE).await.expect(204);
        app.delete(&format!("{CACHE}?namespace=faq")).await.expect(204);
        assert_eq!(app.delete(&format!("{CACHE}?namespace=a%20b")).await.expect_error(400)["code"], "invalid_request");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_a_guard_is_asked_and_its_silence_counts_as_the_guard_says() {
    let server = Provider::start([
        Reply::json(200, &json!({ "allowed": false, "texts": ["clean"] })),
        Reply::json(200, &json!({ "allowed": true })),
        Reply::json(200, &json!({ "allowed": false })),
        Reply::json(500, &json!({})),
    ])
    .await;
    let settings = [("APP_GATEWAY__PROVIDER_PRIVATE_HOSTS", "127.0.0.1")];
    let app = App::start_with(Engine::Sqlite, &settings).await;
    let tried = async |when_unavailable: &str| {
        let check = json!({ "kind": "http", "url": server.url, "timeout_ms": 20_000, "when_unavailable": when_unavailable });
        let guard = json!({ "name": "g", "phases": "both", "action": "redact", "check": check });
        let body = json!({ "text": "dirty", "phase": "input", "guard": guard });
        app.post(TRY, &body).await.expect(200)
    };
    assert_eq!(tried("block").await["text"], "clean");
    let asked: Value = server.only_request().json();
    assert_eq!(asked, json!({ "phase": "input", "texts": ["dirty"] }));
    assert_eq!(tried("block").await["text"], "dirty");
    assert_eq!(tried("block").await["blocked_by"]["guard"], "g");
    assert_eq!(tried("block").await["text"], Value::Null);
    assert_eq!(tried("allow").await["text"], "dirty");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guard_inside_the_operators_network_is_not_asked() {
    let server = Provider::start([Reply::json(200, &json!({ "allowed": true }))]).await;
    let app = App::start(Engine::Sqlite).await;
    let check = json!({ "kind": "http", "url": server.url, "timeout_ms": 20_000, "when_unavailable": "block" });
    let guard = json!({ "name": "g", "phases": "both", "action": "block", "check": check });
    let body = json!({ "text": "x", "phase": "input", "guard": guard });
    assert_eq!(app.post(TRY, &body).await.expect(200)["text"], Value::Null);
    assert_eq!(server.received().len(), 0);
    app.stop().await;
}
