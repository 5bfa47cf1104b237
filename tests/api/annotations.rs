//! Annotations and the bibliography over HTTP.

use serde_json::{Value, json};

use crate::{
    answers::{PAPER, indexed, says, started},
    authorization::{Case, MARK},
    documents::{DOCUMENTS, Form},
    each_engine,
    support::{App, Engine},
};

/// What the walk of `authorization.rs` asks of annotations.
pub async fn authorization_cases(app: &App) -> Vec<(&'static str, Case)> {
    let document = indexed(app, &format!("{MARK}.md"), format!("{MARK} is marked")).await;
    let list = format!("{DOCUMENTS}/{document}/annotations");
    let made = json!({ "start": 0, "end": 4, "comment": MARK });
    let annotation = app.post(&list, &made).await.expect(201);
    let one = format!("{list}/{}", annotation["id"].as_str().expect("an id"));
    vec![
        (
            "POST /api/v1/projects/{project_id}/documents/{document_id}/annotations",
            Case::Row(list.clone(), made),
        ),
        (
            "GET /api/v1/projects/{project_id}/documents/{document_id}/annotations",
            Case::Row(list.clone(), Value::Null),
        ),
        (
            "GET /api/v1/projects/{project_id}/documents/{document_id}/annotations/markdown",
            Case::Row(format!("{list}/markdown"), Value::Null),
        ),
        (
            "PATCH /api/v1/projects/{project_id}/documents/{document_id}/annotations/{annotation_id}",
            Case::Row(one.clone(), json!({ "comment": "theirs" })),
        ),
        (
            "DELETE /api/v1/projects/{project_id}/documents/{document_id}/annotations/{annotation_id}",
            Case::Row(one, Value::Null),
        ),
        (
            "GET /api/v1/projects/{project_id}/bibliography",
            Case::Row(
                "/api/v1/projects/first/bibliography".to_owned(),
                Value::Null,
            ),
        ),
    ]
}

each_engine! {
    async fn words_and_boxes_are_marked_and_changed(engine: Engine) {
        let (app, _provider) = started(engine, vec![says(&[])]).await;
        let document = indexed(&app, "sleep.md", PAPER).await;
        let list = format!("{DOCUMENTS}/{document}/annotations");
        let page = app.get(&format!("{DOCUMENTS}/{document}/versions/1/pages/1")).await.expect(200);
        let text = page["text"].as_str().expect("a text");
        let start = text[..text.find("12 hours").expect("it is there")].chars().count();
        let marked = app.post(&list, &json!({ "start": start, "end": start + 8, "comment": "So long?" })).await.expect(201);
        assert_eq!((&marked["quote"], &marked["page"], &marked["color"]), (&"12 hours".into(), &1.into(), &"#ffd54f".into()));
        let bounds = json!({ "left": 10.0, "top": 20.0, "right": 110.0, "bottom": 40.0 });
        let boxed = app.post(&list, &json!({ "page": 1, "box": bounds, "color": "#00FF00" })).await.expect(201);
        assert_eq!((&boxed["box"], &boxed["color"], &boxed["quote"]), (&bounds, &"#00ff00".into(), &Value::Null));
        let one = format!("{list}/{}", marked["id"].as_str().expect("an id"));
        assert_eq!(app.patch(&one, &json!({ "comment": "Yes." })).await.expect(200)["comment"], "Yes.");
        let all = app.get(&list).await.expect(200);
        assert_eq!(all["items"].as_array().expect("annotations").len(), 2);
        let exported = app.get(&format!("{list}/markdown")).await;
        assert_eq!(exported.header("content-type"), Some("text/markdown; charset=utf-8"));
        let text = exported.text;
        assert!(text.starts_with("# On sleep\n\n## Page 1\n\n> 12 hours\n\nYes.\n"), "{text}");
        app.get(&format!("{list}/markdown?version=2")).await.expect_error(404);
        app.delete(&one).await.expect(204);
        assert_eq!(app.get(&format!("{list}?version=1")).await.expect(200)["items"][0]["id"], boxed["id"]);
        for (body, field) in [
            (json!({ "start": 5, "end": 5 }), "end"),
            (json!({ "start": 5, "end": 5_000 }), "end"),
            (json!({ "page": 1 }), "box"),
            (json!({ "start": 0, "end": 2, "color": "red" }), "color"),
        ] {
            let error = app.post(&list, &body).await.expect_error(400);
            assert!(error["message"].as_str().expect("a message").contains(field), "{error}");
        }
        app.post(&list, &json!({ "page": 9, "box": bounds })).await.expect_error(404);
        app.stop().await;
    }

    async fn documents_are_listed_as_bibtex(engine: Engine) {
        let (app, _provider) = started(engine, vec![says(&[])]).await;
        let form = Form::of_file("paper.md", PAPER).field("title", "On sleep & mice");
        let form = form.field("authors", "Marie Curie").field("year", "1911").field("doi", "10.1000/182");
        form.post(&app, DOCUMENTS).await.expect(201);
        let answer = app.get("/api/v1/projects/first/bibliography").await;
        assert_eq!(answer.status, 200);
        let text = answer.text;
        assert!(text.starts_with("@article{curie1911,\n  title = {{On sleep \\& mice}},\n"), "{text}");
        app.stop().await;
    }
}
