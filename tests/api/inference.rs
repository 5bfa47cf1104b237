//! Models of this process as the provider `local`: the same vectors as sentence-transformers', and what is said when
//! something is missing or too much.

use std::{fs, path::Path};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use reqwest::Method;
use serde_json::{Value, json};

use crate::each_engine;
use crate::support::{
    App, Engine,
    app::{Answer, with_models},
    eventually,
    provider::{Provider, Reply},
};

const PATH: &str = "/v1/embeddings";
const MODEL: &str = "local/all-MiniLM-L6-v2";
/// How far a number of a vector may be from sentence-transformers'.
const TOLERANCE: f32 = 1e-4;

async fn app_with(engine: Engine, more: &[(&str, &str)]) -> App {
    let models = with_models();
    let models = models.iter().map(|(name, value)| (*name, value.as_str()));
    let settings: Vec<_> = models.chain(more.iter().copied()).collect();
    App::start_with(engine, &settings).await
}

fn golden(file: &str) -> Value {
    let path = Path::new("tests/golden").join(file);
    serde_json::from_slice(&fs::read(path).expect("the golden file")).expect("JSON")
}

/// The numbers of an embedding that came as base64.
fn floats(embedding: &Value) -> Vec<f32> {
    let bytes = STANDARD.decode(embedding.as_str().expect("text"));
    let bytes = bytes.expect("base64");
    let (numbers, rest) = bytes.as_chunks();
    assert!(rest.is_empty());
    numbers
        .iter()
        .map(|number| f32::from_le_bytes(*number))
        .collect()
}

/// The largest difference between numbers of two vectors.
fn distance(one: &[f32], other: &[f32]) -> f32 {
    assert_eq!(one.len(), other.len());
    let pairs = one.iter().zip(other);
    pairs
        .map(|(one, other)| (one - other).abs())
        .fold(0.0, f32::max)
}

async fn embedded(app: &App, body: &Value) -> Vec<Vec<f32>> {
    let answer = app.post(PATH, body).await.expect(200);
    let data = answer["data"].as_array().expect("a list").clone();
    data.iter()
        .map(|entry| floats(&entry["embedding"]))
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn vectors_are_those_of_sentence_transformers() {
    let app = app_with(Engine::Sqlite, &[]).await;
    let reference = golden("embeddings/all-MiniLM-L6-v2.json");
    let sentences = golden("embeddings/sentences.json");
    let texts = sentences
        .as_array()
        .expect("a list")
        .iter()
        .map(|sentence| {
            let times = sentence["times"].as_u64().unwrap_or(1);
            let times = usize::try_from(times).expect("a few");
            sentence["text"].as_str().expect("text").repeat(times)
        });
    let vectors = reference["vectors"].as_array().expect("a list").iter();
    let tokens = reference["tokens"].as_array().expect("a list").iter();
    // OpenAI's surface takes no text without characters.
    let all = texts
        .zip(vectors.zip(tokens))
        .filter(|(text, _)| !text.is_empty());
    let (texts, expected): (Vec<String>, Vec<(&Value, &Value)>) = all.unzip();
    let body = json!({ "model": MODEL, "input": texts, "encoding_format": "base64" });
    let answer = app.post(PATH, &body).await;
    assert_eq!(answer.header("x-kaname-cut-texts"), Some("4"));
    let answer = answer.expect(200);
    for (at, (vector, _)) in expected.iter().enumerate() {
        let made = floats(&answer["data"][at]["embedding"]);
        let far = distance(&made, &floats(vector));
        assert!(far < TOLERANCE, "{far} at {at}: {}", texts[at]);
    }
    let tokens: u64 = expected
        .iter()
        .filter_map(|(_, tokens)| tokens.as_u64())
        .sum();
    assert_eq!(
        answer["usage"],
        json!({ "prompt_tokens": tokens, "total_tokens": tokens })
    );
    // A text has the same vector whatever it is embedded with.
    for at in [3, 30] {
        let body = json!({ "model": MODEL, "input": texts[at], "encoding_format": "base64" });
        let alone = embedded(&app, &body).await;
        let far = distance(&alone[0], &floats(expected[at].0));
        assert!(far < TOLERANCE, "{far}");
    }
    app.stop().await;
}

each_engine! {
    async fn a_local_model_is_listed_called_and_traced_and_costs_nothing(engine: Engine) {
        let provider = Provider::start([Reply::completion("Hi")]).await;
        let settings = provider.settings();
        let app = app_with(engine, &settings).await;
        let answer = app.post(PATH, &json!({ "model": "all-MiniLM-L6-v2", "input": ["a", "b c"] })).await;
        assert_eq!(answer.header("x-kaname-provider"), Some("local"));
        let body = answer.expect(200);
        assert_eq!((&body["model"], &body["usage"]["prompt_tokens"]), (&json!("all-MiniLM-L6-v2"), &json!(7)));
        let numbers: Vec<f32> = serde_json::from_value(body["data"][1]["embedding"].clone()).expect("numbers");
        let base64 = embedded(&app, &json!({ "model": MODEL, "input": "b c", "encoding_format": "base64" })).await;
        assert!(distance(&numbers, &base64[0]) < 1e-6);

        let id = answer.header("x-kaname-trace-id").expect("a trace");
        let trace = app.get(&format!("/api/public/traces/{id}")).await.expect(200);
        let observation = &trace["observations"][0];
        assert_eq!((&observation["type"], &observation["usageDetails"]["input"]), (&json!("EMBEDDING"), &json!(7)));
        assert_eq!((trace["totalCost"].as_f64(), &observation["costDetails"]["total"]), (Some(0.0), &json!(0.0)), "{trace}");

        let found = app.get("/v1/models/all-MiniLM-L6-v2").await.expect(200);
        assert_eq!((&found["id"], &found["owned_by"]), (&json!("all-MiniLM-L6-v2"), &json!("local")));
        let chat = json!({ "model": MODEL, "messages": [{ "role": "user", "content": "Hi" }] });
        let refused = app.post("/v1/chat/completions", &chat).await.expect_error(404);
        assert!(refused["message"].as_str().expect("text").contains("does not serve"), "{refused}");
        app.stop().await;
    }

    async fn a_request_that_asks_too_much_is_told_what_would_be_right(engine: Engine) {
        let app = app_with(engine, &[]).await;
        let long = "word ".repeat(300);
        for (more, status, words) in [
            (json!({ "dimensions": 128 }), 400, "384"),
            (json!({ "truncate": "NONE" }), 400, "256 tokens"),
            (json!({ "input_type": "clustering" }), 400, "`query` or `passage`"),
            (json!({ "pooling": "cls" }), 400, "`pooling`"),
            (json!({ "input": [1, 2] }), 400, "tokens"),
            (json!({ "model": "local/other" }), 404, "all-MiniLM-L6-v2"),
            (json!({ "model": "local/tiny-cross-encoder" }), 400, "reranking"),
        ] {
            let mut body = json!({ "model": MODEL, "input": [long] });
            for (name, value) in more.as_object().expect("fields") {
                body[name] = value.clone();
            }
            let error = app.post(PATH, &body).await.expect_error(status);
            assert!(error["message"].as_str().expect("text").contains(words), "{error}");
        }
        let query = embedded(&app, &json!({ "model": MODEL, "input": long, "input_type": "query", "truncate": "END", "dimensions": 384, "encoding_format": "base64" })).await;
        assert_eq!(query[0].len(), 384);
        app.stop().await;
    }
}

async fn inference_health(app: &App) -> Value {
    let health = app.get("/health").await.expect(200);
    let components = health["components"].as_array().expect("components").iter();
    let mut found = components.filter(|component| component["name"] == "inference");
    found.next().cloned().unwrap_or(Value::Null)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_model_everything_else_works_and_what_is_missing_is_said() {
    let app = App::start(Engine::Sqlite).await;
    let health = inference_health(&app).await;
    assert_eq!(
        (&health["status"], &health["required"]),
        (&json!("down"), &json!(false))
    );
    let error = health["error"].as_str().expect("what is missing");
    assert!(
        error.contains("libonnxruntime.so") && error.contains("scripts/model"),
        "{error}"
    );
    assert_eq!(
        app.get("/health/ready").await.expect(200)["status"],
        "degraded"
    );
    let error = app
        .post(PATH, &json!({ "model": MODEL, "input": "a" }))
        .await
        .expect_error(404);
    let message = error["message"].as_str().expect("text");
    assert!(message.contains("`scripts/model` makes one"), "{message}");
    let app = app
        .restarted_with(&[("APP_INFERENCE__ENABLED", "false")])
        .await;
    assert_eq!(inference_health(&app).await, Value::Null);
    let error = app
        .post(PATH, &json!({ "model": MODEL, "input": "a" }))
        .await
        .expect_error(404);
    assert!(
        error["message"]
            .as_str()
            .expect("text")
            .contains("inference.enabled"),
        "{error}"
    );
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_onnx_runtime_or_with_a_broken_model_the_answer_says_so() {
    let [(_, models)] = with_models();
    let folder = tempfile::tempdir().expect("a folder");
    let broken = folder.path().join("broken");
    fs::create_dir(&broken).expect("a folder");
    for file in ["tokenizer.json", "config.json", "modules.json"] {
        let from = Path::new(&models).join("all-MiniLM-L6-v2").join(file);
        fs::copy(from, broken.join(file)).expect("a copy");
    }
    fs::write(broken.join("model.onnx"), "no graph").expect("a file");
    fs::write(broken.join("model.toml"), "max_tokens = 8").expect("a file");
    let library = Path::new(&models).join("libonnxruntime.so");
    let app = App::start_with(
        Engine::Sqlite,
        &[
            (
                "APP_INFERENCE__MODELS",
                folder.path().to_str().expect("UTF-8"),
            ),
            ("APP_INFERENCE__ONNXRUNTIME", "/nowhere/libonnxruntime.so"),
        ],
    )
    .await;
    let body = json!({ "model": "local/broken", "input": "a" });
    let error = app.post(PATH, &body).await.expect_error(503);
    assert!(
        error["message"]
            .as_str()
            .expect("text")
            .contains("/nowhere/"),
        "{error}"
    );
    let library = library.to_str().expect("UTF-8");
    let app = app
        .restarted_with(&[("APP_INFERENCE__ONNXRUNTIME", library)])
        .await;
    let error = app.post(PATH, &body).await.expect_error(503);
    assert!(
        error["message"]
            .as_str()
            .expect("text")
            .contains("`broken` can not be used"),
        "{error}"
    );
    let is_said = async || {
        inference_health(&app).await["error"]
            .as_str()
            .is_some_and(|error| error.contains("broken"))
    };
    eventually("readiness names the model", is_said).await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_model_that_nobody_asks_leaves_the_memory_and_comes_back() {
    let settings = [
        ("APP_INFERENCE__UNLOAD_AFTER_SECONDS", "1"),
        ("APP_INFERENCE__DEVICE", "cuda"),
    ];
    let app = app_with(Engine::Sqlite, &settings).await;
    let body = json!({ "model": MODEL, "input": "a", "encoding_format": "base64" });
    let first = embedded(&app, &body).await;
    // This library has no CUDA: the CPU takes over, and readiness says why while the model is in memory.
    let is_said = async || {
        assert_eq!(embedded(&app, &body).await, first);
        inference_health(&app).await["error"]
            .as_str()
            .is_some_and(|error| error.contains("GPU"))
    };
    eventually("readiness names the fallback", is_said).await;
    let is_unloaded = async || inference_health(&app).await["status"] == "up";
    eventually("the model is unloaded", is_unloaded).await;
    assert_eq!(embedded(&app, &body).await, first);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_than_finds_room_is_refused_and_work_for_a_client_that_left_ends() {
    let app = app_with(
        Engine::Sqlite,
        &[("APP_INFERENCE__MAX_WAITING_TOKENS", "1000")],
    )
    .await;
    let small = json!({ "model": MODEL, "input": "a" });
    app.post(PATH, &small).await.expect(200);
    // Much work, that takes all the room, as soon as none of the small calls is in it.
    let large = json!({ "model": MODEL, "input": vec!["word ".repeat(250); 500] });
    let request = app.request(Method::POST, PATH).json(&large);
    let long = tokio::spawn(async move {
        let again = || request.try_clone().expect("a body in memory");
        while Answer::of(again()).await.status == 429 {}
    });
    let refused = async || {
        let answer = app.post(PATH, &small).await;
        let is_refused = answer.status == 429;
        assert!(!is_refused || answer.header("retry-after") == Some("1"));
        is_refused
    };
    eventually("a call finds no room", refused).await;
    long.abort();
    eventually("there is room again", async || {
        app.post(PATH, &small).await.status == 200
    })
    .await;
    app.stop().await;
}
