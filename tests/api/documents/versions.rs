//! Versions: numbered, never changed, and made only of new bytes.

use serde_json::Value;

use super::{DOCUMENTS, Form, upload};
use crate::each_database;

each_database! {
    async fn new_bytes_make_the_next_version_and_the_same_none(app: App) {
        let (document, _) = upload(&app, "a.txt", "one").await;
        let versions = format!("{document}/versions");
        let unchanged = Form::of_file("a.txt", "one").post(&app, &versions).await.expect(200);
        assert_eq!(unchanged["reading"], "unchanged");
        for (number, text) in [(2, "two"), (3, "three")] {
            let added = Form::of_file("b.txt", text).post(&app, &versions).await.expect(201);
            assert_eq!(added["document"]["version"]["number"], number);
        }
        // Back to the first bytes: a version again, over the same object.
        let back = Form::of_file("a.txt", "one").post(&app, &versions).await.expect(201);
        assert_eq!(back["document"]["version"]["number"], 4);

        let page = app.get(&format!("{versions}?limit=3")).await.expect(200);
        let numbers = |page: &Value| -> Vec<i64> {
            page["items"].as_array().unwrap().iter().map(|item| item["number"].as_i64().unwrap()).collect()
        };
        assert_eq!(numbers(&page), [4, 3, 2]);
        let cursor = page["next"].as_str().unwrap();
        let rest = app.get(&format!("{versions}?limit=3&cursor={cursor}")).await.expect(200);
        assert_eq!((numbers(&rest), &rest["next"]), (vec![1], &Value::Null));
        for (number, text) in [(1, "one"), (2, "two"), (3, "three"), (4, "one")] {
            let file = app.get(&format!("{versions}/{number}/file")).await;
            assert_eq!((file.status, file.text.as_str()), (200, text));
        }
        let latest = app.get(&document).await.expect(200);
        assert_eq!(latest["version"]["number"], 4);
    }

    async fn what_is_not_there_is_not_found(app: App) {
        let (document, _) = upload(&app, "a.txt", "one").await;
        for path in [
            format!("{document}/versions/2"),
            format!("{document}/versions/2/file"),
            format!("{document}/versions/1/pages/9"),
            format!("{DOCUMENTS}/none"),
            format!("{DOCUMENTS}/018f4e6e-7d35-7c9e-8a6e-0b1c2d3e4f50"),
            format!("{DOCUMENTS}/018f4e6e-7d35-7c9e-8a6e-0b1c2d3e4f50/progress"),
        ] {
            app.get(&path).await.expect_error(404);
        }
        let missing = format!("{DOCUMENTS}/018f4e6e-7d35-7c9e-8a6e-0b1c2d3e4f50/versions");
        Form::of_file("a.txt", "x").post(&app, &missing).await.expect_error(404);
        let fields = Form::of_file("a.txt", "x").field("title", "t");
        fields.post(&app, &format!("{document}/versions")).await.expect_error(400);
    }
}
