//! Labels: one version each, moved at once, protected when asked.

use reqwest::Method;
use serde_json::{Value, json};

use super::publish;
use crate::{each_database, support::App};

async fn labels(app: &App, version: i32) -> Value {
    app.get(&format!("/api/v1/prompts/p?version={version}"))
        .await
        .expect(200)["labels"]
        .clone()
}

each_database! {
    async fn a_label_is_on_one_version_and_latest_on_the_highest(app: App) {
        publish(&app, "p", "one", &["production", "a"]).await;
        publish(&app, "p", "two", &["a"]).await;
        assert_eq!(labels(&app, 1).await, json!(["production"]));
        assert_eq!(labels(&app, 2).await, json!(["a", "latest"]));
        let moved = app.put("/api/v1/prompts/p/labels/production", &json!({ "version": 2 })).await;
        assert_eq!(moved.expect(200)["labels"], json!(["a", "production", "latest"]));
        assert_eq!(labels(&app, 1).await, json!([]));
        app.delete("/api/v1/prompts/p/labels/a").await.expect(204);
        app.delete("/api/v1/prompts/p/labels/a").await.expect_error(404);
        assert_eq!(labels(&app, 2).await, json!(["production", "latest"]));
        assert_eq!(app.get("/api/v1/prompts/p?label=latest").await.expect(200)["prompt"], "two");
        app.put("/api/v1/prompts/p/labels/production", &json!({ "version": 3 })).await.expect_error(404);
    }

    async fn latest_is_kept_by_the_server(app: App) {
        publish(&app, "p", "one", &[]).await;
        let reserved = |answer: crate::support::app::Answer| {
            assert_eq!(answer.expect_error(400)["code"], "prompt_label_reserved");
        };
        reserved(app.put("/api/v1/prompts/p/labels/latest", &json!({ "version": 1 })).await);
        reserved(app.delete("/api/v1/prompts/p/labels/latest").await);
        let draft = json!({ "name": "p", "type": "text", "prompt": "", "labels": ["latest"] });
        reserved(app.post("/api/v1/prompts", &draft).await);
        reserved(app.put("/api/v1/prompt-labels/protected/latest", &Value::Null).await);
    }

    async fn asking_for_a_version_and_a_label_at_once_is_refused(app: App) {
        publish(&app, "p", "one", &[]).await;
        app.get("/api/v1/prompts/p?version=1&label=latest").await.expect_error(400);
        app.get("/api/v1/prompts/p?version=0").await.expect_error(400);
        let error = app.get("/api/v1/prompts/p").await.expect_error(404);
        assert_eq!(error["message"], "Prompt not found: 'p' with label 'production'");
    }

    async fn a_protected_label_moves_only_by_those_who_may(app: App) {
        publish(&app, "p", "one", &["production"]).await;
        publish(&app, "p", "two", &["other"]).await;
        let writer = app.with_scopes(&["prompts:read", "prompts:write"]).await;
        let forbidden = writer.send(Method::PUT, "/api/v1/prompt-labels/protected/production", None).await;
        assert_eq!(forbidden.expect_error(403)["code"], "forbidden");
        app.put("/api/v1/prompt-labels/protected/production", &Value::Null).await.expect(204);
        app.put("/api/v1/prompt-labels/protected/production", &Value::Null).await.expect(204);
        let listed = app.get("/api/v1/prompt-labels/protected").await.expect(200);
        assert_eq!((listed.as_array().unwrap().len(), &listed[0]["label"]), (1, &json!("production")));

        let draft = json!({ "name": "p", "type": "text", "prompt": "", "labels": ["production"] });
        for (method, path, body) in [
            (Method::PUT, "/api/v1/prompts/p/labels/production", Some(json!({ "version": 2 }))),
            (Method::DELETE, "/api/v1/prompts/p/labels/production", None),
            (Method::DELETE, "/api/v1/prompts/p?version=1", None),
            (Method::DELETE, "/api/v1/prompts/p", None),
            (Method::POST, "/api/v1/prompts", Some(draft)),
            (Method::POST, "/api/v1/prompts/p/revert", Some(json!({ "version": 1, "labels": ["production"] }))),
        ] {
            let error = writer.send(method.clone(), path, body.as_ref()).await.expect_error(403);
            assert_eq!(error["code"], "prompt_label_protected", "{method} {path}");
        }
        let other = writer.send(Method::PUT, "/api/v1/prompts/p/labels/other", Some(&json!({ "version": 1 }))).await;
        other.expect(200);
        assert_eq!(app.get("/api/v1/prompts/p").await.expect(200)["version"], 1);
        app.put("/api/v1/prompts/p/labels/production", &json!({ "version": 2 })).await.expect(200);

        app.delete("/api/v1/prompt-labels/protected/production").await.expect(204);
        let moved = writer.send(Method::PUT, "/api/v1/prompts/p/labels/production", Some(&json!({ "version": 1 }))).await;
        moved.expect(200);
    }

    async fn a_key_without_the_scope_can_not_write(app: App) {
        publish(&app, "p", "one", &["production"]).await;
        let reader = app.with_scopes(&["prompts:read"]).await;
        reader.send(Method::GET, "/api/v1/prompts/p", None).await.expect(200);
        let body = json!({ "version": 1 });
        let refused = reader.send(Method::PUT, "/api/v1/prompts/p/labels/a", Some(&body)).await;
        assert_eq!(refused.expect_error(403)["code"], "forbidden");
        let writer = app.with_scopes(&["prompts:write"]).await;
        writer.send(Method::GET, "/api/v1/prompts/p", None).await.expect_error(403);
    }
}
