//! What people change about a document is found at once, or as soon as its chunks are made anew.

use serde_json::{Value, json};

use super::{indexed, search, titles};
use crate::{
    documents::{DOCUMENTS, Form},
    each_database,
    support::{App, eventually},
};

/// What a query for words finds.
fn words(query: &str) -> Value {
    json!({ "query": query, "mode": "lexical", "facets": true })
}

async fn edited(app: &App, id: &str, edit: &Value) {
    app.patch(&format!("{DOCUMENTS}/{id}"), edit)
        .await
        .expect(200);
}

each_database! {
    async fn a_new_title_is_shown_at_once_and_found_soon(app: App) {
        let file = Form::of_file("fish.md", "They swim in the lake.\n").field("title", "Ancient");
        let id = indexed(&app, file).await;
        let found = search(&app, &words("ancient lake")).await;
        let chunk = found["hits"][0]["chunk_id"].clone();
        assert_eq!(titles(&app, &words("zebrafish")).await, Vec::<String>::new());
        edited(&app, &id, &json!({ "title": "Zebrafish" })).await;
        assert_eq!(titles(&app, &words("lake")).await, ["Zebrafish"]);
        eventually("the new title is found, and the old one is not", || async {
            let (new, old) = (words("zebrafish"), words("ancient"));
            titles(&app, &new).await == ["Zebrafish"] && titles(&app, &old).await.is_empty()
        })
        .await;
        let found = search(&app, &words("lake")).await;
        assert_eq!(found["hits"].as_array().unwrap().len(), 1, "{found}");
        assert_eq!(found["hits"][0]["chunk_id"], chunk, "a chunk keeps its id");
    }

    async fn tags_authors_and_the_folder_count_from_the_edit_on(app: App) {
        let id = indexed(&app, Form::of_file("a.md", "They swim in the lake.\n").field("tags", "old")).await;
        let edit = json!({ "tags": ["new"], "authors": ["Ann Baker"], "folder": "lakes", "year": 2001 });
        edited(&app, &id, &edit).await;
        for (filter, hits) in [
            (json!({ "tags": ["old"] }), 0),
            (json!({ "tags": ["new"], "author": "baker", "folder": "lakes", "year_from": 2001 }), 1),
        ] {
            let mut body = words("lake");
            body["filter"] = filter;
            let found = search(&app, &body).await;
            assert_eq!(found["hits"].as_array().unwrap().len(), hits, "{body}: {found}");
        }
        let found = search(&app, &words("lake")).await;
        let facets = found["facets"].as_array().unwrap();
        let facet = |name: &str| facets.iter().find(|facet| facet["name"] == name).unwrap()["values"][0]["value"].clone();
        assert_eq!((facet("tag"), facet("folder"), facet("year")), (json!("new"), json!("lakes"), json!("2001")));
    }
}
