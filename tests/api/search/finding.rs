//! What is found, what is not, and what is said of it.

use serde_json::{Value, json};

use super::{SEARCH, indexed, markdown, search, titles, until_indexed};
use crate::{
    documents::{DOCUMENTS, Form},
    each_database,
    support::App,
};

async fn library(app: &App) {
    let linux = markdown(
        "カーネル",
        "Linuxのカーネルはメモリを管理する。プロセスは切り替えられる。",
    );
    indexed(
        app,
        linux
            .field("folder", "os/linux")
            .field("tags", "unix")
            .field("tags", "kernel")
            .field("year", "1991"),
    )
    .await;
    let windows = markdown(
        "Windows",
        "The Windows kernel manages memory. Running processes are scheduled.",
    );
    indexed(
        app,
        windows
            .field("folder", "os")
            .field("tags", "kernel")
            .field("year", "1993"),
    )
    .await;
    let bread = markdown(
        "Bread",
        "Knead the dough with foo_bar-2 and bake it. Write to a.b@example.org.",
    );
    indexed(app, bread.field("authors", "Ann Baker")).await;
}

each_database! {
    async fn words_are_found_in_both_languages_and_in_other_forms(app: App) {
        let nothing = search(&app, &json!({ "query": "カーネル" })).await;
        assert_eq!(nothing["hits"], json!([]), "an empty project answers too");
        library(&app).await;
        let found = |query: &'static str| {
            let app = &app;
            async move { titles(app, &json!({ "query": query, "mode": "lexical" })).await }
        };
        assert_eq!(found("ｶｰﾈﾙの管理").await, ["カーネル"]);
        assert_eq!(found("めもり").await, ["カーネル"], "hiragana finds katakana");
        assert_eq!(found("process schedule").await, ["Windows"]);
        assert_eq!(found("foo_bar-2").await, ["Bread"]);
        assert_eq!(found("A.B@EXAMPLE.ORG").await, ["Bread"]);
        assert_eq!(found("kern*").await, ["Windows"]);
        assert_eq!(found("memory -windows").await, Vec::<String>::new());
        assert_eq!(found("\"manages memory\"").await, ["Windows"]);
        assert_eq!(found("\"memory manages\"").await, Vec::<String>::new());
        assert_eq!(found("\"メモリを管理\"").await, ["カーネル"]);
        let answer = app.get(&format!("{SEARCH}?query=dough&mode=lexical")).await.expect(200);
        assert_eq!(answer["hits"][0]["title"], "Bread");
    }

    async fn a_filter_lets_through_what_documents_are_and_facets_count_it(app: App) {
        library(&app).await;
        let all = "カーネル kernel dough";
        let with = |filter: Value| {
            let body = json!({ "query": all, "mode": "lexical", "filter": filter });
            let app = &app;
            async move {
                let mut found = titles(app, &body).await;
                found.sort_unstable();
                found
            }
        };
        assert_eq!(with(json!({ "folder": "os" })).await, ["Windows", "カーネル"]);
        assert_eq!(with(json!({ "folder": "os/linux" })).await, ["カーネル"]);
        assert_eq!(with(json!({ "tags": ["kernel", "unix"] })).await, ["カーネル"]);
        assert_eq!(with(json!({ "year_from": 1992, "year_to": 2000 })).await, ["Windows"]);
        assert_eq!(with(json!({ "author": "BAKER" })).await, ["Bread"]);
        assert_eq!(with(json!({ "kinds": ["pdf"] })).await, Vec::<String>::new());
        assert_eq!(with(json!({ "kinds": ["markdown"] })).await.len(), 3);
        assert_eq!(with(json!({ "chunk_kinds": ["table"] })).await, Vec::<String>::new());
        let found = search(&app, &json!({ "query": all, "facets": true, "limit": 1 })).await;
        assert_eq!((found["hits"].as_array().unwrap().len(), found["total"].as_u64()), (1, Some(3)));
        let facet = |name: &str| {
            let facets = found["facets"].as_array().unwrap();
            facets.iter().find(|facet| facet["name"] == name).cloned().unwrap_or_default()
        };
        assert_eq!(
            facet("tag")["values"],
            json!([{ "value": "kernel", "documents": 2 }, { "value": "unix", "documents": 1 }])
        );
        assert_eq!(facet("kind")["values"], json!([{ "value": "markdown", "documents": 3 }]));
    }

    async fn highlights_stand_in_the_text_where_they_say(app: App) {
        let id = indexed(&app, markdown("Offsets", "😀 First paragraph.\n\n二番目の段落にｶｰﾈﾙがある。")).await;
        let found = search(&app, &json!({ "query": "カーネル first", "explain": true })).await;
        let hit = &found["hits"][0];
        let pages = app.get(&format!("{DOCUMENTS}/{id}/versions/1/pages/1")).await.expect(200);
        let text: Vec<char> = pages["text"].as_str().unwrap().chars().collect();
        let part = |span: &Value| -> String {
            let at = |name: &str| usize::try_from(span[name].as_u64().unwrap()).unwrap();
            text[at("start")..at("end")].iter().collect()
        };
        assert_eq!(part(hit), hit["text"].as_str().unwrap());
        let marked: Vec<String> = hit["highlights"].as_array().unwrap().iter().map(part).collect();
        assert_eq!(marked, ["First", "ｶｰﾈﾙ"]);
        assert!(found["took_ms"]["words"].is_number(), "{found}");
        assert_eq!(hit["explanation"]["lexical"]["rank"], 1);
        let terms = hit["explanation"]["lexical"]["terms"].as_array().unwrap();
        assert!(terms.contains(&json!({ "term": "first", "count": 1 })), "{terms:?}");
        assert_eq!(found["vectors"]["compared"], false);
        assert!(found["vectors"]["reason"].is_string());
    }

    async fn neither_a_deleted_document_nor_an_older_version_is_found(app: App) {
        let id = indexed(&app, markdown("Old", "alpha beta")).await;
        let versions = format!("{DOCUMENTS}/{id}/versions");
        Form::of_file("new.md", "gamma beta").post(&app, &versions).await.expect(201);
        until_indexed(&app, &id).await;
        let count = |query: &'static str| {
            let app = &app;
            async move { search(app, &json!({ "query": query, "mode": "lexical" })).await["hits"].as_array().unwrap().len() }
        };
        assert_eq!((count("alpha").await, count("gamma").await, count("beta").await), (0, 1, 1));
        app.delete(&format!("{DOCUMENTS}/{id}")).await.expect(204);
        assert_eq!((count("gamma").await, count("beta").await), (0, 0));
    }

    async fn what_can_not_be_asked_is_refused_by_name(app: App) {
        indexed(&app, markdown("One", "text")).await;
        for (body, field) in [
            (json!({ "query": "" }), "query"),
            (json!({ "query": "\"open" }), "query"),
            (json!({ "query": "-a" }), "query"),
            (json!({ "query": "!!!" }), "query"),
            (json!({ "query": "a*" }), "query"),
            (json!({ "query": "x".repeat(2_001) }), "query"),
            (json!({ "query": "a", "limit": 0 }), "limit"),
            (json!({ "query": "a", "offset": 1_001 }), "offset"),
            (json!({ "query": "a", "diversity": 2 }), "diversity"),
            (json!({ "query": "a", "filter": { "kinds": ["exe"] } }), "filter.kinds"),
            (json!({ "query": "a", "filter": { "documents": ["x"] } }), "filter.documents"),
        ] {
            let error = app.post(SEARCH, &body).await.expect_error(400);
            assert_eq!(error["code"], "search_invalid", "{body}: {error}");
            assert_eq!(error["details"]["field"], field, "{error}");
        }
        let unknown = app.post(SEARCH, &json!({ "query": "a", "limits": 3 })).await;
        assert_eq!(unknown.expect_error(400)["code"], "invalid_request");
    }

    async fn near_copies_can_be_moved_apart_and_documents_shown_once(app: App) {
        for name in ["a", "b"] {
            let copy = markdown(name, "Copies of the same words about kernels.");
            indexed(&app, copy.field("allow_duplicate", "true")).await;
        }
        indexed(&app, markdown("c", "Something else on kernels, longer than the others by some words.")).await;
        let plain = titles(&app, &json!({ "query": "kernels copies", "mode": "lexical" })).await;
        assert_eq!(plain, ["a", "b", "c"]);
        let apart = json!({ "query": "kernels copies", "mode": "lexical", "diversity": 0.9 });
        assert_eq!(titles(&app, &apart).await, ["a", "c", "b"]);
        let long = "One paragraph about kernels.\n\n".repeat(200);
        indexed(&app, markdown("long", &long)).await;
        let once = json!({ "query": "paragraph", "mode": "lexical", "one_per_document": true });
        assert_eq!(titles(&app, &once).await, ["long"]);
    }
}
