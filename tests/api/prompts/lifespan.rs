//! Archiving, restoring, deleting, and what is counted meanwhile.

use serde_json::{Value, json};

use super::publish;
use crate::{each_database, support::App};

async fn fetches(app: &App) -> Vec<(i64, i64)> {
    let usage = app.get("/api/v1/prompts/p/usage").await.expect(200);
    let number = |item: &Value, field: &str| item[field].as_i64().unwrap();
    usage
        .as_array()
        .unwrap()
        .iter()
        .map(|item| (number(item, "version"), number(item, "fetches")))
        .collect()
}

each_database! {
    async fn an_archived_prompt_is_served_but_not_listed_nor_changed(app: App) {
        publish(&app, "p", "one", &["production"]).await;
        let archived = app.post("/api/v1/prompts/p/archive", &Value::Null).await.expect(200);
        assert!(archived["archived_at"].is_string());
        assert_eq!(app.get("/api/v1/prompts/p").await.expect(200)["prompt"], "one");
        let names = |list: Value| list["items"].as_array().unwrap().len();
        assert_eq!(names(app.get("/api/v1/prompts").await.expect(200)), 0);
        assert_eq!(names(app.get("/api/v1/prompts?archived=true").await.expect(200)), 1);
        let draft = json!({ "name": "p", "type": "text", "prompt": "two" });
        let version = json!({ "version": 1 });
        for answer in [
            app.post("/api/v1/prompts", &draft).await,
            app.post("/api/v1/prompts/p/revert", &version).await,
            app.put("/api/v1/prompts/p/labels/a", &version).await,
            app.put("/api/v1/prompts/p/tags", &json!({ "tags": [] })).await,
            app.delete("/api/v1/prompts/p/labels/production").await,
        ] {
            assert_eq!(answer.expect_error(409)["code"], "prompt_archived");
        }
        let restored = app.post("/api/v1/prompts/p/restore", &Value::Null).await.expect(200);
        assert_eq!(restored["archived_at"], Value::Null);
        assert_eq!(publish(&app, "p", "two", &[]).await["version"], 2);
    }

    async fn a_deleted_versions_number_is_not_used_again(app: App) {
        for text in ["one", "two", "three"] {
            publish(&app, "p", text, &[]).await;
        }
        app.delete("/api/v1/prompts/p?label=latest").await.expect(204);
        assert_eq!(app.get("/api/v1/prompts/p?label=latest").await.expect(200)["version"], 2);
        app.get("/api/v1/prompts/p?version=3").await.expect_error(404);
        app.delete("/api/v1/prompts/p?version=3").await.expect_error(404);
        assert_eq!(publish(&app, "p", "four", &[]).await["version"], 4);
    }

    async fn a_prompt_goes_with_its_last_version(app: App) {
        publish(&app, "p", "one", &["production"]).await;
        app.delete("/api/v1/prompts/p?version=1").await.expect(204);
        app.get("/api/v1/prompts/p").await.expect_error(404);
        app.delete("/api/v1/prompts/p").await.expect_error(404);
        assert_eq!(publish(&app, "p", "one", &[]).await["version"], 1);
    }

    async fn fetches_are_counted_by_version_and_survive_a_restart(app: App) {
        publish(&app, "p", "one", &["production"]).await;
        publish(&app, "p", "two", &[]).await;
        for _ in 0..3 {
            app.get("/api/v1/prompts/p").await.expect(200);
        }
        app.get("/api/v1/prompts/p?version=2").await.expect(200);
        app.get("/api/v1/prompts/p?resolve=false").await.expect(200);
        assert_eq!(fetches(&app).await, [(2, 1), (1, 3)]);
        app.get("/api/v1/prompts/p").await.expect(200);
        app.delete("/api/v1/prompts/p?version=2").await.expect(204);
        let app = app.restarted(&kaname::roles::Role::SERVING).await;
        assert_eq!(fetches(&app).await, [(1, 4)]);
    }
}
