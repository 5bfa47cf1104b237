//! The built app, killed in the middle of a long document: it goes on at the page it had reached, nothing is lost, and
//! nothing is there twice.

use std::sync::atomic::{AtomicI64, Ordering};

use serde_json::Value;

use crate::{
    fresh_database::{Database, Engine},
    pdf,
    support::{
        binary::{Binary, Caller},
        eventually,
    },
};

const DOCUMENTS: &str = "/api/v1/projects/first/documents";
const BOUNDARY: &str = "a-boundary-that-no-file-holds";
/// So that a killed worker's job is taken over soon, and that a page takes the time of one language's OCR.
const SETTINGS: [(&str, &str); 4] = [
    ("APP_DOCUMENTS__EXTRACTION__OCR_LANGUAGES", "eng"),
    ("APP_JOBS__HEARTBEAT_MS", "500"),
    ("APP_JOBS__ORPHAN_AFTER_MS", "3000"),
    ("APP_JOBS__POLL_INTERVAL_MS", "100"),
];

/// What stands on a page, by its number.
type Says = fn(i64) -> String;

fn printed(page: i64) -> String {
    format!("Page {page} line 3")
}

fn drawn(page: i64) -> String {
    format!("{page:04}")
}

struct Client(Caller);

impl Client {
    /// The path of the document that is made of these bytes.
    async fn upload(&self, bytes: &[u8]) -> String {
        let head = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"long.pdf\"\r\n\r\n"
        );
        let end = format!("\r\n--{BOUNDARY}--\r\n");
        let body = [head.as_bytes(), bytes, end.as_bytes()].concat();
        let kind = format!("multipart/form-data; boundary={BOUNDARY}");
        let answer = self.0.post_bytes(DOCUMENTS, &kind, body).await.unwrap();
        assert_eq!(answer.status, 201, "{}", answer.body);
        format!(
            "{DOCUMENTS}/{}",
            answer.body["document"]["id"].as_str().unwrap()
        )
    }

    async fn version(&self, document: &str) -> Value {
        self.0.get(&format!("{document}/versions/1")).await
    }

    /// Waits until so many pages are stored, or nothing more happens; as long as it goes on.
    async fn wait_for_pages(&self, document: &str, pages: i64) -> Value {
        loop {
            let version = self.version(document).await;
            let reached = version["pages_done"].as_i64().unwrap();
            if reached >= pages || version["state"] == "indexed" {
                return version;
            }
            eventually("more pages are read", || async {
                let version = self.version(document).await;
                assert_ne!(version["state"], "failed", "{version}");
                version["pages_done"].as_i64() > Some(reached) || version["state"] == "indexed"
            })
            .await;
        }
    }

    /// Waits until the document is searchable, as long as it goes on.
    async fn wait_for_end(&self, document: &str) {
        let reached = AtomicI64::new(-1);
        loop {
            let before = reached.load(Ordering::SeqCst);
            let version = self.wait_for_pages(document, before + 1).await;
            if version["state"] == "indexed" {
                return;
            }
            let done = version["pages_done"].as_i64().unwrap();
            if Some(done) == version["pages"].as_i64() {
                eventually("it is indexed", || async {
                    self.version(document).await["state"] == "indexed"
                })
                .await;
                return;
            }
            reached.store(done, Ordering::SeqCst);
        }
    }

    /// Each page is there once, says what it said in the file, and begins where the one before it ends.
    async fn require_whole(&self, document: &str, (pages, says): (i64, Says)) {
        let (mut query, mut expected, mut start) = ("limit=100".to_owned(), 1, 0);
        loop {
            let path = format!("{document}/versions/1/pages?{query}");
            let list = self.0.get(&path).await;
            for page in list["items"].as_array().unwrap() {
                assert_eq!(
                    (&page["number"], &page["start"]),
                    (&expected.into(), &start.into())
                );
                start += page["characters"].as_i64().unwrap() + 2;
                expected += 1;
            }
            let Some(cursor) = list["next"].as_str() else {
                break;
            };
            query = format!("limit=100&cursor={cursor}");
        }
        assert_eq!(expected, pages + 1);
        for number in [1, pages / 2, pages] {
            let path = format!("{document}/versions/1/pages/{number}");
            let page = self.0.get(&path).await;
            let text = page["text"].as_str().unwrap();
            assert!(text.contains(&says(number)), "page {number}: {text}");
        }
    }
}

/// Kills the app each time when some more of the pages are read.
async fn kill_while_it_reads(engine: Engine, bytes: &[u8], (pages, says): (i64, Says)) {
    let database = Database::create(engine);
    let start = || Binary::start_with(&database.url, database.folder.path(), &SETTINGS);
    let mut app = start().await;
    let mut client = Client(app.caller());
    let document = client.upload(bytes).await;
    let (mut kills, mut reached) = (0, 0);
    loop {
        let version = client.wait_for_pages(&document, reached + pages / 6).await;
        let done = version["pages_done"].as_i64().unwrap();
        assert!(done >= reached, "it began anew: {version}");
        if version["state"] != "reading" || done + pages / 6 > pages {
            break;
        }
        reached = done;
        app.kill();
        kills += 1;
        app = start().await;
        client = Client(app.caller());
    }
    assert!(kills > 0, "it was killed while it read, not after it");
    client.wait_for_end(&document).await;
    client.require_whole(&document, (pages, says)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_text_goes_on_at_the_page_it_had_reached_on_sqlite() {
    kill_while_it_reads(Engine::Sqlite, &pdf::of_text("Long", 900), (900, printed)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_text_goes_on_at_the_page_it_had_reached_on_postgres() {
    kill_while_it_reads(Engine::Postgres, &pdf::of_text("Long", 900), (900, printed)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_that_need_ocr_go_on_where_they_were() {
    kill_while_it_reads(Engine::Sqlite, &pdf::of_scans(300), (300, drawn)).await;
}
