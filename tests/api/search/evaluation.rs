//! Labelled queries, evaluations, and the gate.

use reqwest::Method;
use serde_json::{Value, json};

use super::{SEARCH, indexed, markdown, search, titles};
use crate::{
    each_database,
    support::{App, app::Answer, eventually},
};

pub(super) async fn run_of(app: &App, setting: i32) -> Value {
    let runs = format!("{SEARCH}/runs");
    app.post(&runs, &json!({ "setting": setting }))
        .await
        .expect(202);
    eventually("the run is stored", || async {
        let all = app.get(&runs).await.expect(200);
        all["items"]
            .as_array()
            .unwrap()
            .iter()
            .any(|run| run["setting"] == setting)
    })
    .await;
    let all = app.get(&runs).await.expect(200);
    let id = all["items"][0]["id"].as_str().unwrap().to_owned();
    app.get(&format!("{runs}/{id}")).await.expect(200)
}

pub(super) async fn import(app: &App, lines: &[Value]) -> Answer {
    let text: Vec<String> = lines.iter().map(Value::to_string).collect();
    let path = format!("{SEARCH}/queries/import");
    Answer::of(app.request(Method::POST, &path).body(text.join("\n"))).await
}

pub(super) const WORDS: &[&str] = &[
    "apple", "bridge", "candle", "desert", "eagle", "forest", "guitar", "harbor", "island",
    "jungle", "kettle", "ladder",
];

/// A document for each word, and the query that should find it.
pub(super) async fn labelled(app: &App) -> Vec<Value> {
    let mut queries = Vec::new();
    for word in WORDS {
        let id = indexed(
            app,
            markdown(word, &format!("This page is about one {word} only.")),
        )
        .await;
        queries
            .push(json!({ "text": word, "language": "en", "relevant": [{ "document_id": id }] }));
    }
    queries
}

async fn small_parts_are_found_and_read_in_what_they_are_a_part_of(app: &App) {
    let sentences =
        "Nobody has seen one in this house. Somebody keeps a telescope there. Others have none.";
    let text = format!("{sentences} {}", "They are made of glass. ".repeat(8));
    indexed(app, markdown("Instruments", &text)).await;
    let body = json!({ "query": "telescope", "mode": "lexical", "expand": true });
    let found = search(app, &body).await;
    let [hit] = found["hits"].as_array().unwrap().as_slice() else {
        panic!("one part has the word: {found}");
    };
    let (part, parent) = (hit["text"].as_str().unwrap(), &hit["parent"]);
    let whole = parent["text"].as_str().unwrap();
    assert!(part.chars().count() <= 100 && whole.contains(part), "{hit}");
    let from = hit["start"].as_u64().unwrap() - parent["start"].as_u64().unwrap();
    let from = usize::try_from(from).unwrap();
    let there: String = whole
        .chars()
        .skip(from)
        .take(part.chars().count())
        .collect();
    assert_eq!(there, part);
    let plain = search(app, &json!({ "query": "telescope", "mode": "lexical" })).await;
    assert_eq!(plain["hits"][0].get("parent"), None);
}

each_database! {
    async fn a_setting_is_promoted_only_when_it_does_not_lose(app: App) {
        let queries = labelled(&app).await;
        assert_eq!(import(&app, &queries).await.expect(201)["items"].as_array().unwrap().len(), WORDS.len());
        let settings = format!("{SEARCH}/settings");
        assert_eq!(app.get(&settings).await.expect(200)["version"], 0);

        let run = run_of(&app, 0).await;
        assert_eq!(run["report"]["all"]["ndcg_10"], 1.0, "{run}");
        assert_eq!(run["report"]["by_language"]["en"]["queries"], WORDS.len());
        assert_eq!(run["comparison"], Value::Null);

        // Nothing of a chunk but its pairs of characters: English words are no longer found.
        let losing = json!({ "settings": { "index": { "analyzer": { "stop_words": true, "stems": false } },
            "ranking": { "candidates": 10, "pair_weight": 0.0 } }, "note": "tries less" });
        let made = app.post(&settings, &losing).await.expect(201);
        assert_eq!((made["version"].as_i64(), made["state"].as_str()), (Some(1), Some("candidate")));
        let refused = app.post(&format!("{settings}/1/promote"), &Value::Null).await.expect_error(409);
        assert!(["search_setting_loses", "search_setting_busy"].contains(&refused["code"].as_str().unwrap()), "{refused}");
        app.delete(&format!("{settings}/1")).await.expect(204);

        let smaller = json!({ "settings": { "index": { "chunking": { "characters": 400, "parts": 100 } } } });
        app.post(&settings, &smaller).await.expect(201);
        let twice = app.post(&settings, &json!({ "settings": { "index": { "chunking": { "characters": 500, "parts": null } } } })).await;
        assert_eq!(twice.expect_error(409)["code"], "search_setting_busy");
        eventually("its index is built", || async {
            app.post(&format!("{SEARCH}/runs"), &json!({ "setting": 2 })).await.status == 202
        })
        .await;
        let run = run_of(&app, 2).await;
        assert_eq!(run["comparison"]["does_not_lose"], true, "{run}");
        app.post(&format!("{settings}/2/promote"), &Value::Null).await.expect(200);
        let current = app.get(&settings).await.expect(200);
        assert_eq!((current["version"].as_i64(), current["versions"][0]["state"].as_str()), (Some(2), Some("promoted")));
        assert_eq!(titles(&app, &json!({ "query": "guitar", "mode": "lexical" })).await, ["guitar"]);
        small_parts_are_found_and_read_in_what_they_are_a_part_of(&app).await;
        let again = app.post(&format!("{settings}/2/promote"), &Value::Null).await;
        assert_eq!(again.expect_error(409)["code"], "search_setting_busy");
    }

    async fn a_worse_ranking_is_refused_with_the_figures(app: App) {
        let mut queries = Vec::new();
        for word in WORDS {
            let noise = format!("{word} {}", "filler words here ".repeat(20));
            indexed(&app, markdown(&format!("{word} noise"), &noise)).await;
            let right = indexed(&app, markdown(word, &format!("{word} {word} {word} short."))).await;
            queries.push(json!({ "text": word, "relevant": [{ "document_id": right, "grade": 3 }] }));
        }
        import(&app, &queries).await.expect(201);
        // Neither frequency nor length count any more, so that what came first is as good as what is right.
        let worse = json!({ "settings": { "ranking": { "bm25": { "k1": 0.0, "b": 0.0 } } } });
        app.post(&format!("{SEARCH}/settings"), &worse).await.expect(201);
        let promote = format!("{SEARCH}/settings/1/promote");
        let early = app.post(&promote, &Value::Null).await.expect_error(409);
        assert_eq!(early["code"], "search_setting_loses", "it was not evaluated");
        let run = run_of(&app, 1).await;
        assert_eq!(run["comparison"]["losses"], WORDS.len(), "{run}");
        let refused = app.post(&promote, &Value::Null).await.expect_error(409);
        assert_eq!(refused["code"], "search_setting_loses");
        assert!(refused["details"]["comparison"]["low"].as_f64().unwrap() < -0.01, "{refused}");
        assert_eq!(app.get(&format!("{SEARCH}/settings")).await.expect(200)["version"], 0);
    }

    async fn labelled_queries_are_listed_deleted_and_checked(app: App) {
        let id = indexed(&app, markdown("One", "text")).await;
        let path = format!("{SEARCH}/queries");
        let query = json!({ "text": "text", "relevant": [{ "document_id": id, "grade": 2 }] });
        let added = app.post(&path, &query).await.expect(201);
        let listed = app.get(&path).await.expect(200);
        assert_eq!(listed["items"], json!([added]));
        for (wrong, says) in [
            (json!({ "text": "", "relevant": [{ "document_id": id }] }), "is empty"),
            (json!({ "text": "a", "relevant": [] }), "0 relevant documents"),
            (json!({ "text": "a", "relevant": [{ "document_id": id, "grade": 4 }] }), "grade 4"),
            (json!({ "text": "a", "relevant": [{ "document_id": "018f4e6e-7d35-7c9e-8a6e-0b1c2d3e4f50" }] }), "no document of this project"),
        ] {
            let error = import(&app, &[query.clone(), wrong]).await.expect_error(400);
            let message = error["message"].as_str().unwrap();
            assert!(message.contains(says) && message.contains('2'), "{message}");
        }
        let broken = Answer::of(app.request(Method::POST, &format!("{path}/import")).body("{\n")).await;
        assert!(broken.expect_error(400)["message"].as_str().unwrap().contains("line 1"));
        app.delete(&format!("{path}/{}", added["id"].as_str().unwrap())).await.expect(204);
        assert_eq!(app.get(&path).await.expect(200)["items"], json!([]));
    }
}
