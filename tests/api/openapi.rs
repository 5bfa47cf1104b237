//! The document is generated from the code; a change of it is a change of the API, and is seen.

use crate::support::{App, Engine};

#[test]
fn the_document_is_as_it_was_agreed() {
    let document = serde_json::to_value(kaname::roles::openapi_document()).unwrap();
    assert_eq!(document["openapi"], "3.1.0");
    insta::assert_json_snapshot!("openapi", document);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_running_app_serves_it_and_a_page_without_outside_assets() {
    let app = App::start(Engine::Sqlite).await;
    let served = app.get("/api/openapi.json").await.expect(200);
    assert_eq!(
        served,
        serde_json::to_value(kaname::roles::openapi_document()).unwrap()
    );
    let page = app.get("/api/docs/").await;
    page.expect(200);
    let assets: Vec<&str> = page
        .text
        .split(['"', '\''])
        .filter(|part| {
            [".js", ".css", ".png"]
                .iter()
                .any(|end| part.ends_with(end))
        })
        .collect();
    assert!(!assets.is_empty(), "{}", page.text);
    for asset in assets {
        assert!(!asset.contains("//"), "{asset} is fetched from elsewhere");
        app.get(&format!("/api/docs/{}", asset.trim_start_matches("./")))
            .await
            .expect(200);
    }
    app.stop().await;
}
