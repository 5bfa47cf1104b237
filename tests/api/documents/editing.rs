//! What people say about a document.

use serde_json::{Value, json};

use super::upload;
use crate::each_database;

each_database! {
    async fn an_edit_changes_what_it_names_and_says_who_said_it(app: App) {
        let (path, _) = upload(&app, "paper.txt", "text").await;
        let edit = json!({
            "title": " On Fans ", "authors": ["A"], "year": 1999, "doi": "doi:10.1/x", "language": "en",
            "folder": "a/b", "tags": ["x", "x", "y"],
        });
        let edited = app.patch(&path, &edit).await.expect(200);
        assert_eq!(edited["title"], "On Fans");
        assert_eq!((&edited["doi"], &edited["tags"]), (&"10.1/x".into(), &json!(["x", "y"])));
        assert_eq!(edited["edited"], json!(["title", "authors", "year", "doi", "language"]));

        let edited = app.patch(&path, &json!({ "year": null, "tags": [], "as_read": ["title"] })).await.expect(200);
        assert_eq!((&edited["year"], &edited["title"]), (&Value::Null, &"paper".into()));
        assert_eq!(edited["edited"], json!(["authors", "year", "doi", "language"]));
        assert_eq!((&edited["tags"], &edited["folder"]), (&json!([]), &"a/b".into()));
        let read = app.get(&path).await.expect(200);
        assert_eq!((&read["edited"], &read["authors"]), (&edited["edited"], &json!(["A"])));
    }

    async fn an_edit_that_says_nonsense_changes_nothing(app: App) {
        let (path, _) = upload(&app, "paper.txt", "text").await;
        for edit in [
            json!({ "title": "" }),
            json!({ "title": "a\nb" }),
            json!({ "year": 0 }),
            json!({ "doi": "none" }),
            json!({ "language": "Japanese!" }),
            json!({ "folder": ".." }),
            json!({ "tags": ["x".repeat(101)] }),
            json!({ "colour": "red" }),
            json!({ "title": "t", "as_read": ["title"] }),
            json!({ "as_read": ["colour"] }),
        ] {
            app.patch(&path, &edit).await.expect_error(400);
        }
        assert_eq!(app.get(&path).await.expect(200)["edited"], json!([]));
    }
}
