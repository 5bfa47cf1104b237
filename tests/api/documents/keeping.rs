//! What no job settles is settled all the same: documents kept long enough, versions whose job died, uploads that a
//! killed process left.

use kaname::roles::Role;

use super::{DOCUMENTS, stored_files, upload};
use crate::support::{App, Engine, eventually, seed};

const LONG_AGO: &str = "2020-01-01T00:00:00.000000Z";

async fn what_was_left_is_settled(engine: Engine) {
    let settings = [("APP_DOCUMENTS__RETENTION_DAYS", "30")];
    // Nobody works yet: what was uploaded waits.
    let app = App::start_roles(engine, &[Role::Api], &settings).await;
    let (expired, _) = upload(&app, "expired.txt", "kept long enough").await;
    let (orphan, of) = upload(&app, "orphan.txt", "its job died").await;
    let (kept, _) = upload(&app, "kept.txt", "kept").await;
    let left = app.folder().join("objects/documents/left");
    std::fs::create_dir_all(&left).unwrap();
    std::fs::write(left.join("behind"), "by a killed process").unwrap();
    std::fs::write(left.join("half#1"), "by one killed earlier").unwrap();
    let id = |path: &str| {
        let id = path.rsplit('/').next().unwrap().to_owned();
        match engine {
            Engine::Sqlite => format!("x'{}'", id.replace('-', "")),
            Engine::Postgres => format!("'{id}'"),
        }
    };
    let job = of["document"]["version"]["job_id"].as_str().unwrap();
    let sql = format!(
        "UPDATE document_document SET updated_at = '{LONG_AGO}' WHERE id = {};
         UPDATE document_version SET updated_at = '{LONG_AGO}' WHERE document_id = {};
         UPDATE platform_job SET state = 'dead', error = 'the end' WHERE id = {};
         INSERT INTO document_upload (object_key, project_id, started_at)
            SELECT 'documents/left/behind', project_id, '{LONG_AGO}' FROM document_document LIMIT 1;
         INSERT INTO document_upload (object_key, project_id, started_at)
            SELECT 'documents/left/half', project_id, '{LONG_AGO}' FROM document_document LIMIT 1;",
        id(&expired),
        id(&orphan),
        id(job),
    );
    seed::run(app.database_url(), &sql);
    assert_eq!(stored_files(&app), 5);
    let worker = app.sibling(&[Role::Worker]).await;
    eventually("the expired document is gone", || async {
        app.get(&expired).await.status == 404
    })
    .await;
    eventually("the orphan failed", || async {
        let version = &app.get(&orphan).await.expect(200)["version"];
        version["state"] == "failed" && version["reason"] == "the end"
    })
    .await;
    eventually("the left file is gone, and the expired one", || async {
        stored_files(&app) == 2
    })
    .await;
    assert_eq!(app.get(&kept).await.status, 200);
    let listed = app.get(DOCUMENTS).await.expect(200);
    assert_eq!(listed["items"].as_array().unwrap().len(), 2);
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_left_is_settled_on_sqlite() {
    Box::pin(what_was_left_is_settled(Engine::Sqlite)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_left_is_settled_on_postgres() {
    Box::pin(what_was_left_is_settled(Engine::Postgres)).await;
}
