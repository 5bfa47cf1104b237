//! Deletion reaches everything.

use reqwest::Method;
use serde_json::{Value, json};

use super::{DOCUMENTS, Form, stored_files, upload};
use crate::{each_database, support::eventually};

each_database! {
    async fn a_deleted_document_is_gone_with_its_files(app: App) {
        let (path, _) = upload(&app, "a.txt", "one").await;
        Form::of_file("a.txt", "two").post(&app, &format!("{path}/versions")).await.expect(201);
        upload(&app, "b.txt", "kept").await;
        let shared = Form::of_file("c.txt", "two").field("allow_duplicate", "true");
        shared.post(&app, DOCUMENTS).await.expect(201);
        eventually("each of the bytes is stored once", || async { stored_files(&app) == 3 }).await;
        app.delete(&path).await.expect(204);
        app.get(&path).await.expect_error(404);
        app.get(&format!("{path}/versions/1/file")).await.expect_error(404);
        app.delete(&path).await.expect_error(404);
        eventually("its own file is gone, the shared one is not", || async { stored_files(&app) == 2 }).await;
        // The same bytes are new again.
        upload(&app, "a.txt", "one").await;
    }

    async fn all_documents_of_a_project_go_at_once_for_those_who_may(app: App) {
        for text in ["one", "two", "three"] {
            upload(&app, "a.txt", text).await;
        }
        let writer = app.with_scopes(&["documents:write", "documents:read"]).await;
        writer.send(Method::DELETE, DOCUMENTS, None).await.expect_error(403);
        assert_eq!(app.delete(DOCUMENTS).await.expect(200), json!({ "deleted": 3 }));
        assert_eq!(app.get(DOCUMENTS).await.expect(200)["items"], Value::Array(Vec::new()));
        eventually("the files are gone", || async { stored_files(&app) == 0 }).await;
    }
}
