//! Finding prompts: filters, pages and folders.

use serde_json::{Value, json};

use super::publish;
use crate::{each_database, support::App};

fn names(list: &Value, field: &str) -> Vec<String> {
    let items = list["items"].as_array().expect("items");
    items
        .iter()
        .map(|item| item[field].as_str().expect("a name").to_owned())
        .collect()
}

async fn found(app: &App, query: &str) -> Vec<String> {
    names(
        &app.get(&format!("/api/v1/prompts?{query}"))
            .await
            .expect(200),
        "name",
    )
}

/// Follows `next` to the end, one item a page.
async fn walk(app: &App, path: &str, field: &str) -> Vec<String> {
    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = app.get(&format!("{path}limit=1{cursor}")).await.expect(200);
        seen.extend(names(&page, field));
        let Some(next) = page["next"].as_str() else {
            return seen;
        };
        cursor = format!("&cursor={next}");
    }
}

each_database! {
    async fn prompts_are_found_by_what_they_are(app: App) {
        for name in ["b", "a/x", "A", "a/y/z", "a-1", "100%", "あ"] {
            publish(&app, name, "", &[]).await;
        }
        publish(&app, "a/x", "", &["production"]).await;
        app.put("/api/v1/prompts/b/tags", &json!({ "tags": ["t"] })).await.expect(200);
        let chat = json!({ "name": "chat", "type": "chat", "prompt": [] });
        app.post("/api/v1/prompts", &chat).await.expect(201);

        let all = ["100%", "A", "a-1", "a/x", "a/y/z", "b", "chat", "あ"];
        assert_eq!(found(&app, "").await, all);
        assert_eq!(walk(&app, "/api/v1/prompts?", "name").await, all);
        assert_eq!(found(&app, "q=A").await, ["A", "a-1", "a/x", "a/y/z", "chat"]);
        assert_eq!(found(&app, "q=%25").await, ["100%"]);
        assert_eq!(found(&app, "q=_").await, [""; 0]);
        assert_eq!(found(&app, "folder=a").await, ["a/x", "a/y/z"]);
        assert_eq!(found(&app, "folder=a%2Fy").await, ["a/y/z"]);
        assert_eq!(found(&app, "type=chat").await, ["chat"]);
        assert_eq!(found(&app, "label=production").await, ["a/x"]);
        assert_eq!(found(&app, "label=latest&tag=t").await, ["b"]);
        assert_eq!(found(&app, "label=production&tag=t").await, [""; 0]);
        app.get("/api/v1/prompts?nmae=a").await.expect_error(400);

        let item = app.get("/api/v1/prompts?q=a/x").await.expect(200)["items"][0].clone();
        assert_eq!(item["labels"], json!({ "latest": 2, "production": 2 }));
    }

    async fn folders_list_level_by_level(app: App) {
        for name in ["root", "a/1", "a/2", "a/b/1", "a/b/c/1", "a/b!/1", "z/1", "日本/1", "a_/1"] {
            publish(&app, name, "", &[]).await;
        }
        publish(&app, "gone/1", "", &[]).await;
        app.post("/api/v1/prompts/gone%2F1/archive", &Value::Null).await.expect(200);
        let root = app.get("/api/v1/prompt-folders").await.expect(200);
        assert_eq!(names(&root, "path"), ["a", "a_", "z", "日本"]);
        assert_eq!(root["items"][0]["prompts"], 5);
        assert_eq!(walk(&app, "/api/v1/prompt-folders?", "path").await, ["a", "a_", "z", "日本"]);
        assert_eq!(walk(&app, "/api/v1/prompt-folders?parent=a&", "path").await, ["a/b!", "a/b"]);
        let empty = app.get("/api/v1/prompt-folders?parent=a%2Fb%2Fc").await.expect(200);
        assert_eq!(names(&empty, "path"), [""; 0]);
    }
}
