//! Every endpoint, without a key and with another project's: nothing is reached that way.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    annotations, answers, comments, daily, deletion, documents, gateway, guardrails, ingestion,
    jobs, langfuse_prompts, limits, live, media, notes, otlp, own_reading, prices, prompts,
    providers, routes, scores, search,
    support::{
        App, Engine,
        app::Answer,
        provider::{Provider, Reply},
    },
    surfaces,
};

/// How the walk asks an endpoint, and what another project's key must get.
pub enum Case {
    /// Answers anybody: probes and documents.
    Public,
    /// Addresses a row of the first project at this path: 404 for others.
    Row(String, Value),
    /// Lists, or creates in the caller's own project: must not show the first project's mark.
    Own(Value),
    /// Like `Own`, at a path of the caller's own.
    OwnAt(String, Value),
    /// Answers without an end, in the caller's own project.
    Endless,
    /// Answers who has a signed address: nobody else, whatever key they have.
    Signed(String),
}

/// In the name of everything that the first project holds.
pub const MARK: &str = "only-the-first-project";

/// Every endpoint there is, by method and path template.
async fn cases(app: &App) -> BTreeMap<&'static str, Case> {
    let key = app
        .post("/api/v1/keys", &json!({ "name": MARK }))
        .await
        .expect(201);
    let key = key["id"].as_str().expect("an id").to_owned();
    let member = json!({ "email": format!("{MARK}@example.org"), "role": "viewer" });
    let member = app.put("/api/v1/members", &member).await.expect(200);
    let member = member["user_id"].as_str().expect("an id").to_owned();
    let row = |path: String| Case::Row(path, Value::Null);
    BTreeMap::from([
        ("GET /health", Case::Public),
        ("GET /health/live", Case::Public),
        ("GET /health/ready", Case::Public),
        ("GET /metrics", Case::Public),
        ("GET /api/openapi.json", Case::Public),
        ("GET /api/public/health", Case::Public),
        ("GET /api/public/ready", Case::Public),
        ("GET /api/public/projects", Case::Own(Value::Null)),
        ("GET /api/v1/trace-retention", Case::Own(Value::Null)),
        (
            "PUT /api/v1/trace-retention",
            Case::Own(json!({ "days": 30 })),
        ),
        (
            // One that is not there counts as deleted: this deletes nothing of the first project.
            "DELETE /api/v1/traces/{id}",
            Case::OwnAt("/api/v1/traces/any".to_owned(), Value::Null),
        ),
        ("GET /api/v1/project", Case::Own(Value::Null)),
        ("GET /api/v1/keys", Case::Own(Value::Null)),
        ("POST /api/v1/keys", Case::Own(json!({ "name": "theirs" }))),
        (
            "DELETE /api/v1/keys/{id}",
            row(format!("/api/v1/keys/{key}")),
        ),
        ("GET /api/v1/members", Case::Own(Value::Null)),
        (
            "PUT /api/v1/members",
            Case::Own(json!({ "email": "b@example.org", "role": "viewer" })),
        ),
        (
            "DELETE /api/v1/members/{user_id}",
            row(format!("/api/v1/members/{member}")),
        ),
    ])
}

mod no_endpoint_shows_a_project_to_another_or_to_nobody {
    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn sqlite() {
        walk(Engine::Sqlite).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn postgres() {
        walk(Engine::Postgres).await;
    }

    async fn all_cases(app: &App) -> BTreeMap<&'static str, Case> {
        let mut cases = cases(app).await;
        cases.extend(documents::authorization_cases(app).await);
        cases.extend(annotations::authorization_cases(app).await);
        cases.extend(answers::authorization_cases(app).await);
        cases.extend(notes::authorization_cases());
        cases.extend(gateway::authorization_cases(app).await);
        cases.extend(routes::authorization_cases(app).await);
        cases.extend(providers::authorization_cases(app).await);
        cases.extend(guardrails::authorization_cases(app).await);
        cases.extend(prices::authorization_cases(app).await);
        cases.extend(jobs::authorization_cases(app).await);
        cases.extend(limits::authorization_cases(app).await);
        cases.extend(prompts::authorization_cases(app).await);
        cases.extend(langfuse_prompts::authorization_cases());
        cases.extend(otlp::authorization_cases());
        cases.extend(ingestion::authorization_cases());
        cases.extend(scores::authorization_cases(app).await);
        cases.extend(surfaces::authorization_cases());
        cases.extend(own_reading::authorization_cases());
        cases.extend(comments::authorization_cases(app).await);
        cases.extend(media::authorization_cases(app).await);
        cases.extend(live::authorization_cases());
        cases.extend(deletion::authorization_cases());
        cases.extend(daily::authorization_cases());
        cases.extend(search::authorization_cases());
        cases
    }

    async fn walk(engine: Engine) {
        let provider = Provider::start([Reply::of_anything()]).await;
        let app = App::start_with(engine, &provider.settings()).await;
        let cases = all_cases(&app).await;
        let stranger = app.other_project().await;
        for endpoint in endpoints() {
            let case = cases.get(endpoint.as_str()).unwrap_or_else(|| {
                panic!("{endpoint} is not in this walk: add it to `cases`, with a row of the first project")
            });
            let (method, template) = endpoint.split_once(' ').unwrap();
            let method: Method = method.parse().unwrap();
            let (path, body) = match case {
                Case::Public => {
                    Answer::of(app.anonymous(method, template))
                        .await
                        .expect(200);
                    continue;
                }
                Case::Signed(path) => {
                    for request in [
                        app.anonymous(method.clone(), path),
                        app.request(method, path),
                    ] {
                        Answer::of(request).await.expect(403);
                    }
                    continue;
                }
                Case::Endless => {
                    Answer::of(app.anonymous(method, template))
                        .await
                        .expect(401);
                    continue;
                }
                Case::Row(path, body) | Case::OwnAt(path, body) => (path.as_str(), body),
                Case::Own(body) => (template, body),
            };
            let nobody = Answer::of(app.anonymous(method.clone(), path).json(body)).await;
            assert_eq!(
                nobody.status, 401,
                "{endpoint} without a key: {}",
                nobody.text
            );
            let other = stranger.send(method, path, Some(body)).await;
            match case {
                Case::Row(..) => assert_eq!(other.status, 404, "{endpoint}: {}", other.text),
                _ => assert!(
                    (200..300).contains(&other.status),
                    "{endpoint}: {}",
                    other.text
                ),
            }
            assert!(
                !other.text.contains(MARK) || matches!(case, Case::Row(..)),
                "{endpoint} shows another project: {}",
                other.text
            );
        }
        let unknown: Vec<_> = cases
            .keys()
            .filter(|case| !endpoints().contains(&(**case).to_owned()))
            .collect();
        assert!(unknown.is_empty(), "no such endpoints: {unknown:?}");
    }
}

/// `GET /path/{id}` for everything in the OpenAPI document.
fn endpoints() -> Vec<String> {
    let document = serde_json::to_value(kaname::roles::openapi_document()).unwrap();
    let paths = document["paths"].as_object().expect("paths").clone();
    let methods = |(path, item): (String, Value)| {
        let methods: Vec<String> = item
            .as_object()
            .expect("operations")
            .keys()
            .cloned()
            .collect();
        methods
            .into_iter()
            .map(move |method| format!("{} {path}", method.to_uppercase()))
    };
    paths.into_iter().flat_map(methods).collect()
}
