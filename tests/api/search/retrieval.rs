//! A small gate for how well searches find: `scripts/search-quality` measures the same on real man pages.

use serde_json::{Value, json};

use super::{SEARCH, indexed, markdown};
use crate::support::{App, Engine, eventually};

const GOLDEN: &str = include_str!("../../golden/retrieval/queries.jsonl");
/// What was reached when this was written, rounded down: a change that lowers it is to be looked at.
const NDCG_MIN: f64 = 0.95;

/// Averages over all queries, as the product's own evaluation tells them.
async fn measured(engine: Engine) -> Value {
    let app = App::start(engine).await;
    for line in GOLDEN.lines() {
        let page: Value = serde_json::from_str(line).unwrap();
        let text = |name: &str| page[name].as_str().unwrap().to_owned();
        let id = indexed(&app, markdown(&text("title"), &text("text"))).await;
        let query = json!({ "text": text("query"), "relevant": [{ "document_id": id }] });
        app.post(&format!("{SEARCH}/queries"), &query)
            .await
            .expect(201);
    }
    let runs = format!("{SEARCH}/runs");
    app.post(&runs, &json!({ "setting": 0 })).await.expect(202);
    eventually("the evaluation is done", || async {
        app.get(&runs).await.expect(200)["items"] != json!([])
    })
    .await;
    app.get(&runs).await.expect(200)["items"][0]["report"]["all"].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn japanese_and_english_queries_find_what_they_should_on_both_databases() {
    let sqlite = measured(Engine::Sqlite).await;
    assert_eq!(sqlite["zero_hit_rate"], 0.0);
    assert!(sqlite["ndcg_10"].as_f64().unwrap() >= NDCG_MIN, "{sqlite}");
    assert_eq!(measured(Engine::Postgres).await, sqlite);
}
