//! Providers that projects connect themselves: kept apart, kept secret, and called.

use diesel::{
    Connection, PgConnection, RunQueryDsl, SqliteConnection, connection::SimpleConnection,
    sql_query, sql_types::BigInt,
};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    authorization::{Case, MARK},
    support::{
        App, Engine,
        provider::{Provider, Reply},
    },
};

const KEY: &str = "sk-the-key-of-this-project-1234";
const SECRET_HEADER: &str = "a-header-that-is-secret";
const LOOPBACK: [(&str, &str); 1] = [("APP_GATEWAY__PROVIDER_PRIVATE_HOSTS", "127.0.0.1")];

pub async fn authorization_cases(app: &App) -> Vec<(&'static str, Case)> {
    let put = json!({ "kind": "mistral", "api_key": KEY, "models": ["x"] });
    let path = format!("/api/v1/providers/{MARK}");
    app.put(&path, &put).await.expect(200);
    let listed = app.get("/api/public/llm-connections").await.expect(200);
    let id = listed["data"][0]["id"].as_str().expect("an id").to_owned();
    let langfuse = json!({ "provider": "theirs", "adapter": "google-ai-studio",
        "secretKey": KEY, "customModels": ["y"] });
    let row = |path: String| Case::Row(path, Value::Null);
    vec![
        ("GET /api/v1/providers", Case::Own(Value::Null)),
        ("GET /api/v1/providers/{name}", row(path.clone())),
        (
            "PUT /api/v1/providers/{name}",
            Case::OwnAt("/api/v1/providers/mine".to_owned(), put),
        ),
        (
            "POST /api/v1/providers/{name}/test",
            row(format!("{path}/test")),
        ),
        ("DELETE /api/v1/providers/{name}", row(path)),
        ("GET /api/public/llm-connections", Case::Own(Value::Null)),
        ("PUT /api/public/llm-connections", Case::Own(langfuse)),
        (
            "DELETE /api/public/llm-connections/{id}",
            row(format!("/api/public/llm-connections/{id}")),
        ),
    ]
}

/// Writes a test once for both databases: projects may name loopback, where the provider is.
macro_rules! with_own_provider {
    ($(async fn $name:ident($app:ident: App, $provider:ident: Provider = [$($reply:expr),+ $(,)?]) $body:block)+) => {$(
        mod $name {
            use super::*;

            async fn run(engine: Engine) {
                let $provider = Provider::start([$($reply),+]).await;
                let $app = App::start_with(engine, &LOOPBACK).await;
                $body
                $app.stop().await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                run(Engine::Sqlite).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                run(Engine::Postgres).await;
            }
        }
    )+};
}

fn compatible(provider: &Provider) -> Value {
    json!({ "kind": "compatible", "base_url": provider.url, "api_key": KEY, "models": ["own-*"],
        "extra_headers": { "x-team": SECRET_HEADER } })
}

fn chat(model: &str) -> Value {
    json!({ "model": model, "messages": [{ "role": "user", "content": "Hi" }] })
}

fn models(count: usize) -> Reply {
    let entry = |number| json!({ "id": format!("m{number}"), "object": "model" });
    let data: Vec<Value> = (0..count).map(entry).collect();
    Reply::json(200, &json!({ "object": "list", "data": data }))
}

with_own_provider! {
    async fn a_connected_provider_is_called_with_its_key_which_no_answer_shows(app: App, provider: Provider = [
        Reply::completion("Hello"), models(2), Reply::json(401, &json!({ "error": { "message": "bad key" } }))
    ]) {
        let connected = app.put("/api/v1/providers/mine", &compatible(&provider)).await;
        let body = connected.expect(200);
        assert_eq!((&body["name"], &body["kind"], &body["key_hint"]), (&json!("mine"), &json!("compatible"), &json!("1234")));
        assert_eq!(body["extra_header_names"], json!(["x-team"]));

        app.post("/v1/chat/completions", &chat("own-7b")).await.expect(200);
        let tried = app.post("/api/v1/providers/mine/test", &Value::Null).await.expect(200);
        assert_eq!((&tried["ok"], &tried["models"]), (&json!(true), &json!(2)));
        let tried = app.post("/api/v1/providers/mine/test", &Value::Null).await.expect(200);
        assert_eq!(tried["ok"], false);
        assert!(tried["error"].as_str().unwrap().contains("401"), "{tried}");
        for request in provider.received() {
            assert_eq!(request.headers["authorization"], format!("Bearer {KEY}"));
            assert_eq!(request.headers["x-team"], SECRET_HEADER);
        }
        for path in ["/api/v1/providers", "/api/v1/providers/mine", "/api/public/llm-connections"] {
            let shown = app.get(path).await;
            shown.expect(200);
            assert!(shown.text.contains("1234") && !shown.text.contains(KEY), "{}", shown.text);
            assert!(!shown.text.contains(SECRET_HEADER), "{}", shown.text);
        }
        assert_eq!(rows_that_hold(app.database_url(), "1234"), 1);
        for secret in [KEY, SECRET_HEADER] {
            assert_eq!(rows_that_hold(app.database_url(), secret), 0, "the database holds {secret}");
            assert!(!files_hold(app.database_url(), secret), "a file holds {secret}");
        }
        app.delete("/api/v1/providers/mine").await.expect(204);
        app.post("/v1/chat/completions", &chat("own-7b")).await.expect_error(404);
        app.delete("/api/v1/providers/mine").await.expect_error(404);
    }

    async fn a_stored_key_stays_with_its_address(app: App, provider: Provider = [Reply::completion("Hello")]) {
        let path = "/api/v1/providers/mine";
        let mut body = compatible(&provider);
        app.put(path, &body).await.expect(200);
        body.as_object_mut().unwrap().remove("api_key");
        body["models"] = json!(["other"]);
        assert_eq!(app.put(path, &body).await.expect(200)["key_hint"], "1234");
        app.post("/v1/chat/completions", &chat("other")).await.expect(200);
        assert_eq!(provider.only_request().headers["authorization"], format!("Bearer {KEY}"));

        body["base_url"] = json!(format!("{}/elsewhere", provider.url));
        body.as_object_mut().unwrap().remove("extra_headers");
        let moved = app.put(path, &body).await.expect(200);
        assert_eq!((&moved["key_hint"], &moved["extra_header_names"]), (&json!(""), &json!([])));
        let groq = json!({ "kind": "groq" });
        let error = app.put(path, &groq).await.expect_error(400);
        assert_eq!(error["code"], "provider_invalid");
        assert!(error["message"].as_str().unwrap().contains("`api_key`"), "{error}");
    }

    async fn addresses_inside_the_network_are_refused_unless_they_are_allowed(app: App, provider: Provider = [models(1)]) {
        for base_url in ["http://169.254.169.254/latest", "http://[::1]:80", "http://10.0.0.1/v1", "http://localhost:1", "http://2130706434/"] {
            let put = json!({ "kind": "compatible", "base_url": base_url, "api_key": KEY });
            let error = app.put("/api/v1/providers/inside", &put).await.expect_error(400);
            assert!(error["message"].as_str().unwrap().contains("provider_private_hosts"), "{error}");
        }
        // A name that means this machine is found out when it is called.
        let hidden = json!({ "kind": "compatible", "base_url": "http://ip6-localhost:1/v1", "api_key": KEY });
        app.put("/api/v1/providers/hidden", &hidden).await.expect(200);
        let tried = app.post("/api/v1/providers/hidden/test", &Value::Null).await.expect(200);
        assert_eq!(tried["ok"], false, "{tried}");
        assert_eq!(provider.received().len(), 0);
    }

    async fn what_is_no_provider_is_refused_with_a_reason(app: App, provider: Provider = [models(1)]) {
        for (body, word) in [
            (json!({ "kind": "gpt", "api_key": KEY }), "known kinds"),
            (json!({ "kind": "gemini" }), "`api_key`"),
            (json!({ "kind": "azure", "api_key": KEY }), "`base_url`"),
            (json!({ "kind": "bedrock", "access_key_id": "a" }), "come together"),
            (json!({ "kind": "bedrock", "api_key": KEY, "region": "x/y" }), "`region`"),
            (json!({ "kind": "openai", "api_key": KEY, "extra_headers": { "host": "x" } }), "sets itself"),
            (json!({ "kind": "openai", "api_key": KEY, "models": [""] }), "`models`"),
            (json!({ "kind": "openai", "api_key": "x".repeat(9000) }), "at most"),
        ] {
            let error = app.put("/api/v1/providers/mine", &body).await.expect_error(400);
            assert_eq!(error["code"], "provider_invalid");
            assert!(error["message"].as_str().unwrap().contains(word), "{word}: {error}");
        }
        app.put("/api/v1/providers/a%20b", &json!({ "kind": "openai", "api_key": KEY })).await.expect_error(400);
        let viewer = app.with_scopes(&["gateway:call"]).await;
        viewer.send(Method::GET, "/api/v1/providers", None).await.expect_error(403);
        assert_eq!(provider.received().len(), 0);
    }

    async fn langfuses_connections_are_the_same_providers(app: App, provider: Provider = [Reply::completion("Hello")]) {
        let put = json!({ "provider": "lf", "adapter": "openai", "secretKey": KEY, "baseURL": provider.url,
            "customModels": ["lf-1"], "withDefaultModels": true, "extraHeaders": { "x-team": SECRET_HEADER } });
        let made = app.put("/api/public/llm-connections", &put).await.expect(200);
        assert_eq!((&made["adapter"], &made["displaySecretKey"]), (&json!("openai"), &json!("...1234")));
        assert_eq!(made["extraHeaderKeys"], json!(["x-team"]));
        app.post("/v1/chat/completions", &chat("lf-1")).await.expect(200);
        assert_eq!(provider.only_request().headers["authorization"], format!("Bearer {KEY}"));
        let again = app.put("/api/public/llm-connections", &json!({ "provider": "lf", "adapter": "bedrock",
            "secretKey": "{\"accessKeyId\":\"AKIDEXAMPLE\",\"secretAccessKey\":\"wJalrXUtnFEMI/K7MDENG\"}",
            "config": { "region": "eu-west-1" } })).await.expect(200);
        assert_eq!((&again["id"], &again["config"]["region"]), (&made["id"], &json!("eu-west-1")));
        let listed = app.get("/api/public/llm-connections?limit=1").await.expect(200);
        assert_eq!(listed["meta"], json!({ "page": 1, "limit": 1, "totalItems": 1, "totalPages": 1 }));
        let path = format!("/api/public/llm-connections/{}", made["id"].as_str().unwrap());
        assert_eq!(app.delete(&path).await.expect(200)["message"], "LLM connection successfully deleted");
        assert_eq!(app.delete(&path).await.expect(404)["error"], "LangfuseNotFoundError");
        app.put("/api/public/llm-connections", &json!({ "provider": "v", "adapter": "google-vertex-ai", "secretKey": "x" })).await.expect(400);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_master_key_seals_anew_what_the_previous_one_opens() {
    let provider = Provider::start([Reply::completion("Hello")]).await;
    let app = App::start_with(Engine::Sqlite, &LOOPBACK).await;
    app.put("/api/v1/providers/mine", &compatible(&provider))
        .await
        .expect(200);
    let call = async |app: &App| {
        app.post("/v1/chat/completions", &chat("own-7b"))
            .await
            .status
    };
    let (old, new) = (
        "another secret for tests, 32 characters or more",
        "a third secret for tests, 32 characters or more",
    );
    let master = |secret, previous| {
        [
            ("APP_GATEWAY__PROVIDER_KEY_SECRET", secret),
            ("APP_GATEWAY__PROVIDER_KEY_SECRET_PREVIOUS", previous),
        ]
    };
    let lost = app.restarted_with(&master(new, "")).await;
    assert_eq!(call(&lost).await, 502, "a key that is lost is no other key");
    let rotated = lost.restarted_with(&master(new, old)).await;
    assert_eq!(call(&rotated).await, 200);
    let done = rotated.restarted_with(&master(new, "")).await;
    assert_eq!(call(&done).await, 200, "it was sealed anew");
    done.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_master_key_postgres_stores_no_keys() {
    let app = App::start_with(
        Engine::Postgres,
        &[("APP_GATEWAY__PROVIDER_KEY_SECRET", "")],
    )
    .await;
    let error = app
        .put(
            "/api/v1/providers/mine",
            &json!({ "kind": "groq", "api_key": KEY }),
        )
        .await
        .expect_error(409);
    assert_eq!(error["code"], "provider_keys_off");
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .contains("APP_GATEWAY__PROVIDER_KEY_SECRET")
    );
    app.stop().await;
}

#[derive(diesel::QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// How many rows of providers hold a text, in any column.
fn rows_that_hold(url: &str, text: &str) -> i64 {
    let texts = "name || kind || coalesce(base_url, '') || sealed_with || key_hint";
    let found: Count = if let Some(path) = url.strip_prefix("sqlite:") {
        let mut conn = SqliteConnection::establish(path).expect("the database opens");
        sql_query(format!(
            "SELECT count(*) AS count FROM llm_provider \
             WHERE instr({texts} || details, '{text}') > 0 OR instr(sealed, CAST('{text}' AS blob)) > 0"
        ))
        .get_result(&mut conn)
        .expect("a count")
    } else {
        let mut conn = PgConnection::establish(url).expect("the database answers");
        sql_query(format!(
            "SELECT count(*) AS count FROM llm_provider \
             WHERE position('{text}' IN {texts} || details::text) > 0 OR position('{text}'::bytea IN sealed) > 0"
        ))
        .get_result(&mut conn)
        .expect("a count")
    };
    found.count
}

/// Whether a file beside SQLite's holds a text; its log is part of it.
fn files_hold(url: &str, text: &str) -> bool {
    let Some(path) = url.strip_prefix("sqlite:") else {
        return false;
    };
    let mut conn = SqliteConnection::establish(path).expect("the database opens");
    conn.batch_execute("PRAGMA wal_checkpoint(FULL)")
        .expect("a checkpoint");
    let mut folders = vec![
        std::path::Path::new(path)
            .parent()
            .expect("a folder")
            .to_owned(),
    ];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let bytes = std::fs::read(path).expect("a file");
            if bytes
                .windows(text.len())
                .any(|window| window == text.as_bytes())
            {
                return true;
            }
        }
    }
    false
}
