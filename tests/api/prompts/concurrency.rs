//! Many writers at once.

use futures::future::join_all;
use serde_json::json;

use super::publish;
use crate::each_database;

each_database! {
    async fn versions_published_at_once_are_numbered_without_gaps(app: App) {
        let texts: Vec<_> = (0..24).map(|n| n.to_string()).collect();
        let published = join_all(texts.iter().map(|text| publish(&app, "p", text, &["production"]))).await;
        let mut numbers: Vec<_> = published.iter().map(|body| body["version"].as_i64().unwrap()).collect();
        numbers.sort_unstable();
        assert_eq!(numbers, (1..=24).collect::<Vec<_>>());
        let live = app.get("/api/v1/prompts/p").await.expect(200);
        assert_eq!(live["labels"], json!(["production", "latest"]), "the last to commit has both");
    }

    async fn a_label_moved_by_many_at_once_ends_on_one_version(app: App) {
        for _ in 0..8 {
            publish(&app, "p", "", &[]).await;
        }
        let bodies: Vec<_> = (1..=8).map(|version| json!({ "version": version })).collect();
        let moves = bodies.iter().map(|body| app.put("/api/v1/prompts/p/labels/live", body));
        for answer in join_all(moves).await {
            answer.expect(200);
        }
        let history = app.get("/api/v1/prompts/p/versions").await.expect(200);
        let labelled = |item: &&serde_json::Value| item["labels"].as_array().unwrap().contains(&json!("live"));
        assert_eq!(history["items"].as_array().unwrap().iter().filter(labelled).count(), 1);
    }
}
