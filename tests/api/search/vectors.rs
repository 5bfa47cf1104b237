//! Vectors: made in the background, compared exactly, and put together with words.

use serde_json::{Value, json};

use super::{indexed, markdown, search};
use crate::support::{App, Engine, app::with_models, eventually};

const TEXTS: &[(&str, &str)] = &[
    ("Cats", "A cat sleeps on the sofa all day."),
    ("Engines", "The engine burns fuel and turns the wheels."),
    ("Rain", "Rain falls on the roof at night."),
];

async fn started(engine: Engine) -> App {
    let models = with_models();
    let models: Vec<(&str, &str)> = models
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    App::start_with(engine, &models).await
}

async fn compared(app: &App, body: &Value) -> Value {
    eventually("vectors are compared", || async {
        search(app, body).await["vectors"]["compared"] == true
    })
    .await;
    search(app, body).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_databases_compare_vectors_alike() {
    let mut all = Vec::new();
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let app = started(engine).await;
        for (title, text) in TEXTS {
            indexed(&app, markdown(title, text)).await;
        }
        let body = json!({ "query": "engine fuel", "mode": "vector", "explain": true });
        let found = compared(&app, &body).await;
        eventually("every chunk has a vector", || async {
            search(&app, &body).await["total"] == TEXTS.len()
        })
        .await;
        assert_eq!(found["vectors"]["exact"], true, "{}", found["vectors"]);
        let found = search(&app, &body).await;
        let hit = |hit: &Value| {
            let similarity = hit["explanation"]["vector"]["similarity"].as_f64().unwrap();
            (
                hit["title"].as_str().unwrap().to_owned(),
                (similarity * 1e3).round(),
            )
        };
        let near: Vec<_> = found["hits"].as_array().unwrap().iter().map(hit).collect();
        let hybrid = json!({ "query": "rain roof", "explain": true });
        let hybrid = search(&app, &hybrid).await;
        let first = &hybrid["hits"][0];
        assert_eq!(first["title"], "Rain");
        assert!(first["explanation"]["lexical"]["rank"].is_u64(), "{first}");
        assert!(first["explanation"]["vector"]["rank"].is_u64(), "{first}");
        let phrase = json!({ "query": "\"burns fuel\"", "mode": "hybrid" });
        let phrase = search(&app, &phrase).await;
        assert_eq!(
            phrase["hits"].as_array().unwrap().len(),
            1,
            "vectors do not undo a phrase"
        );
        all.push(near);
    }
    assert_eq!(all[0], all[1]);
}
