//! Inputs and outputs that are too large for a row: shown in full where one asks for them, and by
//! their beginning, which says so, in lists.

use serde_json::{Value, json};

use crate::{each_database, support::App};

const LONG: usize = 300_000;

fn long(letter: &str) -> String {
    letter.repeat(LONG / letter.len())
}

async fn send(app: &App) {
    let time = "2026-03-01T10:00:00Z";
    let event = |kind: &str, body: Value| json!({ "id": kind, "type": kind, "timestamp": time, "body": body });
    let batch = json!({ "batch": [
        event("trace-create", json!({ "id": "t", "timestamp": time, "output": { "text": long("界") } })),
        event("span-create", json!({
            "id": "o", "traceId": "t", "startTime": time, "input": long("a"), "output": "short",
        })),
    ]});
    app.post("/api/public/ingestion", &batch).await.expect(207);
}

each_database! {
    async fn details_show_all_and_lists_say_what_they_cut(app: App) {
        send(&app).await;
        let trace = app.get("/api/public/traces/t").await.expect(200);
        assert_eq!(trace["output"]["text"], long("界"));
        assert_eq!(trace["input"], long("a"), "a trace takes its root's");
        assert_eq!(trace["observations"][0]["input"], long("a"));
        let one = app.get("/api/public/observations/o").await.expect(200);
        assert_eq!((&one["input"], &one["output"]), (&json!(long("a")), &json!("short")));
        let page = app.get("/api/public/observations?traceId=t").await.expect(200);
        assert_eq!(page["data"][0]["input"], long("a"));
        let cursor = app.get("/api/public/v2/observations?traceId=t&fields=core,io").await.expect(200);
        assert_eq!(cursor["data"][0]["input"], long("a"));

        let own = app.get("/api/v1/traces/t").await.expect(200);
        assert_eq!(own["trace"]["io"]["output"]["text"], long("界"));
        assert_eq!(own["observations"][0]["io"]["input"], long("a"));
        assert!(own["trace"]["io"].get("cut").is_none());
        let exported = app.get("/api/v1/traces/export").await;
        let exported: Value = serde_json::from_str(exported.text.trim_end()).unwrap();
        assert_eq!(exported["observations"][0]["io"]["input"], long("a"));

        let listed = app.get("/api/v1/traces?fields=io").await.expect(200);
        let io = &listed["items"][0]["io"];
        let bytes = json!({ "text": long("界") }).to_string().len();
        assert_eq!(io["cut"], json!({ "input": LONG + 2, "output": bytes }));
        assert!(io["output"].as_str().unwrap().ends_with(&format!("of {bytes} bytes]")), "{io}");
        let listed = app.get("/api/v1/observations?fields=io").await.expect(200);
        assert_eq!(listed["items"][0]["io"]["cut"], json!({ "input": LONG + 2 }));
        assert_eq!(listed["items"][0]["io"]["output"], "short");
        app.stop().await;
    }

    async fn a_later_report_takes_the_place_of_the_whole(app: App) {
        send(&app).await;
        let event = json!({
            "id": "later", "type": "span-update", "timestamp": "2026-03-01T10:00:01Z",
            "body": { "id": "o", "traceId": "t", "input": long("b") },
        });
        app.post("/api/public/ingestion", &json!({ "batch": [event] })).await.expect(207);
        let one = app.get("/api/public/observations/o").await.expect(200);
        assert_eq!(one["input"], long("b"));
        app.stop().await;
    }
}
