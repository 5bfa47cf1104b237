//! Prompts inside prompts.

use serde_json::{Value, json};

use super::publish;
use crate::{each_database, support::App};

fn label(name: &str) -> String {
    format!("@@@langfusePrompt:name={name}|label=production@@@")
}

async fn refused(app: &App, name: &str, text: &str, status: u16) -> Value {
    let body = json!({ "name": name, "type": "text", "prompt": text });
    app.post("/api/v1/prompts", &body)
        .await
        .expect_error(status)
}

each_database! {
    async fn references_are_replaced_and_the_graph_says_by_what(app: App) {
        let tone = publish(&app, "shared/tone", "Be {{tone}}.", &["production"]).await;
        let rules = publish(&app, "rules", &format!("Rules: {}", label("shared/tone")), &["production"]).await;
        let stored = format!("{} {} @@@langfusePrompt:name=shared/tone|version=1@@@", label("rules"), label("shared/tone"));
        let main = publish(&app, "main", &stored, &["production"]).await;
        assert_eq!(main["prompt"], stored);

        let read = app.get("/api/v1/prompts/main").await.expect(200);
        assert_eq!(read["prompt"], "Rules: Be {{tone}}. Be {{tone}}. Be {{tone}}.");
        assert_eq!(read["variables"], json!(["tone"]));
        let node = |version: &Value| json!({ "id": version["id"], "name": version["name"], "version": 1 });
        let mut dependencies = serde_json::Map::new();
        dependencies.insert(main["id"].as_str().unwrap().to_owned(), json!([node(&rules), node(&tone)]));
        dependencies.insert(rules["id"].as_str().unwrap().to_owned(), json!([node(&tone)]));
        let graph = json!({ "root": node(&main), "dependencies": dependencies });
        assert_eq!(read["resolution_graph"], graph);

        let raw = app.get("/api/v1/prompts/main?resolve=false").await.expect(200);
        assert_eq!((&raw["prompt"], &raw["resolution_graph"]), (&json!(stored), &Value::Null));
    }

    async fn a_promotion_inside_reaches_what_refers_to_it(app: App) {
        publish(&app, "part", "old", &["production"]).await;
        publish(&app, "whole", &format!("<{}>", label("part")), &["production"]).await;
        assert_eq!(app.get("/api/v1/prompts/whole").await.expect(200)["prompt"], "<old>");
        publish(&app, "part", "new", &["production"]).await;
        assert_eq!(app.get("/api/v1/prompts/whole").await.expect(200)["prompt"], "<new>");
    }

    async fn gaps_circles_and_chat_inside_are_refused_by_name(app: App) {
        let error = refused(&app, "a", &label("gone"), 422).await;
        assert_eq!(error["code"], "prompt_reference_missing");
        assert_eq!(error["details"], json!({ "name": "gone", "referrer": "a" }));
        let error = refused(&app, "a", &label("a"), 422).await;
        assert_eq!((&error["code"], &error["details"]["path"]), (&json!("prompt_reference_cycle"), &json!(["a", "a"])));
        let error = refused(&app, "a", "@@@langfusePrompt:name=a@@@", 400).await;
        assert_eq!(error["code"], "prompt_invalid");
        let chat = json!({ "name": "chat", "type": "chat", "prompt": [], "labels": ["production"] });
        app.post("/api/v1/prompts", &chat).await.expect(201);
        refused(&app, "a", &label("chat"), 400).await;
        app.get("/api/v1/prompts/a?version=1").await.expect_error(404);
    }

    async fn a_label_can_not_be_moved_into_a_circle(app: App) {
        publish(&app, "a", "plain", &["production"]).await;
        publish(&app, "b", "plain", &["production"]).await;
        publish(&app, "a", &label("b"), &[]).await;
        publish(&app, "b", &label("a"), &[]).await;
        app.put("/api/v1/prompts/a/labels/production", &json!({ "version": 2 })).await.expect(200);
        let error = app.put("/api/v1/prompts/b/labels/production", &json!({ "version": 2 })).await.expect_error(422);
        assert_eq!(error["details"]["path"], json!(["b", "a", "b"]));
        assert_eq!(app.get("/api/v1/prompts/a").await.expect(200)["prompt"], "plain", "nothing moved");
    }

    async fn nesting_has_a_limit(app: App) {
        publish(&app, "p1", "leaf", &["production"]).await;
        for level in 2..=5 {
            publish(&app, &format!("p{level}"), &label(&format!("p{}", level - 1)), &["production"]).await;
        }
        assert_eq!(app.get("/api/v1/prompts/p5").await.expect(200)["prompt"], "leaf");
        let error = refused(&app, "p6", &label("p5"), 422).await;
        assert_eq!(error["code"], "prompt_reference_depth");
        assert_eq!(error["details"]["path"], json!(["p6", "p5", "p4", "p3", "p2", "p1"]));
    }

    async fn what_others_refer_to_can_not_be_taken_away(app: App) {
        publish(&app, "part", "one", &["production"]).await;
        publish(&app, "part", "two", &[]).await;
        publish(&app, "whole", &label("part"), &[]).await;
        publish(&app, "pinned", "@@@langfusePrompt:name=part|version=2@@@", &[]).await;
        for path in [
            "/api/v1/prompts/part",
            "/api/v1/prompts/part?version=1",
            "/api/v1/prompts/part?version=2",
            "/api/v1/prompts/part/labels/production",
        ] {
            let error = app.delete(path).await.expect_error(409);
            assert_eq!(error["code"], "prompt_referenced", "{path}");
        }
        let error = app.delete("/api/v1/prompts/part?version=2").await.expect_error(409);
        assert_eq!(error["details"]["by"], json!([{ "name": "pinned", "version": 1 }]));
        app.delete("/api/v1/prompts/pinned").await.expect(204);
        app.delete("/api/v1/prompts/part?version=2").await.expect(204);
        app.delete("/api/v1/prompts/whole").await.expect(204);
        app.delete("/api/v1/prompts/part").await.expect(204);
    }
}
