//! Media: announced, uploaded, read and removed, as Langfuse's clients do it and by our own API.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{
    authorization::{Case, MARK},
    each_database,
    support::{App, Engine, app::Answer, eventually},
};

const MEDIA: &str = "/api/public/media";
const IMAGE: &str = "image/png";

fn hash(content: &[u8]) -> String {
    STANDARD.encode(Sha256::digest(content))
}

fn announcement(content: &[u8], trace: &str) -> Value {
    json!({
        "traceId": trace, "contentType": IMAGE, "contentLength": content.len(),
        "sha256Hash": hash(content), "field": "input",
    })
}

/// What the walk of every endpoint needs to know of ours.
pub async fn authorization_cases(app: &App) -> BTreeMap<&'static str, Case> {
    let content = MARK.as_bytes();
    let id = upload(app, content, MARK).await;
    let new = announcement(b"theirs", "theirs");
    let own = json!({
        "trace_id": "theirs", "content_type": IMAGE, "content_length": 6, "sha256": hash(b"theirs"),
        "field": "output",
    });
    let row = |path: String, body| Case::Row(path, body);
    BTreeMap::from([
        ("POST /api/public/media", Case::Own(new)),
        (
            "GET /api/public/media/{media_id}",
            row(format!("{MEDIA}/{id}"), Value::Null),
        ),
        (
            "PATCH /api/public/media/{media_id}",
            row(
                format!("{MEDIA}/{id}"),
                json!({ "uploadedAt": "2026-01-01T00:00:00Z", "uploadHttpStatus": 500 }),
            ),
        ),
        ("POST /api/v1/media", Case::Own(own)),
        (
            "GET /api/v1/media",
            Case::OwnAt(format!("/api/v1/media?trace_id={MARK}"), Value::Null),
        ),
        (
            "GET /api/v1/media/{id}",
            row(format!("/api/v1/media/{id}"), Value::Null),
        ),
        (
            "PUT /api/v1/media/uploads/{address}",
            Case::Signed("/api/v1/media/uploads/x.y".to_owned()),
        ),
        (
            "GET /api/v1/media/contents/{address}",
            Case::Signed("/api/v1/media/contents/x.y".to_owned()),
        ),
    ])
}

/// Sends what an SDK sends: no key, and headers for any store.
async fn put(app: &App, url: &str, content_type: &str, content: &[u8]) -> Answer {
    let request = app
        .at(Method::PUT, url)
        .header("content-type", content_type)
        .header("x-amz-checksum-sha256", hash(content))
        .header("x-ms-blob-type", "BlockBlob")
        .body(content.to_vec());
    Answer::of(request).await
}

async fn upload(app: &App, content: &[u8], trace: &str) -> String {
    let announced = app.post(MEDIA, &announcement(content, trace)).await;
    let announced = announced.expect(201);
    let url = announced["uploadUrl"].as_str().expect("an address");
    put(app, url, IMAGE, content).await.expect(200);
    announced["mediaId"].as_str().expect("an id").to_owned()
}

async fn download(app: &App, id: &str) -> (Value, Vec<u8>) {
    let media = app.get(&format!("{MEDIA}/{id}")).await.expect(200);
    let response = app
        .at(Method::GET, media["url"].as_str().unwrap())
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    let headers = response.headers().clone();
    assert_eq!(
        headers["content-type"],
        media["contentType"].as_str().unwrap()
    );
    assert_eq!(headers["x-content-type-options"], "nosniff");
    let bytes = response.bytes().await.unwrap();
    assert_eq!(headers["content-length"], bytes.len().to_string());
    (media, bytes.to_vec())
}

/// Longer than what is gathered in memory before it is written.
fn long() -> Vec<u8> {
    (0..12_000_000_u32)
        .flat_map(|number| number.to_le_bytes().into_iter().take(1))
        .collect()
}

/// Files below the object store's folder of media.
fn stored(app: &App) -> usize {
    fn files(folder: &std::path::Path) -> usize {
        let Ok(entries) = std::fs::read_dir(folder) else {
            return 0;
        };
        entries
            .map(|entry| entry.unwrap().path())
            .map(|path| if path.is_dir() { files(&path) } else { 1 })
            .sum()
    }
    files(&app.folder().join("objects/media"))
}

each_database! {
    async fn a_content_goes_up_and_comes_down_and_is_kept_once(app: App) {
        let content = long();
        let announced = app.post(MEDIA, &announcement(&content, "t1")).await.expect(201);
        let id = announced["mediaId"].as_str().unwrap();
        assert_eq!(id, &hash(&content).replace('+', "-").replace('/', "_")[..22]);
        let waiting = app.get(&format!("{MEDIA}/{id}")).await.expect(404);
        assert_eq!(waiting["error"], "LangfuseNotFoundError");
        let url = announced["uploadUrl"].as_str().unwrap();
        let mut other = content.clone();
        other[7_000_000] ^= 1;
        let longer = [content.as_slice(), b"x"].concat();
        for (content_type, bytes, why) in [
            ("image/jpeg", &content, "image/png"),
            (IMAGE, &other, "SHA-256"),
            (IMAGE, &longer, "12000001"),
            (IMAGE, &content[1..].to_vec(), "11999999"),
        ] {
            let refused = put(&app, url, content_type, bytes).await.expect_error(400);
            assert!(refused["message"].as_str().unwrap().contains(why), "{refused}");
        }
        eventually("nothing is left of what was refused", async || stored(&app) == 0).await;
        for _ in 0..2 {
            let answer = put(&app, url, IMAGE, &content).await;
            assert_eq!((answer.status, answer.text.as_str()), (200, ""));
        }
        let (media, bytes) = download(&app, id).await;
        assert!(bytes == content);
        assert_eq!((&media["contentType"], &media["contentLength"]), (&json!(IMAGE), &json!(content.len())));
        assert!(media["uploadedAt"].is_string() && media["urlExpiry"].is_string());
        let again = app.post(MEDIA, &announcement(&content, "t2")).await.expect(201);
        assert_eq!((&again["mediaId"], &again["uploadUrl"]), (&json!(id), &Value::Null));
        assert_eq!(stored(&app), 1);
        app.stop().await;
    }

    async fn a_project_reads_only_its_own(app: App) {
        let id = upload(&app, b"secret", "t").await;
        let stranger = app.other_project().await;
        let path = format!("{MEDIA}/{id}");
        stranger.send(Method::GET, &path, None).await.expect(404);
        let report = json!({ "uploadedAt": "2026-01-01T00:00:00Z", "uploadHttpStatus": 500, "uploadHttpError": "x" });
        stranger.send(Method::PATCH, &path, Some(&report)).await.expect(404);
        // The same content: that others have it is not to be learned.
        let theirs = stranger.send(Method::POST, MEDIA, Some(&announcement(b"secret", "t"))).await;
        let theirs = theirs.expect(201);
        assert!(theirs["uploadUrl"].is_string());
        stranger.send(Method::GET, &path, None).await.expect(404);
        let listed = stranger.send(Method::GET, "/api/v1/media?trace_id=t", None).await;
        assert_eq!(listed.expect(200)["items"], json!([]));
        let url = app.get(&path).await.expect(200)["url"].as_str().unwrap().to_owned();
        let upload_url = theirs["uploadUrl"].as_str().unwrap();
        for wrong in [
            url.replace("contents", "uploads"), url[..url.len() - 2].to_owned(), format!("{url}A"),
        ] {
            let answer = put(&app, &wrong, IMAGE, b"secret").await;
            assert!([403, 405].contains(&answer.status), "{wrong}: {}", answer.text);
        }
        let down = upload_url.replace("uploads", "contents");
        Answer::of(app.at(Method::GET, &down)).await.expect_error(403);
        let reader = app.with_scopes(&["traces:read"]).await;
        reader.send(Method::POST, MEDIA, Some(&announcement(b"mine", "t"))).await.expect(403);
        app.stop().await;
    }

    async fn what_is_announced_must_be_whole_and_within_the_limits(app: App) {
        let good = announcement(b"content", "t");
        let with = |name: &str, value: Value| {
            let mut body = good.clone();
            body[name] = value;
            body
        };
        for (body, names) in [
            (with("contentType", json!("application/x-sh")), "contentType"),
            (with("contentLength", json!(0)), "content"),
            (with("contentLength", json!(200_000_000)), "media.size_limit_bytes"),
            (with("sha256Hash", json!("abc")), "sha256Hash"),
            (with("field", json!("body")), "field"),
            (with("field", json!("expectedOutput")), "field"),
            (with("traceId", json!("")), "traceId"),
            (with("traceId", Value::Null), "traceId"),
            (with("datasetId", json!("d")), "traceId"),
        ] {
            let refused = app.post(MEDIA, &body).await.expect(400);
            assert!(refused["message"].as_str().unwrap().contains(names), "{body}: {refused}");
        }
        let item = json!({
            "datasetId": "d", "datasetItemId": "i", "contentType": "text/plain", "contentLength": 7,
            "sha256Hash": hash(b"content"), "field": "expectedOutput",
        });
        app.post(MEDIA, &item).await.expect(201);
        app.get("/api/v1/media/none").await.expect_error(404);
        app.get("/api/v1/media").await.expect_error(400);
        app.stop().await;
    }

    async fn an_upload_that_failed_is_told_and_nobody_makes_up_one_that_did_not(app: App) {
        let announced = app.post(MEDIA, &announcement(b"content", "t")).await.expect(201);
        let path = format!("{MEDIA}/{}", announced["mediaId"].as_str().unwrap());
        let report = |status: u16, error: Value| json!({
            "uploadedAt": "2026-01-01T00:00:00Z", "uploadHttpStatus": status, "uploadHttpError": error,
            "uploadTimeMs": 5,
        });
        app.patch(&path, &report(500, json!("no\u{0}thing"))).await.expect(200);
        let failed = app.get(&path).await.expect(404);
        assert!(failed["message"].as_str().unwrap().contains("500: nothing"), "{failed}");
        app.patch(&path, &report(200, Value::Null)).await.expect(200);
        app.get(&path).await.expect(404);
        put(&app, announced["uploadUrl"].as_str().unwrap(), IMAGE, b"content").await.expect(200);
        app.patch(&path, &report(500, json!("late"))).await.expect(200);
        app.get(&path).await.expect(200);
        app.patch(&format!("{MEDIA}/none"), &report(200, Value::Null)).await.expect(404);
        app.stop().await;
    }

    async fn our_own_api_lists_the_media_of_a_trace(app: App) {
        let body = |content: &[u8], observation: Option<&str>| json!({
            "trace_id": "t", "observation_id": observation, "content_type": IMAGE,
            "content_length": content.len(), "sha256": hash(content), "field": "output",
        });
        let mut ids = Vec::new();
        for (content, observation) in [(b"one", None), (b"two", Some("o")), (b"not", None)] {
            let announced = app.post("/api/v1/media", &body(content, observation)).await.expect(201);
            assert!(announced["upload_url_expires_at"].is_string());
            if content != b"not" {
                put(&app, announced["upload_url"].as_str().unwrap(), IMAGE, content).await.expect(200);
            }
            ids.push(announced["id"].clone());
        }
        let listed = app.get("/api/v1/media?trace_id=t").await.expect(200);
        let items = listed["items"].as_array().unwrap();
        let shown: Vec<_> = items.iter().map(|item| (&item["media"]["id"], &item["observation_id"])).collect();
        assert_eq!(shown, [(&ids[0], &Value::Null), (&ids[1], &json!("o"))]);
        let one = app.get(&format!("/api/v1/media/{}", ids[1].as_str().unwrap())).await.expect(200);
        let response = app.at(Method::GET, one["url"].as_str().unwrap()).send().await.unwrap();
        let bytes = response.bytes().await.unwrap();
        assert_eq!(bytes, b"two".as_slice());
        app.stop().await;
    }

    async fn a_content_goes_with_the_last_trace_that_refers_to_it(app: App) {
        let announced = app.post(MEDIA, &announcement(b"shared", "first")).await.expect(201);
        let old = announced["uploadUrl"].as_str().unwrap().to_owned();
        let id = upload(&app, b"shared", "first").await;
        let mut other = announcement(b"shared", "second");
        other["observationId"] = json!("o");
        app.post(MEDIA, &other).await.expect(201);
        let url = app.get(&format!("{MEDIA}/{id}")).await.expect(200)["url"].clone();
        let traces = "/api/public/traces";
        app.delete(&format!("{traces}/first")).await.expect(200);
        assert_eq!(download(&app, &id).await.1, b"shared");
        app.delete(&format!("{traces}/second")).await.expect(200);
        app.get(&format!("{MEDIA}/{id}")).await.expect(404);
        Answer::of(app.at(Method::GET, url.as_str().unwrap())).await.expect_error(404);
        eventually("the content is removed", async || stored(&app) == 0).await;
        // The same again is another upload; an old address is of no use for it.
        app.post(MEDIA, &announcement(b"shared", "third")).await.expect(201);
        put(&app, &old, IMAGE, b"shared").await.expect_error(403);
        assert_eq!(upload(&app, b"shared", "third").await, id);
        assert_eq!(download(&app, &id).await.1, b"shared");
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn addresses_run_out_and_name_the_server_as_clients_know_it() {
    let settings = [
        ("APP_MEDIA__URL_SECONDS", "0"),
        ("APP_SERVER__PUBLIC_URL", "https://kaname.example/"),
    ];
    let app = App::start_with(Engine::Sqlite, &settings).await;
    let announced = app
        .post(MEDIA, &announcement(b"late", "t"))
        .await
        .expect(201);
    let url = announced["uploadUrl"].as_str().unwrap();
    let path = url
        .strip_prefix("https://kaname.example")
        .expect("the public address");
    let late = put(&app, &format!("{}{path}", app.url), IMAGE, b"late").await;
    late.expect_error(403);
    app.stop().await;
}
