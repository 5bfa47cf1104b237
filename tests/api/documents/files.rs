//! Files given back in parts, and pages as pictures.

use reqwest::Method;

use super::{DOCUMENTS, Form, stored_files, upload};
use crate::{
    each_database,
    support::{App, app::Answer, eventually, pdf},
};

async fn part(app: &App, path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = app.request(Method::GET, path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    Answer::of(request).await
}

/// The width and height that a PNG tells of itself, and its bytes.
async fn picture(app: &App, path: &str) -> ((u32, u32), Vec<u8>) {
    let response = app
        .request(Method::GET, path)
        .send()
        .await
        .expect("an answer");
    assert_eq!(
        (
            response.status().as_u16(),
            &response.headers()["content-type"]
        ),
        (200, &"image/png".parse().expect("a type")),
        "{path}"
    );
    assert!(
        response.headers()["cache-control"]
            .to_str()
            .expect("text")
            .contains("private")
    );
    let bytes = response.bytes().await.expect("bytes").to_vec();
    assert_eq!(&bytes[..8], b"\x89PNG\r\n\x1a\n");
    let number = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().expect("four bytes"));
    ((number(16), number(20)), bytes)
}

async fn read(app: &App, name: &str, bytes: &[u8]) -> String {
    let uploaded = Form::of_file(name, bytes)
        .post(app, DOCUMENTS)
        .await
        .expect(201);
    let document = format!(
        "{DOCUMENTS}/{}",
        uploaded["document"]["id"].as_str().expect("an id")
    );
    eventually("it is read", || async {
        let state = app.get(&document).await.expect(200)["version"]["state"].clone();
        state == "indexed" || state == "failed"
    })
    .await;
    document
}

each_database! {
    async fn a_file_is_given_in_the_part_that_is_wanted(app: App) {
        let (document, uploaded) = upload(&app, "a.txt", "0123456789").await;
        let file = format!("{document}/versions/1/file");
        let whole = part(&app, &file, &[]).await;
        assert_eq!((whole.status, whole.header("accept-ranges")), (200, Some("bytes")));
        let tag = format!("\"{}\"", uploaded["document"]["version"]["sha256"].as_str().expect("a hash"));
        assert_eq!(whole.header("etag"), Some(tag.as_str()));
        for (range, told, text) in [
            ("bytes=0-3", "bytes 0-3/10", "0123"),
            ("bytes=7-", "bytes 7-9/10", "789"),
            ("bytes=-2", "bytes 8-9/10", "89"),
            ("bytes=4-99", "bytes 4-9/10", "456789"),
        ] {
            let some = part(&app, &file, &[("range", range), ("if-range", &tag)]).await;
            assert_eq!((some.status, some.text.as_str()), (206, text), "{range}");
            assert_eq!((some.header("content-range"), some.header("content-length")), (Some(told), Some(text.len().to_string().as_str())));
        }
        let outside = part(&app, &file, &[("range", "bytes=10-")]).await;
        assert_eq!(outside.header("content-range"), Some("bytes */10"));
        assert_eq!(outside.expect_error(416)["code"], "document_range_invalid");
        // Several parts, another unit, nonsense, and a part of another file: the whole.
        for headers in [[("range", "bytes=0-1,3-4"), ("x", "")], [("range", "lines=1-2"), ("x", "")], [("range", "bytes=3-1"), ("x", "")],
            [("range", "bytes=0-1"), ("if-range", "\"another\"")]] {
            let answer = part(&app, &file, &headers).await;
            assert_eq!((answer.status, answer.text.as_str()), (200, "0123456789"), "{headers:?}");
        }
    }

    async fn a_page_is_shown_as_a_picture_that_is_drawn_once(app: App) {
        let document = read(&app, "a.pdf", &pdf::of_text("Shown", 2)).await;
        let page = format!("{document}/versions/1/pages/2/image");
        let (size, medium) = picture(&app, &page).await;
        assert!((999..=1001).contains(&size.0) && (1413..=1417).contains(&size.1), "{size:?}");
        assert!(medium.len() < 400_000, "{} bytes", medium.len());
        assert_eq!(picture(&app, &format!("{page}?width=1000")).await.1, medium);
        assert_eq!(picture(&app, &format!("{page}?width=320")).await.0.0, 320);
        // The file and two pictures of one of its pages.
        assert_eq!(stored_files(&app), 3);
        let wrong = app.get(&format!("{page}?width=999")).await.expect_error(400);
        assert!(wrong["message"].as_str().expect("a message").contains("320, 1000, 2000"), "{wrong}");
        for missing in ["0", "3", "-1"] {
            app.get(&format!("{document}/versions/1/pages/{missing}/image")).await.expect_error(404);
        }
        let others = app.other_project().await;
        others.send(Method::GET, &page, None).await.expect_error(404);
        let writer = app.with_scopes(&["documents:write"]).await;
        writer.send(Method::GET, &page, None).await.expect_error(403);
        app.delete(&document).await.expect(204);
        app.get(&page).await.expect_error(404);
        eventually("the pictures are gone", || async { stored_files(&app) == 0 }).await;
    }

    async fn an_image_is_its_own_page_and_a_text_has_no_picture(app: App) {
        let drawn = read(&app, "a.pdf", &pdf::of_text("Seen", 1)).await;
        let (size, png) = picture(&app, &format!("{drawn}/versions/1/pages/1/image?width=320")).await;
        let uploaded = Form::of_file("a.png", &png).post(&app, DOCUMENTS).await.expect(201);
        let image = format!("{DOCUMENTS}/{}/versions/1/pages/1/image", uploaded["document"]["id"].as_str().expect("an id"));
        assert_eq!(picture(&app, &format!("{image}?width=2000")).await.0, size);
        let (text, _) = upload(&app, "a.txt", "no layout").await;
        let error = app.get(&format!("{text}/versions/1/pages/1/image")).await.expect_error(404);
        assert!(error["message"].as_str().expect("a message").contains("no layout"), "{error}");
        let broken = read(&app, "broken.pdf", b"%PDF-1.7\nnothing of a PDF in it").await;
        let error = app.get(&format!("{broken}/versions/1/pages/1/image")).await.expect_error(422);
        assert_eq!(error["code"], "document_page_not_drawn", "{error}");
    }
}
