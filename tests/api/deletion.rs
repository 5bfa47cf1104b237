//! Traces deleted as Langfuse's clients do it: what belongs to them goes too, and nothing else does.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    authorization::Case,
    each_database,
    support::{App, eventually},
};

const TRACES: &str = "/api/public/traces";

/// What the walk of every endpoint needs to know of ours.
pub fn authorization_cases() -> Vec<(&'static str, Case)> {
    vec![
        (
            // One that is not there counts as deleted: this deletes nothing of the first project.
            "DELETE /api/public/traces/{trace_id}",
            Case::OwnAt(format!("{TRACES}/any"), Value::Null),
        ),
        (
            "DELETE /api/public/traces",
            Case::Own(json!({ "traceIds": ["any"] })),
        ),
    ]
}

/// Too long for a row: it lies in the object store.
const LONG: usize = 100_000;

async fn trace(app: &App, id: &str) {
    let time = "2026-03-01T10:00:00Z";
    let event = |kind: &str, body: Value| json!({ "id": format!("{kind}-{id}"), "type": kind, "timestamp": time, "body": body });
    let input = format!("{id}{}", "x".repeat(LONG));
    let batch = json!({ "batch": [
        event("trace-create", json!({ "id": id, "timestamp": time, "input": input })),
        event("span-create", json!({ "id": format!("{id}-o"), "traceId": id, "startTime": time, "output": input })),
    ]});
    app.post("/api/public/ingestion", &batch).await.expect(207);
    let score = json!({ "id": format!("{id}-s"), "name": "n", "value": 1, "traceId": id });
    app.post("/api/public/scores", &score).await.expect(200);
}

/// Inputs and outputs in the object store.
fn stored(app: &App) -> usize {
    fn files(folder: &std::path::Path) -> usize {
        let Ok(entries) = std::fs::read_dir(folder) else {
            return 0;
        };
        entries
            .map(|entry| entry.unwrap().path())
            .map(|path| if path.is_dir() { files(&path) } else { 1 })
            .sum()
    }
    files(&app.folder().join("objects/traces"))
}

async fn is_there(app: &App, id: &str) -> [bool; 3] {
    let paths = [
        format!("{TRACES}/{id}"),
        format!("/api/public/observations/{id}-o"),
        format!("/api/public/v2/scores/{id}-s"),
    ];
    let mut there = [false; 3];
    for (at, path) in paths.iter().enumerate() {
        there[at] = app.get(path).await.status == 200;
    }
    there
}

each_database! {
    async fn one_or_many_go_with_everything_that_belongs_to_them(app: App) {
        for id in ["t1", "t2", "t3", "t4"] {
            trace(&app, id).await;
            assert_eq!(is_there(&app, id).await, [true; 3], "{id}");
        }
        assert_eq!(stored(&app), 8);
        let one = app.delete(&format!("{TRACES}/t1")).await.expect(200);
        assert_eq!(one["message"], "Trace deleted successfully");
        let many = app.request(Method::DELETE, TRACES).json(&json!({ "traceIds": ["t2", "t3", "none"] }));
        let many = crate::support::app::Answer::of(many).await.expect(200);
        assert_eq!(many["message"], "Traces deleted successfully");
        for id in ["t1", "t2", "t3"] {
            assert_eq!(is_there(&app, id).await, [false; 3], "{id}");
        }
        assert_eq!(is_there(&app, "t4").await, [true; 3]);
        eventually("their inputs and outputs are removed", async || stored(&app) == 2).await;
        // What is said of one late does not bring it back.
        trace(&app, "t1").await;
        assert!(!is_there(&app, "t1").await[0]);
        app.stop().await;
    }

    async fn a_request_names_what_it_deletes_and_may_do_so(app: App) {
        let ask = async |ids: Value| {
            let request = app.request(Method::DELETE, TRACES).json(&json!({ "traceIds": ids }));
            crate::support::app::Answer::of(request).await
        };
        for ids in [json!([]), json!(["\n"]), json!("t"), json!(vec!["t"; 1001])] {
            ask(ids).await.expect(400);
        }
        ask(json!(vec!["t"; 1000])).await.expect(200);
        let writer = app.with_scopes(&["traces:write", "traces:read"]).await;
        writer.send(Method::DELETE, &format!("{TRACES}/t"), None).await.expect(403);
        app.stop().await;
    }
}
