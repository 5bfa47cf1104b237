//! Routes as a project edits them.

use serde_json::{Value, json};

use crate::{
    authorization::{Case, MARK},
    support::{
        App, Engine,
        provider::{Provider, Reply},
    },
};

fn target(model: &str) -> Value {
    json!({ "node": { "type": "target", "provider": "openai", "model": model } })
}

/// What the walk of `authorization.rs` asks of routes.
pub async fn authorization_cases(app: &App) -> Vec<(&'static str, Case)> {
    let path = format!("/api/v1/routes/{MARK}");
    app.put(&path, &target("gpt-4o")).await.expect(200);
    vec![
        ("GET /api/v1/routes", Case::Own(Value::Null)),
        (
            "GET /api/v1/routes/{alias}",
            Case::Row(path.clone(), Value::Null),
        ),
        (
            "PUT /api/v1/routes/{alias}",
            Case::OwnAt("/api/v1/routes/theirs".to_owned(), target("gpt-4o")),
        ),
        (
            "DELETE /api/v1/routes/{alias}",
            Case::Row(path, Value::Null),
        ),
    ]
}

async fn edits(engine: Engine) {
    let provider = Provider::start([Reply::completion("x")]).await;
    let app = App::start_with(engine, &provider.settings()).await;
    let made = app
        .put("/api/v1/routes/team/fast", &target("a"))
        .await
        .expect(200);
    assert_eq!(
        (&made["alias"], &made["version"], &made["source"]),
        (&json!("team/fast"), &json!(1), &json!("project"))
    );
    assert_eq!(made["route"], target("a"), "what is default is left out");

    let stale = app
        .put("/api/v1/routes/team/fast?version=7", &target("b"))
        .await;
    assert_eq!(stale.expect_error(409)["code"], "route_changed");
    let changed = app
        .put("/api/v1/routes/team/fast?version=1", &target("b"))
        .await
        .expect(200);
    assert_eq!(changed["version"], 2);

    let other = json!({ "node": { "type": "fallback", "on": ["rate_limit", "529"], "nodes": [
        { "type": "route", "alias": "team/fast" }, { "type": "target", "model": "gpt-4o" }] } });
    app.put("/api/v1/routes/safe", &other).await.expect(200);
    let listed = app.get("/api/v1/routes").await.expect(200);
    let aliases: Vec<_> = listed["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["alias"].clone())
        .collect();
    assert_eq!(aliases, ["safe", "team/fast"]);
    assert_eq!(
        app.get("/api/v1/routes/safe").await.expect(200)["route"],
        other
    );

    let needed = app.delete("/api/v1/routes/team/fast").await;
    let error = needed.expect_error(400);
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .contains("`team/fast`, which does not exist"),
        "{error}"
    );
    app.delete("/api/v1/routes/safe").await.expect(204);
    app.delete("/api/v1/routes/team/fast").await.expect(204);
    app.delete("/api/v1/routes/team/fast").await.expect(404);
    app.get("/api/v1/routes/team/fast").await.expect(404);
    app.stop().await;
}

async fn refusals(engine: Engine) {
    let provider = Provider::start([Reply::completion("x")]).await;
    let app = App::start_with(engine, &provider.settings()).await;
    for (route, reason) in [
        (json!({}), "node"),
        (json!({ "node": { "type": "random" } }), "random"),
        (json!({ "node": { "type": "target" } }), "neither"),
        (
            json!({ "node": { "type": "target", "provider": "acme" } }),
            "no provider `acme`",
        ),
        (
            json!({ "node": { "type": "route", "alias": "loop" } }),
            "leads back",
        ),
        (
            json!({ "node": { "type": "weighted", "choices": [] } }),
            "weight",
        ),
        (
            json!({ "node": { "type": "target", "model": "m" }, "shadow": { "percent": 0, "target": { "model": "m" } } }),
            "shadow.percent",
        ),
    ] {
        let error = app
            .put("/api/v1/routes/loop", &route)
            .await
            .expect_error(400);
        assert!(
            error["message"].as_str().unwrap().contains(reason),
            "{route}: {error}"
        );
    }
    let bad_alias = app.put("/api/v1/routes/a%20b", &target("m")).await;
    assert_eq!(bad_alias.expect_error(400)["code"], "route_invalid");
    let reader = app.with_scopes(&["gateway:call"]).await;
    let refused = reader
        .send(reqwest::Method::PUT, "/api/v1/routes/x", Some(&target("m")))
        .await;
    assert_eq!(refused.expect_error(403)["code"], "forbidden");
    app.stop().await;
}

macro_rules! on_both {
    ($($name:ident = $run:ident;)+) => {$(
        mod $name {
            use super::*;

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                $run(Engine::Sqlite).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                $run(Engine::Postgres).await;
            }
        }
    )+};
}

on_both! {
    a_route_is_made_changed_by_version_and_removed_when_nothing_leads_to_it = edits;
    what_can_not_work_is_refused_with_its_reason = refusals;
}
