//! Many writers at once.

use futures::future::join_all;
use serde_json::json;

use super::{path, publish};
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

    async fn a_reference_and_the_removal_of_what_it_means_do_not_both_succeed(app: App) {
        for round in 0..12 {
            let (part, whole) = (format!("part {round}"), format!("whole {round}"));
            publish(&app, &part, "", &["production"]).await;
            let text = format!("@@@langfusePrompt:name={part}|label=production@@@");
            let draft = json!({ "name": whole, "type": "text", "prompt": text });
            let label = format!("{}/labels/production", path(&part));
            let (published, removed) =
                futures::join!(app.post("/api/v1/prompts", &draft), app.delete(&label));
            match (published.status, removed.status) {
                (201, 409) | (422, 204) => {}
                both => panic!("{both:?}"),
            }
        }
    }

    async fn two_moves_that_close_a_circle_do_not_both_succeed(app: App) {
        for round in 0..12 {
            let (a, b) = (format!("a {round}"), format!("b {round}"));
            for name in [&a, &b] {
                publish(&app, name, "", &["production"]).await;
            }
            for (name, other) in [(&a, &b), (&b, &a)] {
                publish(&app, name, &format!("@@@langfusePrompt:name={other}|label=production@@@"), &[]).await;
            }
            let to_second = json!({ "version": 2 });
            let label = |name: &str| format!("{}/labels/production", path(name));
            let (path_a, path_b) = (label(&a), label(&b));
            let (one, two) = futures::join!(app.put(&path_a, &to_second), app.put(&path_b, &to_second));
            let mut statuses = [one.status, two.status];
            statuses.sort_unstable();
            assert_eq!(statuses, [200, 422]);
        }
    }
}
