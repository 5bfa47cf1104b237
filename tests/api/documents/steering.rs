//! Versions that overtake each other, and one that is cancelled while it is put into the index: what is found stays right.

use diesel::{Connection, PgConnection, connection::SimpleConnection};
use kaname::roles::Role;
use serde_json::{Value, json};

use super::{Form, upload};
use crate::{
    each_engine,
    support::{App, Engine, eventually, seed},
};

const SEARCH: &str = "/api/v1/projects/first/search";
const NEVER: &str = "2100-01-01T00:00:00.000000Z";
const LONG_AGO: &str = "2020-01-01T00:00:00.000000Z";

async fn add_version(app: &App, document: &str, text: &str) -> Value {
    let form = Form::of_file("a.txt", text);
    form.post(app, &format!("{document}/versions"))
        .await
        .expect(201)
}

/// Whether a word is found.
async fn finds(app: &App, word: &str) -> bool {
    let query = json!({ "query": word, "mode": "lexical" });
    let found = app.post(SEARCH, &query).await.expect(200);
    !found["hits"].as_array().expect("hits").is_empty()
}

async fn until(app: &App, version: &str, state: &str) -> Value {
    eventually(state, || async {
        app.get(version).await.expect(200)["state"] == state
    })
    .await;
    app.get(version).await.expect(200)
}

fn id(engine: Engine, id: &Value) -> String {
    let id = id.as_str().expect("an id");
    match engine {
        Engine::Sqlite => format!("x'{}'", id.replace('-', "")),
        Engine::Postgres => format!("'{id}'"),
    }
}

/// Has a job wait until this time.
fn postpone(app: &App, engine: Engine, job: &Value, until: &str) {
    let sql = format!(
        "UPDATE platform_job SET run_at = '{until}' WHERE id = {};",
        id(engine, job)
    );
    seed::run(app.database_url(), &sql);
}

each_engine! {
    async fn an_older_version_that_is_read_last_is_not_what_is_found(engine: Engine) {
        let app = App::start_roles(engine, &[Role::Api], &[]).await;
        let (document, first) = upload(&app, "a.txt", "the elephant of the first version").await;
        let slow = &first["document"]["version"]["job_id"];
        postpone(&app, engine, slow, NEVER);
        add_version(&app, &document, "the giraffe of the second version").await;
        let worker = app.sibling(&[Role::Worker]).await;
        until(&app, &format!("{document}/versions/2"), "indexed").await;
        assert!(finds(&app, "giraffe").await);
        postpone(&app, engine, slow, LONG_AGO);
        let older = until(&app, &format!("{document}/versions/1"), "indexed").await;
        assert!(older["reason"].as_str().expect("a reason").contains("later version"), "{older}");
        assert!(finds(&app, "giraffe").await && !finds(&app, "elephant").await);
        worker.stop().await;
        app.stop().await;
    }
}

/// The index is held back by a lock, so that the version can be cancelled in the middle.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_version_cancelled_while_it_is_indexed_leaves_the_one_before_it_found() {
    let app = App::start(Engine::Postgres).await;
    let (document, _) = upload(&app, "a.txt", "the elephant of the first version").await;
    until(&app, &format!("{document}/versions/1"), "indexed").await;
    let mut holder = PgConnection::establish(app.database_url()).expect("a connection");
    holder
        .batch_execute("BEGIN; LOCK TABLE document_chunk IN SHARE MODE;")
        .expect("a lock");
    add_version(&app, &document, "the giraffe of the second version").await;
    let second = format!("{document}/versions/2");
    until(&app, &second, "read").await;
    eventually("it is being indexed", || async {
        let version = app.get(&second).await.expect(200);
        let job = format!(
            "/api/v1/jobs/{}",
            version["job_id"].as_str().expect("a job")
        );
        let job = app.get(&job).await.expect(200);
        job["kind"] == "document.index" && job["state"] == "running"
    })
    .await;
    let cancelled = app
        .post(&format!("{second}/cancel"), &Value::Null)
        .await
        .expect(200);
    assert_eq!(cancelled["state"], "cancelled");
    holder
        .batch_execute("COMMIT;")
        .expect("the end of the lock");
    let job = format!(
        "/api/v1/jobs/{}",
        cancelled["job_id"].as_str().expect("a job")
    );
    eventually("the job ended", || async {
        app.get(&job).await.expect(200)["state"] != "running"
    })
    .await;
    assert!(finds(&app, "elephant").await && !finds(&app, "giraffe").await);
    assert_eq!(app.get(&second).await.expect(200)["state"], "cancelled");
    app.post(&format!("{second}/retry"), &Value::Null)
        .await
        .expect(200);
    until(&app, &second, "indexed").await;
    assert!(finds(&app, "giraffe").await && !finds(&app, "elephant").await);
    app.stop().await;
}
