//! Reads come from memory, and are never older than the last write that was answered here, or
//! than a second on another replica.

use serde_json::json;

use super::publish;
use crate::each_database;

each_database! {
    async fn a_write_is_seen_by_the_next_read(app: App) {
        for round in 0..20 {
            let text = round.to_string();
            publish(&app, "p", &text, &["production"]).await;
            assert_eq!(app.get("/api/v1/prompts/p").await.expect(200)["prompt"], text);
        }
        app.put("/api/v1/prompts/p/labels/production", &json!({ "version": 3 })).await.expect(200);
        assert_eq!(app.get("/api/v1/prompts/p").await.expect(200)["version"], 3);
        app.put("/api/v1/prompts/p/tags", &json!({ "tags": ["t"] })).await.expect(200);
        assert_eq!(app.get("/api/v1/prompts/p").await.expect(200)["tags"], json!(["t"]));
        app.delete("/api/v1/prompts/p").await.expect(204);
        app.get("/api/v1/prompts/p").await.expect_error(404);
    }
}
