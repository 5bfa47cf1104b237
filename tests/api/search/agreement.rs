//! Both databases rank alike, and their statistics stay right.

use serde_json::{Value, json};

use super::{indexed, markdown, search};
use crate::{
    documents::DOCUMENTS,
    support::{App, Engine, eventually},
};

const TEXTS: &[(&str, &str)] = &[
    ("読書", "図書館で本を読む。本は静かな場所で読むのがよい。"),
    ("料理", "魚を焼く。魚の骨を取り、皿に盛る。"),
    (
        "Reading",
        "Reading books in the library is quiet. Books are good.",
    ),
    (
        "Fishing",
        "Fishing for fish in a river; the fish bite at dawn.",
    ),
    ("Mixed", "図書館 library で fish の本 books を読む。"),
    (
        "Manual",
        "fopen(3) opens the file; O_CLOEXEC closes it. ファイルを開く。",
    ),
];
const QUERIES: &[&str] = &[
    "本を読む",
    "fish",
    "library books",
    "図書館の魚",
    "ファイル O_CLOEXEC",
    "読む* fi*",
    "\"図書館\" -books",
    "open files",
];

/// Each query's titles with their BM25 scores.
async fn ranking(app: &App) -> Vec<Vec<(String, f64)>> {
    let mut all = Vec::new();
    for query in QUERIES {
        let body = json!({ "query": query, "mode": "lexical", "explain": true });
        let found = search(app, &body).await;
        let hit = |hit: &Value| {
            let score = hit["explanation"]["lexical"]["score"].as_f64().unwrap();
            (hit["title"].as_str().unwrap().to_owned(), score)
        };
        all.push(found["hits"].as_array().unwrap().iter().map(hit).collect());
    }
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_databases_rank_alike_to_the_last_digit() {
    let mut rankings = Vec::new();
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let app = App::start(engine).await;
        for (title, text) in TEXTS {
            indexed(&app, markdown(title, text)).await;
        }
        rankings.push(ranking(&app).await);
    }
    assert_eq!(rankings[0], rankings[1]);
    let empty = rankings[0].iter().filter(|found| found.is_empty()).count();
    assert_eq!(empty, 0, "{:?}", rankings[0]);
}

/// What was put in at once, replaced and deleted leaves no trace in any score.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn statistics_are_those_of_what_can_be_found() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let clean = App::start(engine).await;
        for (title, text) in TEXTS {
            indexed(&clean, markdown(title, text)).await;
        }
        let expected = ranking(&clean).await;

        let app = App::start(engine).await;
        let noise = |title: &'static str| {
            indexed(
                &app,
                markdown(title, "fish 図書館 library の本 open files ファイル"),
            )
        };
        let (first, second, third) = tokio::join!(noise("x"), noise("y"), noise("z"));
        for (title, text) in TEXTS {
            indexed(&app, markdown(title, text)).await;
        }
        for id in [first, second, third] {
            app.delete(&format!("{DOCUMENTS}/{id}")).await.expect(204);
        }
        eventually("deleted documents leave the statistics", || async {
            ranking(&app).await == expected
        })
        .await;
        let other = app.other_project().await;
        let body = json!({ "query": "fish" });
        let path = "/api/v1/projects/other/search";
        let found = other
            .send(reqwest::Method::POST, path, Some(&body))
            .await
            .expect(200);
        assert_eq!(
            found["hits"],
            json!([]),
            "another project finds nothing of it"
        );
    }
}
