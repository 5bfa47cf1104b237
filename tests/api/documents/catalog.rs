//! Finding documents: filters, orders and pages.

use serde_json::Value;

use super::{DOCUMENTS, Form};
use crate::{each_database, support::App};

async fn add(app: &App, title: &str, fields: &[(&str, &str)]) {
    let mut form = Form::of_file(&format!("{title}.txt"), format!("text of {title}"));
    form = form.field("title", title);
    for (name, value) in fields {
        form = form.field(name, value);
    }
    form.post(app, DOCUMENTS).await.expect(201);
}

fn titles(page: &Value) -> Vec<&str> {
    let items = page["items"].as_array().unwrap();
    items
        .iter()
        .map(|item| item["title"].as_str().unwrap())
        .collect()
}

async fn fill(app: &App) {
    add(
        app,
        "Alpha",
        &[
            ("folder", "a"),
            ("tags", "x"),
            ("tags", "y"),
            ("language", "en"),
            ("year", "2001"),
        ],
    )
    .await;
    add(
        app,
        "beta",
        &[
            ("folder", "a/b"),
            ("tags", "x"),
            ("authors", "Müller"),
            ("doi", "10.5/BETA"),
        ],
    )
    .await;
    add(app, "Gamma 100%", &[("folder", "ab"), ("language", "ja")]).await;
    add(app, "論文", &[]).await;
}

each_database! {
    async fn filters_find_what_they_say(app: App) {
        fill(&app).await;
        for (query, wanted) in [
            ("", vec!["論文", "Gamma 100%", "beta", "Alpha"]),
            ("text=ALPHA", vec!["Alpha"]),
            ("text=%E8%AB%96", vec!["論文"]),
            ("text=%25", vec!["Gamma 100%"]),
            ("text=ller", vec!["beta"]),
            ("text=10.5/b", vec!["beta"]),
            ("folder=a", vec!["Alpha"]),
            ("folder=a&deep=true", vec!["beta", "Alpha"]),
            ("folder=/", vec!["論文"]),
            ("folder=/&deep=true", vec!["論文", "Gamma 100%", "beta", "Alpha"]),
            ("tags=x", vec!["beta", "Alpha"]),
            ("tags=x,y", vec!["Alpha"]),
            ("language=ja", vec!["Gamma 100%"]),
            ("year=2001", vec!["Alpha"]),
            ("kind=plain&text=alpha", vec!["Alpha"]),
            ("kind=pdf", vec![]),
            ("state=cancelled", vec![]),
        ] {
            let page = app.get(&format!("{DOCUMENTS}?{query}")).await.expect(200);
            assert_eq!(titles(&page), wanted, "{query}");
        }
        for query in ["kind=exe", "state=lost", "sort=size", "limit=0", "folder=..", "unknown=1"] {
            app.get(&format!("{DOCUMENTS}?{query}")).await.expect_error(400);
        }
    }

    async fn orders_go_on_from_page_to_page(app: App) {
        fill(&app).await;
        for (sort, wanted) in [
            ("title", ["Alpha", "Gamma 100%", "beta", "論文"]),
            ("-title", ["論文", "beta", "Gamma 100%", "Alpha"]),
            ("created_at", ["Alpha", "beta", "Gamma 100%", "論文"]),
        ] {
            let (mut seen, mut query) = (Vec::new(), format!("sort={sort}&limit=3"));
            loop {
                let page = app.get(&format!("{DOCUMENTS}?{query}")).await.expect(200);
                seen.extend(titles(&page).into_iter().map(str::to_owned));
                let Some(cursor) = page["next"].as_str() else { break };
                query = format!("sort={sort}&limit=3&cursor={cursor}");
            }
            assert_eq!(seen, wanted, "{sort}");
        }
        let page = app.get(&format!("{DOCUMENTS}?sort=title&limit=1")).await.expect(200);
        let cursor = page["next"].as_str().unwrap();
        app.get(&format!("{DOCUMENTS}?sort=created_at&cursor={cursor}")).await.expect_error(400);
    }
}
