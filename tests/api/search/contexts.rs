//! What a model writes about chunks: found by it, kept, and missing where the model fails.

use diesel::{QueryableByName, RunQueryDsl, sql_query, sql_types::BigInt};
use kaname::platform::db::{Backend, DbError};
use serde_json::{Value, json};

use super::{
    SEARCH,
    evaluation::{WORDS, import, labelled, run_of},
    indexed, markdown, search, titles,
};
use crate::{
    answers::{says, started},
    documents::DOCUMENTS,
    each_engine,
    jobs::open,
    support::{App, Engine, app::Answer, eventually, provider::Reply},
};

const SETTINGS: &str = "/api/v1/projects/first/search/settings";
const KIND: &str = "document.write_contexts";

fn context(label: &str, text: &str) -> String {
    json!({ "title": label, "say": text }).to_string()
}

fn words(query: &str) -> Value {
    json!({ "query": query, "mode": "lexical" })
}

/// Proposes that a model writes contexts.
async fn propose(app: &App, chunking: &Value) -> Answer {
    let index = json!({ "context_writer": { "model": "gpt-4o-mini" }, "chunking": chunking });
    app.post(SETTINGS, &json!({ "settings": { "index": index } }))
        .await
}

fn whole() -> Value {
    json!({ "characters": 1600, "parts": null })
}

/// Waits until a run of version 1 can begin, which is when its index is complete.
async fn until_complete(app: &App) {
    eventually("every context is written", || async {
        let begun = app
            .post(&format!("{SEARCH}/runs"), &json!({ "setting": 1 }))
            .await;
        begun.status == 202
    })
    .await;
}

/// The jobs that write contexts, and are in a state.
async fn jobs_that_are(app: &App, state: &str) -> Vec<Value> {
    let jobs = app
        .get(&format!("/api/v1/jobs?kind={KIND}&state={state}"))
        .await
        .expect(200);
    jobs["items"].as_array().expect("jobs").clone()
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    contexts: i64,
}

/// How many contexts are kept.
async fn kept(app: &App) -> usize {
    let db = open(app);
    let read = db.read(|conn| {
        let query = sql_query("SELECT count(*) AS contexts FROM document_context");
        let count: Count = match conn.backend() {
            Backend::Pg(c) => query.get_result(c)?,
            Backend::Sqlite(c) => query.get_result(c)?,
        };
        Ok::<_, DbError>(count.contexts)
    });
    let kept = read.await.expect("a count");
    kept.try_into().expect("a small number")
}

each_engine! {
    async fn documents_are_found_by_what_a_model_writes_about_them(engine: Engine) {
        let reply = says(&[&context("S1", "One of the   things that Zanzibar\nexports.")]);
        let (app, provider) = started(engine, vec![reply]).await;
        let queries = labelled(&app).await;
        import(&app, &queries).await.expect(201);
        propose(&app, &whole()).await.expect(201);
        until_complete(&app).await;
        assert_eq!(titles(&app, &words("zanzibar")).await, Vec::<String>::new(), "the version is not in force yet");
        let run = run_of(&app, 1).await;
        assert_eq!(run["comparison"]["does_not_lose"], true, "{run}");
        app.post(&format!("{SETTINGS}/1/promote"), &Value::Null).await.expect(200);
        assert_eq!(titles(&app, &json!({ "query": "zanzibar", "mode": "lexical", "limit": 20 })).await.len(), WORDS.len());
        let found = search(&app, &words("guitar")).await;
        assert_eq!(found["hits"][0]["text"], "guitar\n\nThis page is about one guitar only.", "a text stays what it is");
        assert_eq!(provider.received().len(), WORDS.len(), "one question a document");
        let asked = provider.received()[0].json();
        let passages = asked["messages"][1]["content"].as_str().expect("passages");
        assert!(passages.contains("<passage label=\"S1\"") && passages.contains("This page is about one"), "{passages}");

        let id = indexed(&app, markdown("Cloves", "They grow on an island.")).await;
        eventually("the new document is found by its context", || async {
            titles(&app, &json!({ "query": "zanzibar cloves", "mode": "lexical" })).await[0] == "Cloves"
                && search(&app, &json!({ "query": "zanzibar", "mode": "lexical", "filter": { "documents": [id] } })).await["total"] == 1
        })
        .await;
        // A title is said in the prefix too: the chunks are made anew, and the model is not asked again.
        let asked = provider.received().len();
        app.patch(&format!("{DOCUMENTS}/{id}"), &json!({ "title": "Spices" })).await.expect(200);
        eventually("the new title is found beside the context", || async {
            let (title, context) = (search(&app, &words("spices")).await, search(&app, &words("zanzibar spices")).await);
            title["total"] == 1 && context["total"] == WORDS.len() + 1
        })
        .await;
        assert_eq!(provider.received().len(), asked);
        app.delete(&format!("{DOCUMENTS}/{id}")).await.expect(204);
        eventually("nothing is kept about a document that is gone", || async { kept(&app).await == WORDS.len() }).await;
        let traces = app.get("/api/public/traces?name=chunk%20contexts&limit=100").await.expect(200);
        assert_eq!(traces["meta"]["totalItems"], WORDS.len() + 1, "{traces}");
        app.stop().await;
    }

    async fn a_model_that_refuses_leaves_documents_found_by_their_words(engine: Engine) {
        let refusal = json!({ "error": { "message": "no such model", "type": "invalid_request_error", "code": "model_not_found" } });
        let (app, provider) = started(engine, vec![Reply::json(404, &refusal)]).await;
        indexed(&app, markdown("Cloves", "They grow on an island.")).await;
        propose(&app, &whole()).await.expect(201);
        eventually("the job is dead", || async { jobs_that_are(&app, "dead").await.len() == 1 }).await;
        let job = jobs_that_are(&app, "dead").await.remove(0);
        assert!(job["error"].as_str().expect("a reason").contains("no such model"), "{job}");
        let begun = app.post(&format!("{SEARCH}/runs"), &json!({ "setting": 1 })).await.expect_error(409);
        assert!(begun["message"].as_str().expect("a message").contains(KIND), "{begun}");
        assert_eq!(titles(&app, &words("island")).await, ["Cloves"]);

        provider.replies_with(says(&[&context("S1", "A spice of Zanzibar.")]));
        let retry = format!("/api/v1/jobs/{}/retry", job["id"].as_str().expect("an id"));
        app.post(&retry, &Value::Null).await.expect(200);
        until_complete(&app).await;
        app.stop().await;
    }

    async fn what_the_model_leaves_out_is_asked_once_more_and_then_left_out(engine: Engine) {
        let refusal = json!({ "error": { "message": "it is against our policy", "type": "invalid_request_error" } });
        let replies = vec![
            says(&[&context("S2", "About the second, in Zanzibar."), "I will not write about the others."]),
            says(&[&context("S1", "About the first, in Zanzibar.")]),
            Reply::json(400, &refusal),
        ];
        let (app, provider) = started(engine, replies).await;
        let text = format!("{}\n\n{}\n\n{}", "first ".repeat(30), "second ".repeat(25), "third ".repeat(30));
        indexed(&app, markdown("Three", &text)).await;
        propose(&app, &json!({ "characters": 200, "parts": null })).await.expect(201);
        until_complete(&app).await;
        assert_eq!(provider.received().len(), 3);
        let alone = provider.received()[2].json();
        let passages = alone["messages"][1]["content"].as_str().expect("passages");
        assert!(passages.contains("label=\"S1\"") && passages.contains("first") && passages.contains("third"), "with how the document begins: {passages}");
        assert!(alone["messages"][0]["content"].as_str().expect("a task").contains("S1 is how the document begins"));
        app.stop().await;
    }

    async fn a_writer_without_a_name_is_refused(engine: Engine) {
        let (app, _provider) = started(engine, vec![Reply::of_anything()]).await;
        let index = json!({ "context_writer": { "model": " " } });
        let refused = app.post(SETTINGS, &json!({ "settings": { "index": index } })).await.expect_error(400);
        assert_eq!(refused["details"]["field"], "index.context_writer.model", "{refused}");
        app.stop().await;
    }
}
