//! Reading: from an upload to pages, by jobs that can be watched, cancelled and retried.

use serde_json::{Value, json};

use super::{DOCUMENTS, Form};
use crate::{
    each_database,
    support::{App, eventually, pdf},
};

/// Uploads a file as a document of its own; the document's path.
pub(super) async fn upload(app: &App, name: &str, bytes: &[u8]) -> String {
    let uploaded = Form::of_file(name, bytes)
        .post(app, DOCUMENTS)
        .await
        .expect(201);
    format!(
        "{DOCUMENTS}/{}",
        uploaded["document"]["id"].as_str().unwrap()
    )
}

async fn state(app: &App, document: &str) -> String {
    let document = app.get(document).await.expect(200);
    document["version"]["state"].as_str().unwrap().to_owned()
}

async fn until(app: &App, document: &str, wanted: &str) -> Value {
    eventually(wanted, || async {
        let now = state(app, document).await;
        assert!(
            now == wanted || now != "failed",
            "{:?}",
            app.get(document).await
        );
        now == wanted
    })
    .await;
    app.get(document).await.expect(200)
}

/// Every page, in the order of the list.
async fn pages(app: &App, document: &str) -> Vec<Value> {
    let (mut pages, mut query) = (Vec::new(), "limit=100".to_owned());
    loop {
        let list = app
            .get(&format!("{document}/versions/1/pages?{query}"))
            .await
            .expect(200);
        pages.extend(list["items"].as_array().unwrap().iter().cloned());
        let Some(cursor) = list["next"].as_str() else {
            return pages;
        };
        query = format!("limit=100&cursor={cursor}");
    }
}

/// Each page is there once, and begins where the one before it ends.
async fn require_whole(app: &App, document: &str, count: usize) {
    let pages = pages(app, document).await;
    let numbers: Vec<_> = pages
        .iter()
        .map(|page| page["number"].as_u64().unwrap())
        .collect();
    assert_eq!(numbers, (1..=count as u64).collect::<Vec<_>>());
    let mut next = 0;
    for page in &pages {
        assert_eq!(page["start"], next, "{page}");
        next = page["start"].as_u64().unwrap() + page["characters"].as_u64().unwrap() + 2;
    }
    let version = app.get(&format!("{document}/versions/1")).await.expect(200);
    assert_eq!(version["characters"], next - 2);
}

each_database! {
    async fn a_pdf_is_read_and_says_what_it_is(app: App) {
        let document = upload(&app, "paper.pdf", &pdf::of_text("On Fans", 40)).await;
        let read = until(&app, &document, "indexed").await;
        let version = &read["version"];
        assert_eq!((&read["title"], &version["kind"]), (&"On Fans".into(), &"pdf".into()));
        assert_eq!(read["authors"], json!(["S. Aoki", "Y. Tanaka"]));
        assert_eq!((&version["pages"], &version["pages_done"]), (&40.into(), &40.into()));
        assert_eq!((&version["reason"], &read["edited"]), (&Value::Null, &json!([])));
        let details = app.get(&format!("{document}/versions/1")).await.expect(200);
        assert_eq!(details["sources"], json!({ "pdfium": 40 }));
        require_whole(&app, &document, 40).await;

        let page = app.get(&format!("{document}/versions/1/pages/7")).await.expect(200);
        let text = page["text"].as_str().unwrap();
        assert!(text.contains("Page 7 line 3 of a document"), "{text}");
        assert_eq!((&page["size"]["width"], &page["number"]), (&595.0.into(), &7.into()));
        let blocks = page["blocks"].as_array().unwrap();
        assert!(blocks.iter().all(|block| block["bounds"]["left"].is_number()), "{page}");
        let missing = app.get(&format!("{document}/versions/1/pages/41")).await.expect_error(404);
        assert!(missing["message"].as_str().unwrap().contains("40 of its pages"), "{missing}");
        let job = format!("/api/v1/jobs/{}", version["job_id"].as_str().unwrap());
        assert_eq!(app.get(&job).await.expect(200)["kind"], "document.index");
    }

    async fn what_people_said_outlives_reading(app: App) {
        let form = Form::of_file("paper.pdf", pdf::of_text("Of the file", 2)).field("title", "Mine");
        let uploaded = form.post(&app, DOCUMENTS).await.expect(201);
        let document = format!("{DOCUMENTS}/{}", uploaded["document"]["id"].as_str().unwrap());
        let read = until(&app, &document, "indexed").await;
        assert_eq!((&read["title"], &read["edited"]), (&"Mine".into(), &json!(["title"])));
        assert_eq!(read["authors"][0], "S. Aoki");
        let as_read = app.patch(&document, &json!({ "as_read": ["title"] })).await.expect(200);
        assert_eq!(as_read["title"], "Of the file");
    }

    async fn bytes_that_were_read_are_not_read_again(app: App) {
        let bytes = pdf::of_text("Twice", 3);
        let first = upload(&app, "a.pdf", &bytes).await;
        until(&app, &first, "indexed").await;
        let form = Form::of_file("b.pdf", &bytes).field("allow_duplicate", "true");
        let second = form.post(&app, DOCUMENTS).await.expect(201);
        assert_eq!((&second["reading"], &second["document"]["title"]), (&"reused".into(), &"Twice".into()));
        let second = format!("{DOCUMENTS}/{}", second["document"]["id"].as_str().unwrap());
        app.delete(&first).await.expect(204);
        until(&app, &second, "indexed").await;
        require_whole(&app, &second, 3).await;
    }

    async fn a_bad_file_fails_with_its_reason_beside_good_ones(app: App) {
        let junk: Vec<u8> = b"%PDF-1.7\n".iter().copied().chain((0..4000_u32).map(|n| (n * 7919 % 251) as u8)).collect();
        let mut bad = Vec::new();
        for end in 0..4_u8 {
            let mut junk = junk.clone();
            junk.push(end);
            bad.push(upload(&app, "bad.pdf", &junk).await);
        }
        let good = upload(&app, "good.pdf", &pdf::of_text("Good", 3)).await;
        until(&app, &good, "indexed").await;
        for document in &bad {
            eventually("the bad file failed", || async { state(&app, document).await == "failed" }).await;
            let failed = app.get(document).await.expect(200);
            let reason = failed["version"]["reason"].as_str().unwrap_or_default();
            assert!(!reason.is_empty(), "{failed}");
            assert_eq!(failed["version"]["pages_done"], 0);
        }
        let retry = format!("{}/versions/1/retry", bad[0]);
        assert_eq!(app.post(&retry, &Value::Null).await.expect(200)["state"], "uploaded");
        eventually("it failed again", || async { state(&app, &bad[0]).await == "failed" }).await;
        let busy = app.post(&format!("{good}/versions/1/retry"), &Value::Null).await;
        assert_eq!(busy.expect_error(409)["code"], "document_busy");
        let ended = app.post(&format!("{good}/versions/1/cancel"), &Value::Null).await;
        assert_eq!(ended.expect_error(409)["code"], "document_ended");
    }

    async fn a_cancelled_reading_stops_and_goes_on_where_it_was(app: App) {
        const PAGES: usize = 1200;
        let document = upload(&app, "long.pdf", &pdf::of_text("Long", PAGES)).await;
        eventually("some pages are read", || async {
            let now = app.get(&document).await.expect(200);
            now["version"]["pages_done"].as_i64().unwrap() > 0
        })
        .await;
        let cancelled = app.post(&format!("{document}/versions/1/cancel"), &Value::Null).await.expect(200);
        assert_eq!(cancelled["state"], "cancelled");
        assert!(cancelled["reason"].as_str().unwrap().contains("pk-test"), "{cancelled}");
        let reached = cancelled["pages_done"].as_i64().unwrap();
        assert!(usize::try_from(reached).unwrap() < PAGES, "{cancelled}");
        let job = format!("/api/v1/jobs/{}", cancelled["job_id"].as_str().unwrap());
        eventually("the job ended", || async {
            app.get(&job).await.expect(200)["state"] == "cancelled"
        })
        .await;
        let still = app.get(&document).await.expect(200);
        assert_eq!((&still["version"]["state"], still["version"]["pages_done"].as_i64()), (&"cancelled".into(), Some(reached)));
        app.post(&format!("{document}/versions/1/retry"), &Value::Null).await.expect(200);
        until(&app, &document, "indexed").await;
        require_whole(&app, &document, PAGES).await;
    }

    async fn who_watches_hears_of_every_step_to_the_end(app: App) {
        let document = upload(&app, "long.pdf", &pdf::of_text("Long", 200)).await;
        let events = app.get(&format!("{document}/progress")).await;
        assert_eq!(events.header("content-type"), Some("text/event-stream"));
        let told: Vec<(&str, Value)> = events
            .text
            .split("\n\n")
            .filter(|event| event.starts_with("event: "))
            .map(|event| {
                let (name, data) = event.split_once("\ndata: ").unwrap();
                (name.trim_start_matches("event: "), serde_json::from_str(data).unwrap())
            })
            .collect();
        let (last, before) = told.split_last().unwrap();
        assert!(before.iter().all(|(name, _)| *name == "progress"), "{told:?}");
        assert_eq!(last.0, "end");
        assert_eq!(last.1, json!({ "version": 1, "state": "indexed", "pages": 200, "pages_done": 200, "reason": null }));
        let done: Vec<_> = told.iter().map(|(_, data)| data["pages_done"].as_i64()).collect();
        assert!(done.is_sorted(), "{done:?}");
        // One that is over is told at once.
        let over = app.get(&format!("{document}/progress?version=1")).await;
        assert!(over.text.starts_with("event: end\n"), "{}", over.text);
    }
}
