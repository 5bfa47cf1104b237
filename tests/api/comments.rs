//! Comments, as Langfuse's clients write and read them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::{
    authorization::{Case, MARK},
    each_database,
    support::{App, app::Answer},
};

const COMMENTS: &str = "/api/public/comments";

/// What the walk of every endpoint needs to know of ours.
pub async fn authorization_cases(app: &App) -> BTreeMap<&'static str, Case> {
    trace(app, MARK, MARK).await;
    let id = comment(app, "TRACE", MARK, MARK).await;
    let about_ours = json!({
        "projectId": "other", "objectType": "TRACE", "objectId": MARK, "content": "theirs",
    });
    BTreeMap::from([
        (
            "POST /api/public/comments",
            Case::Row(COMMENTS.to_owned(), about_ours),
        ),
        ("GET /api/public/comments", Case::Own(Value::Null)),
        (
            "GET /api/public/comments/{comment_id}",
            Case::Row(format!("{COMMENTS}/{id}"), Value::Null),
        ),
    ])
}

/// A trace with one observation, `<id>-o`, in a session.
async fn trace(app: &App, id: &str, session: &str) {
    let time = "2026-03-01T10:00:00Z";
    let event = |kind: &str, body: Value| json!({ "id": format!("{kind}-{id}"), "type": kind, "timestamp": time, "body": body });
    let batch = json!({ "batch": [
        event("trace-create", json!({ "id": id, "timestamp": time, "sessionId": session })),
        event("span-create", json!({ "id": format!("{id}-o"), "traceId": id, "startTime": time })),
    ]});
    app.post("/api/public/ingestion", &batch).await.expect(207);
    let path = format!("/api/public/traces/{id}");
    app.get(&path).await.expect(200);
}

fn body(object: &str, id: &str, content: &str) -> Value {
    json!({
        "projectId": "first", "objectType": object, "objectId": id, "content": content,
        "authorUserId": "someone",
    })
}

async fn create(app: &App, object: &str, id: &str, content: &str) -> Answer {
    app.post(COMMENTS, &body(object, id, content)).await
}

async fn comment(app: &App, object: &str, id: &str, content: &str) -> String {
    let created = create(app, object, id, content).await.expect(200);
    created["id"].as_str().expect("an id").to_owned()
}

async fn contents(app: &App, query: &str) -> Vec<String> {
    let page = app.get(&format!("{COMMENTS}?{query}")).await.expect(200);
    let items = page["data"].as_array().expect("a list");
    let content = |item: &Value| item["content"].as_str().expect("a text").to_owned();
    items.iter().map(content).collect()
}

each_database! {
    async fn a_comment_on_anything_that_was_traced_is_read_back(app: App) {
        trace(&app, "t", "s").await;
        for (object, id) in [("TRACE", "t"), ("observation", "t-o"), ("SESSION", "s"), ("PROMPT", "p")] {
            let made = comment(&app, object, id, "**見て**").await;
            let read = app.get(&format!("{COMMENTS}/{made}")).await.expect(200);
            assert_eq!(read["objectType"], object.to_uppercase());
            assert_eq!((&read["objectId"], &read["content"]), (&json!(id), &json!("**見て**")));
            assert_eq!(read["authorUserId"], "someone");
            assert!(read["createdAt"].is_string() && read["updatedAt"].is_string());
        }
        app.get(&format!("{COMMENTS}/none")).await.expect(404);
        app.stop().await;
    }

    async fn lists_are_filtered_and_come_in_numbered_pages(app: App) {
        trace(&app, "t", "s").await;
        for number in 0..5 {
            comment(&app, "TRACE", "t", &format!("trace {number}")).await;
        }
        comment(&app, "SESSION", "s", "session").await;
        let page = app.get(&format!("{COMMENTS}?objectType=TRACE&limit=2&page=2")).await.expect(200);
        assert_eq!(page["meta"], json!({ "page": 2, "limit": 2, "totalItems": 5, "totalPages": 3 }));
        assert_eq!(contents(&app, "objectType=TRACE&limit=2&page=2").await, ["trace 2", "trace 1"]);
        assert_eq!(contents(&app, "limit=1").await, ["session"]);
        assert_eq!(contents(&app, "objectType=SESSION&objectId=s").await, ["session"]);
        assert_eq!(contents(&app, "objectType=SESSION&objectId=other").await.len(), 0);
        assert_eq!(contents(&app, "authorUserId=someone").await.len(), 6);
        assert_eq!(contents(&app, "authorUserId=nobody").await.len(), 0);
        for wrong in ["objectId=t", "objectType=NOTE", "limit=0", "page=0"] {
            app.get(&format!("{COMMENTS}?{wrong}")).await.expect(400);
        }
        app.stop().await;
    }

    async fn a_comment_needs_an_object_and_a_fitting_text(app: App) {
        trace(&app, "t", "s").await;
        for (object, id) in [("TRACE", "t2"), ("OBSERVATION", "t"), ("SESSION", "t")] {
            let missing = create(&app, object, id, "lost").await.expect(404);
            assert_eq!(missing["error"], "LangfuseNotFoundError");
        }
        create(&app, "NOTE", "t", "x").await.expect(400);
        for content in [String::new(), "あ".repeat(5001), "a\u{0}b".to_owned()] {
            create(&app, "TRACE", "t", &content).await.expect(400);
        }
        comment(&app, "TRACE", "t", &"あ".repeat(5000)).await;
        let mut other = body("TRACE", "t", "x");
        other["projectId"] = json!("other");
        app.post(COMMENTS, &other).await.expect(400);
        app.stop().await;
    }

    async fn comments_go_with_what_they_are_about(app: App) {
        trace(&app, "t1", "s").await;
        trace(&app, "t2", "s").await;
        for (object, id) in [
            ("TRACE", "t1"), ("OBSERVATION", "t1-o"), ("TRACE", "t2"), ("OBSERVATION", "t2-o"), ("SESSION", "s"),
        ] {
            comment(&app, object, id, id).await;
        }
        app.delete("/api/v1/traces/t1").await.expect(204);
        assert_eq!(contents(&app, "").await, ["s", "t2-o", "t2"]);
        create(&app, "TRACE", "t1", "late").await.expect(404);
        app.stop().await;
    }
}
