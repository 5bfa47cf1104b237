//! Models that change while documents are searched, and models that judge what was found.

use std::{fs, os::unix::fs::symlink, path::Path};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{SEARCH, indexed, markdown, search};
use crate::{
    documents::DOCUMENTS,
    each_engine,
    support::{App, Engine, app::with_models, eventually},
};

const TEXTS: &[(&str, &str)] = &[
    ("Cats", "A cat sleeps on the sofa all day."),
    ("Engines", "The engine burns fuel and turns the wheels."),
    ("Rain", "Rain falls on the roof at night."),
];

/// A folder with two models: the same graph, of which the second makes other vectors.
fn two_models() -> TempDir {
    let [(_, models)] = with_models();
    let (models, folder) = (Path::new(&models), tempfile::tempdir().expect("a folder"));
    let given = models.join("all-MiniLM-L6-v2");
    let link = |from: &Path, to: &Path| symlink(from, to).expect("a link");
    link(
        &models.join("libonnxruntime.so"),
        &folder.path().join("libonnxruntime.so"),
    );
    link(&given, &folder.path().join("first"));
    let second = folder.path().join("second");
    fs::create_dir(&second).expect("a folder");
    for entry in fs::read_dir(&given).expect("the model's files") {
        let entry = entry.expect("a file");
        link(&entry.path(), &second.join(entry.file_name()));
    }
    fs::write(
        second.join("model.toml"),
        "pooling = \"cls\"\npassage_prefix = \"passage: \"\n",
    )
    .expect("a file");
    folder
}

async fn library(app: &App) {
    for (title, text) in TEXTS {
        indexed(app, markdown(title, text)).await;
    }
}

/// Waits until a search compares the vectors that `model` made of `documents`.
async fn until_read_by(app: &App, model: &str, documents: usize) {
    eventually("the model has read every document", || async {
        let found = search(app, &json!({ "query": "fuel", "mode": "vector" })).await;
        // Whichever it is, one of the models answers: there is no gap between them.
        assert!(
            documents > TEXTS.len() - 1
                && (found["vectors"]["compared"] == true || model == "first"),
            "{}",
            found["vectors"]
        );
        found["vectors"]["model"] == model && found["total"] == documents
    })
    .await;
}

each_engine! {
    async fn a_new_model_takes_over_when_it_has_read_everything_and_no_sooner(engine: Engine) {
        let models = two_models();
        let folder = models.path().to_str().unwrap();
        let app = App::start_with(engine, &[
            ("APP_INFERENCE__MODELS", folder), ("APP_INFERENCE__EMBEDDING_MODEL", "first"),
        ])
        .await;
        library(&app).await;
        until_read_by(&app, "first", TEXTS.len()).await;
        let app = app.restarted_with(&[("APP_INFERENCE__EMBEDDING_MODEL", "second")]).await;
        let found = search(&app, &json!({ "query": "fuel", "mode": "vector" })).await;
        assert_eq!((&found["vectors"]["model"], &found["total"]), (&json!("first"), &json!(TEXTS.len())));
        // The next document is what makes the server look at its model; else it does so once a minute.
        indexed(&app, markdown("Trains", "Trains run on rails.")).await;
        until_read_by(&app, "second", TEXTS.len() + 1).await;
        app.stop().await;
    }

    async fn a_new_title_is_read_before_it_takes_the_place_of_the_old_one(engine: Engine) {
        let [models] = with_models();
        let app = App::start_with(engine, &[(models.0, models.1.as_str())]).await;
        let id = indexed(&app, markdown("Ships", "They cross the sea.")).await;
        library(&app).await;
        let near = json!({ "query": "fuel", "mode": "vector" });
        let is_read = || async { search(&app, &near).await["total"] == TEXTS.len() + 1 };
        eventually("everything is read", is_read).await;
        app.patch(&format!("{DOCUMENTS}/{id}"), &json!({ "title": "Vessels" })).await.expect(200);
        eventually("the new title is found", || async {
            assert!(is_read().await, "the document is found by its meaning all the time");
            search(&app, &json!({ "query": "vessels", "mode": "lexical" })).await["total"] == 1
        })
        .await;
        assert!(is_read().await);
        app.stop().await;
    }

    async fn a_reranker_puts_what_was_found_in_its_own_order(engine: Engine) {
        let [models] = with_models();
        let app = App::start_with(engine, &[(models.0, models.1.as_str())]).await;
        library(&app).await;
        let body = json!({ "query": "engine rain cat", "mode": "lexical", "rerank": 2, "explain": true });
        let found = search(&app, &body).await;
        let hits = found["hits"].as_array().unwrap();
        assert_eq!(hits.len(), TEXTS.len());
        let judged = |hit: &Value| hit["explanation"]["reranked"].as_f64();
        let scores: Vec<Option<f64>> = hits.iter().map(judged).collect();
        assert!(scores[0] >= scores[1] && scores[1].is_some() && scores[2].is_none(), "{scores:?}");
        let documents: Vec<&Value> = hits.iter().map(|hit| &hit["text"]).collect();
        let call = json!({ "model": "local/tiny-cross-encoder", "query": "engine rain cat", "documents": documents });
        let answer = app.post("/v1/rerank", &call).await.expect(200);
        for result in answer["results"].as_array().unwrap() {
            let at = usize::try_from(result["index"].as_u64().unwrap()).unwrap();
            let own = result["relevance_score"].as_f64().unwrap();
            assert!(scores[at].is_none_or(|score| (score - own).abs() < 1e-5), "{answer} {scores:?}");
        }
        app.stop().await;
    }

    async fn without_a_reranker_the_search_says_so(engine: Engine) {
        let app = App::start(engine).await;
        library(&app).await;
        let asked = app.post(SEARCH, &json!({ "query": "rain", "rerank": 2 })).await;
        let refused = asked.expect_error(503);
        assert!(refused["message"].as_str().unwrap().contains("rerank"), "{refused}");
        app.stop().await;
    }

    async fn a_graph_leads_to_what_comparing_all_finds(engine: Engine) {
        let [models] = with_models();
        let app = App::start_with(engine, &[
            (models.0, models.1.as_str()), ("APP_DOCUMENTS__SEARCH__HNSW_FROM_CHUNKS", "1"),
        ])
        .await;
        let things = ["apples", "bridges", "candles", "deserts", "eagles", "forests", "guitars", "harbours"];
        let doings = ["were painted", "cost money", "are seen from far", "have names", "grow old"];
        let section = |thing: &str, doing: &str| {
            let sentence = format!("In this part of the world {thing} {doing}. ");
            format!("## How {thing} {doing}\n\n{}\n\n", sentence.repeat(12))
        };
        let of_thing = |thing: &&'static str| doings.map(|doing| section(thing, doing)).concat();
        let text: Vec<String> = things.iter().map(of_thing).collect();
        let chunks = things.len() * doings.len();
        indexed(&app, markdown("Things", &text.concat()).field("tags", "many")).await;
        indexed(&app, markdown("Guitars", "Guitars were painted red.").field("tags", "one")).await;
        let asked = |exact: bool, filter: Value| {
            json!({ "query": "painted guitars", "mode": "vector", "exact": exact, "filter": filter, "limit": 20 })
        };
        eventually("every chunk has a vector", || async {
            search(&app, &asked(true, json!({}))).await["total"] == chunks + 1
        })
        .await;
        for filter in [json!({}), json!({ "tags": ["one"] })] {
            let (graph, all) = (search(&app, &asked(false, filter.clone())).await, search(&app, &asked(true, filter)).await);
            assert_eq!(graph["hits"], all["hits"]);
            assert_eq!(graph["vectors"]["exact"], engine == Engine::Sqlite);
            assert_eq!(all["vectors"]["exact"], true);
        }
        app.stop().await;
    }
}
