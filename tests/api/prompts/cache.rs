//! Reads come from memory, and are never older than the last write that was answered here, or than the last event that
//! reached another replica.

use kaname::roles::Role;
use serde_json::json;

use super::publish;
use crate::{
    each_database,
    support::{App, Engine, database::service, eventually},
};

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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_promotion_reaches_every_replica() {
    let redis = service("TEST_REDIS_URL");
    // Longer than the test may take: only the event can make the replica forget.
    let settings = [
        ("APP_REDIS__URL", redis.as_str()),
        ("APP_PROMPTS__CACHE_SECONDS", "3600"),
    ];
    let writer = App::start_roles(Engine::Postgres, &[Role::Api], &settings).await;
    let _processor = writer.sibling(&[Role::EventProcessor]).await;
    let replica = writer.sibling(&[Role::Api]).await;
    publish(&writer, "part", "0", &["production"]).await;
    let reference = "@@@langfusePrompt:name=part|label=production@@@";
    publish(&writer, "whole", reference, &["production"]).await;
    for round in 0..5 {
        let text = round.to_string();
        publish(&writer, "part", &text, &[]).await;
        replica.get("/api/v1/prompts/whole").await.expect(200);
        let version = json!({ "version": round + 2 });
        writer
            .put("/api/v1/prompts/part/labels/production", &version)
            .await
            .expect(200);
        for path in ["/api/v1/prompts/part", "/api/v1/prompts/whole"] {
            eventually("the replica has the new text", || async {
                replica.get(path).await.expect(200)["prompt"] == text
            })
            .await;
        }
    }
}
