//! Publishing, reading back, history, differences and going back.

use serde_json::json;

use super::{path, publish};
use crate::each_database;

each_database! {
    async fn what_is_published_reads_back_and_never_changes(app: App) {
        let draft = json!({
            "name": "chat",
            "type": "chat",
            "prompt": [
                { "role": "system", "content": "Answer in {{language}}." },
                { "type": "placeholder", "name": "history" },
            ],
            "config": { "z": 1, "a": [null, "\u{0}"], "model": "m" },
            "commit_message": "first",
            "labels": ["production"],
            "tags": ["b", "a"],
        });
        let published = app.post("/api/v1/prompts", &draft).await.expect(201);
        assert_eq!(published["version"], 1);
        assert_eq!(published["labels"], json!(["production", "latest"]));
        assert_eq!(published["tags"], json!(["b", "a"]));
        assert_eq!(published["variables"], json!(["language"]));
        assert_eq!(published["placeholders"], json!(["history"]));
        assert_eq!(published["author"], app.public_key.as_str());
        let config = published["config"].to_string();
        assert_eq!(config, draft["config"].to_string(), "keys keep their order");

        let read = app.get("/api/v1/prompts/chat").await.expect(200);
        assert_eq!(read, published);

        let second = json!({ "name": "chat", "type": "chat", "prompt": [] });
        let second = app.post("/api/v1/prompts", &second).await.expect(201);
        assert_eq!((&second["version"], &second["tags"]), (&json!(2), &json!(["b", "a"])));
        let first = app.get("/api/v1/prompts/chat?version=1").await.expect(200);
        assert_eq!(first["prompt"], published["prompt"]);
        assert_eq!(first["labels"], json!(["production"]));
    }

    async fn a_name_of_any_script_is_one_segment_of_the_path(app: App) {
        for name in ["team/support/greeting", "挨拶/丁寧", "a b+c", "100%", "a%2Fb", "q?x#y", "ü"] {
            let published = publish(&app, name, name, &["production"]).await;
            assert_eq!(published["name"], name);
            assert_eq!(app.get(&path(name)).await.expect(200)["prompt"], name);
            assert_eq!(app.get(&format!("{}/versions", path(name))).await.expect(200)["items"][0]["version"], 1);
            let labelled = app.put(&format!("{}/labels/live", path(name)), &json!({ "version": 1 })).await;
            assert_eq!(labelled.expect(200)["name"], name);
        }
        assert!(path("a/b").ends_with("a%2Fb"));
        app.get("/api/v1/prompts/team/support/greeting").await.expect_error(404);
    }

    async fn what_is_not_valid_is_refused_with_the_field(app: App) {
        let long = "x".repeat(1024 * 1024 + 1);
        for (field, body) in [
            ("name", json!({ "name": "", "type": "text", "prompt": "" })),
            ("name", json!({ "name": "a\u{0}", "type": "text", "prompt": "" })),
            ("name", json!({ "name": "a|b", "type": "text", "prompt": "" })),
            ("prompt", json!({ "name": "a", "type": "text", "prompt": [] })),
            ("prompt", json!({ "name": "a", "type": "chat", "prompt": "" })),
            ("prompt", json!({ "name": "a", "type": "text", "prompt": "\u{0}" })),
            ("prompt", json!({ "name": "a", "type": "text", "prompt": long })),
            ("label", json!({ "name": "a", "type": "text", "prompt": "", "labels": ["A"] })),
            ("tag", json!({ "name": "a", "type": "text", "prompt": "", "tags": [""] })),
            ("tag", json!({ "name": "a", "type": "text", "prompt": "", "tags": ["a\u{0}"] })),
            ("commit_message", json!({ "name": "a", "type": "text", "prompt": "", "commit_message": "\u{0}" })),
            ("config", json!({ "name": "a", "type": "text", "prompt": "", "config": "x".repeat(256 * 1024) })),
        ] {
            let error = app.post("/api/v1/prompts", &body).await.expect_error(400);
            assert_eq!(error["code"], "prompt_invalid");
            assert_eq!(error["details"]["field"], field, "{error}");
        }
        let unknown = json!({ "name": "a", "type": "text", "prompt": "", "lables": [] });
        let error = app.post("/api/v1/prompts", &unknown).await.expect_error(400);
        assert!(error["message"].as_str().unwrap().contains("lables"), "{error}");
        app.get("/api/v1/prompts/a").await.expect_error(404);
    }

    async fn a_prompt_keeps_its_type(app: App) {
        publish(&app, "p", "text", &[]).await;
        let chat = json!({ "name": "p", "type": "chat", "prompt": [] });
        let error = app.post("/api/v1/prompts", &chat).await.expect_error(400);
        assert_eq!(error["code"], "prompt_type_mismatch");
        assert_eq!(publish(&app, "p", "again", &[]).await["version"], 2, "no number was lost");
    }

    async fn history_pages_from_the_newest_down(app: App) {
        for number in 1..=5 {
            publish(&app, "p", &number.to_string(), &[]).await;
        }
        let mut seen = Vec::new();
        let mut next = "/api/v1/prompts/p/versions?limit=2".to_owned();
        loop {
            let page = app.get(&next).await.expect(200);
            seen.extend(page["items"].as_array().unwrap().iter().map(|item| item["version"].as_i64().unwrap()));
            let Some(cursor) = page["next"].as_str() else { break };
            next = format!("/api/v1/prompts/p/versions?limit=2&cursor={cursor}");
        }
        assert_eq!(seen, [5, 4, 3, 2, 1]);
        app.get("/api/v1/prompts/p/versions?cursor=junk").await.expect_error(400);
        app.get("/api/v1/prompts/p/versions?limit=101").await.expect_error(400);
    }

    async fn versions_are_compared_line_by_line(app: App) {
        publish(&app, "p", "a\nb\n", &[]).await;
        let second = json!({ "name": "p", "type": "text", "prompt": "a\nc\n", "config": { "t": 1 } });
        app.post("/api/v1/prompts", &second).await.expect(201);
        let diff = app.get("/api/v1/prompts/p/diff?from=1&to=2").await.expect(200);
        assert_eq!(
            diff["content"],
            json!({ "type": "text", "lines": [
                { "change": "equal", "text": "a\n" },
                { "change": "deleted", "text": "b\n" },
                { "change": "inserted", "text": "c\n" },
            ] })
        );
        assert!(diff["config"].as_array().unwrap().iter().any(|line| line["text"] == "  \"t\": 1\n"));
        app.get("/api/v1/prompts/p/diff?from=1&to=3").await.expect_error(404);
        app.get("/api/v1/prompts/p/diff?from=1").await.expect_error(400);
    }

    async fn going_back_publishes_the_old_content_as_a_new_version(app: App) {
        let first = json!({ "name": "p", "type": "text", "prompt": "good", "config": { "t": 0 } });
        app.post("/api/v1/prompts", &first).await.expect(201);
        publish(&app, "p", "bad", &["production"]).await;
        let body = json!({ "version": 1, "labels": ["production"] });
        let reverted = app.post("/api/v1/prompts/p/revert", &body).await.expect(201);
        assert_eq!((&reverted["version"], &reverted["prompt"]), (&json!(3), &json!("good")));
        assert_eq!((&reverted["config"], &reverted["commit_message"]), (&json!({ "t": 0 }), &json!("Revert to version 1")));
        assert_eq!(app.get("/api/v1/prompts/p").await.expect(200)["version"], 3);
        app.post("/api/v1/prompts/p/revert", &json!({ "version": 9 })).await.expect_error(404);
    }
}
