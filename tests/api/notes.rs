//! Notes over HTTP: written by a model from what it can prove, written again, edited, exported.

use serde_json::{Value, json};

use crate::{
    answers::{INVENTED, PAPER, TRUE, indexed, says, started},
    authorization::Case,
    documents::DOCUMENTS,
    each_engine,
    support::{App, Engine, eventually, provider::Reply},
};

const NOTES: &str = "/api/v1/projects/first/notes";
const UNKNOWN: &str = "/api/v1/projects/first/notes/0199c7a2-0000-7000-8000-000000000000";
const RESULT: &str = r#"{"say":"There were 1,204 animals.","cite":[{"source":"S2","quote":"The cohort had 1,204 animals"}]}"#;

/// Asks for a note, and waits until it is in the state.
async fn written(app: &App, request: &Value, state: &str) -> Value {
    let note = app.post(NOTES, request).await.expect(202);
    until(app, &path(&note), state).await
}

fn path(note: &Value) -> String {
    format!("{NOTES}/{}", note["id"].as_str().expect("an id"))
}

async fn until(app: &App, path: &str, state: &str) -> Value {
    eventually(state, || async {
        app.get(path).await.expect(200)["state"] == state
    })
    .await;
    app.get(path).await.expect(200)
}

/// What the walk of `authorization.rs` asks of notes: a stranger is told of none.
pub fn authorization_cases() -> Vec<(&'static str, Case)> {
    let row = |path: String| Case::Row(path, Value::Null);
    let request = json!({ "kind": "terms", "documents": [UNKNOWN.rsplit('/').next()] });
    let edit = json!({ "markdown": "theirs" });
    vec![
        (
            "POST /api/v1/projects/{project_id}/notes",
            Case::Row(NOTES.to_owned(), request),
        ),
        (
            "GET /api/v1/projects/{project_id}/notes",
            row(NOTES.to_owned()),
        ),
        (
            "GET /api/v1/projects/{project_id}/notes/{note_id}",
            row(UNKNOWN.to_owned()),
        ),
        (
            "PUT /api/v1/projects/{project_id}/notes/{note_id}",
            Case::Row(UNKNOWN.to_owned(), edit),
        ),
        (
            "DELETE /api/v1/projects/{project_id}/notes/{note_id}",
            row(UNKNOWN.to_owned()),
        ),
        (
            "POST /api/v1/projects/{project_id}/notes/{note_id}/rewrite",
            row(format!("{UNKNOWN}/rewrite")),
        ),
        (
            "GET /api/v1/projects/{project_id}/notes/{note_id}/versions",
            row(format!("{UNKNOWN}/versions")),
        ),
        (
            "GET /api/v1/projects/{project_id}/notes/{note_id}/versions/{number}",
            row(format!("{UNKNOWN}/versions/1")),
        ),
        (
            "GET /api/v1/projects/{project_id}/notes/{note_id}/markdown",
            row(format!("{UNKNOWN}/markdown")),
        ),
    ]
}

each_engine! {
    async fn a_note_holds_what_is_proved_and_each_writing_is_a_version(engine: Engine) {
        let replies = vec![says(&[TRUE, INVENTED]), says(&[RESULT])];
        let (app, _provider) = started(engine, replies).await;
        let document = indexed(&app, "sleep.md", PAPER).await;
        let note = written(&app, &json!({ "kind": "key_points", "documents": [document] }), "ready").await;
        assert_eq!((&note["latest"], &note["version"]["removed"], &note["title"]), (&1.into(), &1.into(), &"Key points".into()));
        let markdown = note["version"]["markdown"].as_str().expect("a text");
        assert!(markdown.starts_with("- The mice slept for 12 hours a day.[^1]\n"), "{markdown}");
        assert!(markdown.contains("“They slept for 12 hours a day”") && !markdown.contains("cats"), "{markdown}");

        let path = path(&note);
        let edit = json!({ "markdown": "Mine.", "base": 1 });
        assert_eq!(app.put(&path, &edit).await.expect(200)["latest"], 2);
        let late = app.put(&path, &edit).await.expect_error(409);
        assert_eq!(late["details"]["latest"], 2, "{late}");
        app.post(&format!("{path}/rewrite"), &Value::Null).await.expect(202);
        let again = until(&app, &path, "ready").await;
        assert_eq!((&again["latest"], &again["version"]["sentences"][0]["text"]), (&3.into(), &"There were 1,204 animals.".into()));
        let versions = app.get(&format!("{path}/versions")).await.expect(200);
        let origins: Vec<_> = versions["items"].as_array().expect("versions").iter().map(|one| one["origin"].as_str()).collect();
        assert_eq!(origins, [Some("model"), Some("person"), Some("model")]);
        assert_eq!(app.get(&format!("{path}/versions/2")).await.expect(200)["version"]["markdown"], "Mine.");
        app.delete(&path).await.expect(204);
        app.get(&path).await.expect_error(404);
        app.stop().await;
    }

    async fn documents_are_compared_aspect_by_aspect(engine: Engine) {
        let about = |animal: &str| format!("# On {animal}\n\nWe observed {animal} for many years in the field.\n");
        let says_of = |animal: &str| {
            says(&[&json!({ "title": "Data", "say": format!("It is about {animal}."),
                "cite": [{ "source": "S1", "quote": format!("We observed {animal} for many years") }] }).to_string()])
        };
        let (app, provider) = started(engine, vec![says_of("mice"), says_of("cats")]).await;
        let (mice, cats) = (indexed(&app, "mice.md", about("mice")).await, indexed(&app, "cats.md", about("cats")).await);
        let request = json!({ "kind": "comparison", "documents": [mice, cats], "aspects": ["Data"] });
        let note = written(&app, &request, "ready").await;
        let markdown = note["version"]["markdown"].as_str().expect("a text");
        assert!(markdown.contains("| **Data** | It is about mice.[^1] | It is about cats.[^2] |"), "{markdown}");
        assert_eq!(provider.received().len(), 2, "one call a document");
        let trace = app.get(&format!("/api/public/traces/{}", note["version"]["trace"].as_str().expect("an id"))).await.expect(200);
        assert_eq!((&trace["name"], trace["observations"].as_array().expect("observations").len()), (&"note".into(), 3));
        app.delete(&format!("{DOCUMENTS}/{}", cats.as_str())).await.expect(204);
        app.get(&path(&note)).await.expect_error(404);
        app.stop().await;
    }

    async fn a_note_that_nothing_proves_says_so(engine: Engine) {
        let (app, _provider) = started(engine, vec![says(&[INVENTED])]).await;
        let document = indexed(&app, "sleep.md", PAPER).await;
        let request = json!({ "kind": "short_summary", "documents": [document] });
        let note = written(&app, &request, "failed").await;
        assert!(note["reason"].as_str().expect("a reason").contains("no sentence"), "{note}");
        assert_eq!(note["version"], Value::Null);
        app.stop().await;
    }

    async fn a_model_that_refuses_fails_the_note_with_its_reason(engine: Engine) {
        let refusal = Reply::json(400, &json!({ "error": { "message": "no such thing", "type": "invalid_request_error" } }));
        let (app, _provider) = started(engine, vec![refusal]).await;
        let document = indexed(&app, "sleep.md", PAPER).await;
        let note = written(&app, &json!({ "kind": "terms", "documents": [document] }), "failed").await;
        assert!(note["reason"].as_str().expect("a reason").contains("no such thing"), "{note}");
        app.stop().await;
    }

    async fn a_wrong_request_is_told_what_would_be_right(engine: Engine) {
        let (app, _provider) = started(engine, vec![says(&[])]).await;
        let document = indexed(&app, "sleep.md", PAPER).await;
        for (body, field) in [
            (json!({ "kind": "comparison", "documents": [document] }), "documents"),
            (json!({ "kind": "terms", "documents": [] }), "documents"),
            (json!({ "kind": "terms", "documents": [document], "aspects": ["Data"] }), "aspects"),
            (json!({ "kind": "terms", "documents": ["0199c7a2-0000-7000-8000-000000000000"] }), "documents"),
        ] {
            let error = app.post(NOTES, &body).await.expect_error(400);
            assert!(error["message"].as_str().expect("a message").contains(field), "{error}");
        }
        app.stop().await;
    }
}
