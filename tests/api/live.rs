//! The live tail: who watches sees traces as they change, from any process, and learns what it missed.

use std::time::Duration;

use kaname::roles::Role;
use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};

use crate::{
    authorization::Case,
    each_database,
    reading::with,
    support::{App, Engine, app::Answer, database::service, eventually},
};

const LIVE: &str = "/api/v1/traces/live";
/// Nothing that is awaited here takes that long unless it is broken.
const DEADLINE: Duration = Duration::from_mins(1);

/// What the walk of every endpoint needs to know of ours.
pub fn authorization_cases() -> Vec<(&'static str, Case)> {
    vec![("GET /api/v1/traces/live", Case::Endless)]
}

/// An event: its name, its id, its data.
#[derive(Debug, Default)]
struct Event {
    name: String,
    id: Option<String>,
    data: Value,
}

/// A client that watches.
struct Watch {
    response: Response,
    text: String,
    last_id: Option<String>,
}

impl Watch {
    async fn open(request: RequestBuilder) -> Self {
        // It may last longer than any other request.
        let response = request.timeout(Duration::from_hours(1)).send().await;
        let response = response.expect("the app answers");
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        let mut watch = Self {
            response,
            text: String::new(),
            last_id: None,
        };
        // It sees what changes from the moment on in which it is told where it is.
        watch.block().await.expect("a beginning");
        assert!(watch.last_id.is_some());
        watch
    }

    /// The next lines up to an empty one; `None` at the end.
    async fn block(&mut self) -> Option<String> {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.text = rest;
                let id = block.lines().find_map(|line| line.strip_prefix("id: "));
                self.last_id = id.map(str::to_owned).or(self.last_id.take());
                return Some(block);
            }
            let chunk = tokio::time::timeout(DEADLINE, self.response.chunk()).await;
            let chunk = chunk
                .expect("something comes in time")
                .expect("a whole answer")?;
            self.text
                .push_str(std::str::from_utf8(&chunk).expect("UTF-8"));
        }
    }

    /// The next event; `None` at the end.
    async fn next(&mut self) -> Option<Event> {
        loop {
            let block = self.block().await?;
            let field = |name: &str| {
                let lines = block.lines();
                let mut found = lines.filter_map(|line| line.strip_prefix(name));
                let value = found.next().map(str::to_owned);
                assert!(found.next().is_none(), "{block}");
                value
            };
            if let Some(data) = field("data: ") {
                return Some(Event {
                    name: field("event: ").expect("a name"),
                    id: field("id: "),
                    data: serde_json::from_str(&data).expect("JSON"),
                });
            }
        }
    }

    /// The next event, which must be of this trace.
    async fn trace(&mut self, id: &str) -> Event {
        let event = self.next().await.expect("an event");
        assert_eq!(
            (event.name.as_str(), &event.data["id"]),
            ("trace", &json!(id)),
            "{event:?}"
        );
        event
    }
}

async fn send(app: &App, key: &str, kind: &str, body: Value) {
    let event =
        json!({ "id": "e", "type": kind, "timestamp": "2026-03-01T10:00:00Z", "body": body });
    let viewer = app.with_key(key.to_owned());
    let batch = json!({ "batch": [event] });
    let path = "/api/public/ingestion";
    viewer
        .send(Method::POST, path, Some(&batch))
        .await
        .expect(207);
}

async fn trace(app: &App, id: &str) {
    send(
        app,
        &app.secret_key,
        "trace-create",
        json!({ "id": id, "name": "wanted" }),
    )
    .await;
}

async fn resumed(app: &App, id: &str) -> Watch {
    Watch::open(app.request(Method::GET, LIVE).header("last-event-id", id)).await
}

each_database! {
    async fn a_tail_shows_what_passes_its_filter_each_time_that_it_changes(app: App) {
        let filter = json!([{ "type": "string", "column": "name", "operator": "=", "value": "wanted" }]);
        let path = with(LIVE, &[("filter", &filter.to_string()), ("fields", "io")]);
        let mut watch = Watch::open(app.request(Method::GET, &path)).await;
        let stranger = app.other_project().await;
        let mut theirs = Watch::open(stranger.request(Method::GET, LIVE)).await;
        send(&app, &app.secret_key, "trace-create", json!({ "id": "a", "name": "other" })).await;
        send(&app, &app.secret_key, "trace-create", json!({
            "id": "b", "name": "wanted", "input": "two\r\nlines", "timestamp": "2026-03-01T10:00:00Z",
        })).await;
        let first = watch.trace("b").await;
        assert_eq!((&first.data["io"]["input"], &first.data["observation_count"]), (&json!("two\r\nlines"), &json!(0)));
        send(&app, &app.secret_key, "span-create", json!({
            "id": "o", "traceId": "b", "startTime": "2026-03-01T10:00:01Z",
        })).await;
        assert_eq!(watch.trace("b").await.data["observation_count"], 1);
        send(&app, &stranger.secret_key, "trace-create", json!({ "id": "c" })).await;
        theirs.trace("c").await;
        for wrong in ["filter=x", "fields=secrets", "since=1"] {
            app.get(&format!("{LIVE}?{wrong}")).await.expect_error(400);
        }
        let reader = app.with_scopes(&["traces:write"]).await;
        reader.send(Method::GET, LIVE, None).await.expect_error(403);
        drop((watch, theirs));
        app.stop().await;
    }

    async fn who_comes_back_goes_on_or_is_told_that_it_missed_something(app: App) {
        let mut watch = Watch::open(app.request(Method::GET, LIVE)).await;
        trace(&app, "a").await;
        let seen = watch.trace("a").await.id.expect("a position");
        drop(watch);
        trace(&app, "b").await;
        trace(&app, "c").await;
        let mut watch = resumed(&app, &seen).await;
        let mut names = Vec::new();
        while names.len() < 2 {
            let event = watch.next().await.expect("an event");
            names.push(event.data["id"].clone());
        }
        assert_eq!(names, ["b", "c"]);
        drop(watch);
        let mut late = resumed(&app, "1-0").await;
        let gap = late.next().await.expect("an event");
        assert_eq!(gap.name, "gap");
        assert!(gap.id.is_some() && gap.data["message"].is_string());
        trace(&app, "d").await;
        late.trace("d").await;
        let wrong = app.request(Method::GET, LIVE).header("last-event-id", "yesterday");
        Answer::of(wrong).await.expect_error(400);
        drop(late);
        app.stop().await;
    }

    async fn json_over_several_lines_is_one_event_and_one_line(app: App) {
        let mut watch = Watch::open(app.request(Method::GET, &format!("{LIVE}?fields=io"))).await;
        let batch = "{\"batch\": [{\"id\": \"e\", \"type\": \"trace-create\", \"timestamp\": \"2026-03-01T10:00:00Z\",
            \"body\": {\"id\": \"t\", \"input\": {\r\n  \"a\": [\n1,\r2]\n}}}]}";
        let request = app.request(Method::POST, "/api/public/ingestion");
        let request = request.header("content-type", "application/json").body(batch);
        Answer::of(request).await.expect(207);
        let event = watch.trace("t").await;
        assert_eq!(event.data["io"]["input"], json!({ "a": [1, 2] }));
        let exported = app.get("/api/v1/traces/export").await.text;
        assert_eq!(exported.lines().count(), 1, "{exported}");
        drop(watch);
        app.stop().await;
    }

    async fn tails_end_when_the_process_does(app: App) {
        let mut watch = Watch::open(app.request(Method::GET, LIVE)).await;
        let ((), end) = tokio::join!(app.stop(), watch.next());
        assert!(end.is_none(), "{end:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_project_has_a_bounded_number_of_tails() {
    let settings = [("APP_TRACES__LIVE_CONNECTIONS", "1")];
    let app = App::start_with(Engine::Sqlite, &settings).await;
    let watch = Watch::open(app.request(Method::GET, LIVE)).await;
    let full = app.get(LIVE).await;
    full.expect_error(429);
    assert!(full.header("retry-after").is_some());
    let stranger = app.other_project().await;
    drop(Watch::open(stranger.request(Method::GET, LIVE)).await);
    drop(watch);
    eventually("there is room again", async || {
        let request = app.request(Method::GET, LIVE);
        request.send().await.unwrap().status() == 200
    })
    .await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tail_sees_what_any_process_writes_and_goes_on_at_any() {
    let redis = service("TEST_REDIS_URL");
    let settings = [("APP_REDIS__URL", redis.as_str())];
    let one = App::start_with(Engine::Postgres, &settings).await;
    let other = one.sibling(&[Role::Api]).await;
    // Other tests share this Redis, and their traces are not in this database.
    let mut watch = Watch::open(other.request(Method::GET, LIVE)).await;
    trace(&one, "live-written-by-one").await;
    watch.trace("live-written-by-one").await;
    trace(&other, "live-written-by-other").await;
    let seen = watch.trace("live-written-by-other").await;
    let seen = seen.id.expect("a position");
    drop(watch);
    trace(&other, "live-while-away").await;
    let mut watch = resumed(&one, &seen).await;
    watch.trace("live-while-away").await;
    drop(watch);
    one.stop().await;
    other.stop().await;
}
