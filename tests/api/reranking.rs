//! Reranking: by a model of this process with the scores of sentence-transformers, and at servers that have it.

use std::{fs, path::Path};

use reqwest::Method;
use serde_json::{Value, json};

use crate::each_engine;
use crate::support::{
    App, Engine,
    app::with_models,
    provider::{Provider, Reply},
};

const PATH: &str = "/v1/rerank";
const MODEL: &str = "local/tiny-cross-encoder";
/// How far a score may be from sentence-transformers'.
const TOLERANCE: f64 = 1e-5;

async fn app_with(engine: Engine, more: &[(&str, &str)]) -> App {
    let models = with_models();
    let models = models.iter().map(|(name, value)| (*name, value.as_str()));
    let settings: Vec<_> = models.chain(more.iter().copied()).collect();
    App::start_with(engine, &settings).await
}

fn results(answer: &Value) -> Vec<(usize, f64)> {
    let results = answer["results"].as_array().expect("a list").iter();
    let place = |result: &Value| {
        let index = result["index"].as_u64().expect("an index");
        let score = result["relevance_score"].as_f64().expect("a score");
        (usize::try_from(index).expect("small"), score)
    };
    results.map(place).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scores_are_those_of_sentence_transformers() {
    let app = app_with(Engine::Sqlite, &[]).await;
    let path = Path::new("tests/golden/reranking/tiny-cross-encoder.json");
    let golden = fs::read(path).expect("the golden file");
    let golden: Value = serde_json::from_slice(&golden).expect("JSON");
    for case in golden["cases"].as_array().expect("a list") {
        let body =
            json!({ "model": MODEL, "query": case["query"], "documents": case["documents"] });
        let answer = app.post(PATH, &body).await.expect(200);
        let found = results(&answer);
        let expected = case["scores"].as_array().expect("a list");
        assert_eq!(found.len(), expected.len());
        for (index, score) in &found {
            let far = (score - expected[*index].as_f64().expect("a number")).abs();
            assert!(far < TOLERANCE, "{far} at {index}");
        }
        assert!(
            found.is_sorted_by(|one, other| one.1 >= other.1),
            "{found:?}"
        );
    }
    app.stop().await;
}

each_engine! {
    async fn a_local_reranker_is_called_limited_and_traced(engine: Engine) {
        let app = app_with(engine, &[]).await;
        let call = json!({ "model": "tiny-cross-encoder", "query": "q", "top_n": 2, "return_documents": true,
            "documents": ["one", { "text": "two", "page": 7 }, "three"] });
        let answer = app.post(PATH, &call).await;
        assert_eq!(answer.header("x-kaname-provider"), Some("local"));
        let body = answer.expect(200);
        let (found, results) = (results(&body), &body["results"]);
        assert_eq!(found.len(), 2);
        for (result, (index, _)) in results.as_array().expect("a list").iter().zip(&found) {
            let given = &call["documents"][index];
            let expected = if given.is_string() { json!({ "text": given }) } else { given.clone() };
            assert_eq!(result["document"], expected);
        }
        let tokens = body["usage"]["total_tokens"].as_u64().expect("tokens");

        let id = answer.header("x-kaname-trace-id").expect("a trace");
        let trace = app.get(&format!("/api/public/traces/{id}")).await.expect(200);
        let observation = &trace["observations"][0];
        assert_eq!((&observation["type"], &observation["usageDetails"]["input"]), (&json!("RETRIEVER"), &json!(tokens)), "{trace}");
        assert_eq!(observation["input"]["query"], "q");
        assert_eq!((trace["totalCost"].as_f64(), &trace["name"]), (Some(0.0), &json!("rerank tiny-cross-encoder")));

        for (more, status, words) in [
            (json!({ "documents": [] }), 400, "1 to 1000"),
            (json!({ "query": 1 }), 400, "`query`"),
            (json!({ "top_n": 0 }), 400, "`top_n`"),
            (json!({ "rank_fields": ["page"] }), 400, "`rank_fields`"),
            (json!({ "model": "local/all-MiniLM-L6-v2" }), 400, "embeddings"),
            (json!({ "model": "local/other" }), 404, "tiny-cross-encoder"),
        ] {
            let mut body = call.clone();
            for (name, value) in more.as_object().expect("fields") {
                body[name] = value.clone();
            }
            let error = app.post(PATH, &body).await.expect_error(status);
            assert!(error["message"].as_str().expect("text").contains(words), "{error}");
        }
        let viewer = app.with_scopes(&["traces:read"]).await;
        viewer.send(Method::POST, PATH, Some(&call)).await.expect_error(403);
        app.stop().await;
    }

    async fn a_server_that_reranks_is_asked_in_its_own_words(engine: Engine) {
        let results = json!([{ "index": 1, "relevance_score": 0.9 }]);
        let provider = Provider::start([
            Reply::json(200, &json!({ "id": "x", "results": results, "meta": { "billed_units": { "search_units": 1 } } })),
            Reply::json(200, &json!({ "model": "m", "results": results, "usage": { "total_tokens": 38 } })),
            Reply::json(400, &json!({ "message": "too long" })),
        ]).await;
        let settings = [
            ("APP_GATEWAY__PROVIDERS__COHERE__KIND", "compatible"),
            ("APP_GATEWAY__PROVIDERS__COHERE__BASE_URL", provider.url.as_str()),
            ("APP_GATEWAY__PROVIDERS__COHERE__API_KEY", "key-of-cohere"),
        ];
        let app = App::start_with(engine, &settings).await;
        let call = json!({ "model": "cohere/rerank-v4", "query": "q", "documents": ["a", "b"], "max_tokens_per_doc": 9 });
        let first = app.post(PATH, &call).await;
        assert_eq!(first.expect(200)["meta"]["billed_units"]["search_units"], 1, "it passes as it is");
        let second = app.post(PATH, &call).await;
        let id = second.header("x-kaname-trace-id").expect("a trace");
        let trace = app.get(&format!("/api/public/traces/{id}")).await.expect(200);
        assert_eq!(trace["observations"][0]["usageDetails"]["input"], 38);
        app.post(PATH, &call).await.expect(400);
        let received = provider.received();
        assert_eq!((received[0].path.as_str(), &received[0].headers["authorization"]), ("/rerank", &"Bearer key-of-cohere".to_owned()));
        assert_eq!((&received[0].json()["model"], &received[0].json()["max_tokens_per_doc"]), (&json!("rerank-v4"), &json!(9)));
        app.stop().await;
    }
}
