//! `/api/public/v2/prompts`, as Langfuse's SDKs use it: what they send, what they read.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    authorization::{Case, MARK},
    each_database,
    support::{App, app::Answer},
};

const PROMPTS: &str = "/api/public/v2/prompts";

async fn create(app: &App, body: Value) -> Value {
    app.post(PROMPTS, &body).await.expect(200)
}

/// What the walk of every endpoint needs to know of these; the prompt is there already.
pub fn authorization_cases() -> BTreeMap<&'static str, Case> {
    let at = format!("{PROMPTS}/{MARK}");
    let row = |rest: &str, body| Case::Row(format!("{at}{rest}"), body);
    let draft = json!({ "name": "theirs too", "prompt": "" });
    BTreeMap::from([
        ("GET /api/public/v2/prompts", Case::Own(Value::Null)),
        ("POST /api/public/v2/prompts", Case::Own(draft)),
        ("GET /api/public/v2/prompts/{name}", row("", Value::Null)),
        ("DELETE /api/public/v2/prompts/{name}", row("", Value::Null)),
        (
            "PATCH /api/public/v2/prompts/{name}/versions/{version}",
            row("/versions/1", json!({ "newLabels": ["a"] })),
        ),
    ])
}

each_database! {
    async fn the_python_sdks_request_makes_a_text_prompt(app: App) {
        // As langfuse-python sends it: no type, null for what was not given.
        let created = create(&app, json!({
            "name": "movie/critic", "prompt": "Do you like {{movie}}?", "config": {},
            "labels": ["production", "latest"], "tags": null, "commitMessage": null,
        })).await;
        assert_eq!(created["type"], "text");
        assert_eq!(created["labels"], json!(["production", "latest"]));
        assert_eq!((&created["config"], &created["tags"]), (&json!({}), &json!([])));
        assert_eq!((&created["commitMessage"], &created["resolutionGraph"]), (&Value::Null, &Value::Null));
        let read = app.get("/api/public/v2/prompts/movie%2Fcritic").await.expect(200);
        assert_eq!(read, created);
        for field in ["id", "projectId", "createdBy", "createdAt", "updatedAt"] {
            assert!(read[field].is_string(), "{field}");
        }
    }

    async fn the_js_sdks_request_makes_a_chat_prompt(app: App) {
        let created = create(&app, json!({
            "name": "chat", "type": "chat", "unknown": 1, "commitMessage": "why", "tags": ["t"],
            "prompt": [
                { "type": "chatmessage", "role": "system", "content": "{{x}}", "tool_calls": [] },
                { "role": "user", "content": "hi" },
                { "type": "placeholder", "name": "history" },
            ],
        })).await;
        assert_eq!(created["prompt"], json!([
            { "type": "chatmessage", "role": "system", "content": "{{x}}" },
            { "type": "chatmessage", "role": "user", "content": "hi" },
            { "type": "placeholder", "name": "history" },
        ]));
        assert_eq!((&created["commitMessage"], &created["tags"]), (&json!("why"), &json!(["t"])));
        assert_eq!(created["labels"], json!(["latest"]));
    }

    async fn new_labels_are_added_and_taken_from_other_versions(app: App) {
        create(&app, json!({ "name": "p", "prompt": "1", "labels": ["production", "a"] })).await;
        create(&app, json!({ "name": "p", "prompt": "2", "labels": ["b"] })).await;
        let path = format!("{PROMPTS}/p/versions/2");
        let updated = app.patch(&path, &json!({ "newLabels": ["production"] })).await.expect(200);
        assert_eq!(updated["labels"], json!(["b", "production", "latest"]));
        let first = app.get(&format!("{PROMPTS}/p?version=1")).await.expect(200);
        assert_eq!(first["labels"], json!(["a"]));
        assert_eq!(app.get(&format!("{PROMPTS}/p")).await.expect(200)["prompt"], "2");
        app.patch(&path, &json!({ "newLabels": ["latest"] })).await.expect(400);
        app.patch(&format!("{PROMPTS}/p/versions/9"), &json!({ "newLabels": [] })).await.expect(404);
    }

    async fn references_resolve_unless_told_not_to(app: App) {
        let part = create(&app, json!({ "name": "part", "prompt": "P", "labels": ["production"] })).await;
        let stored = "<@@@langfusePrompt:name=part|label=production@@@>";
        let whole = create(&app, json!({ "name": "whole", "prompt": stored, "labels": ["production"] })).await;
        let read = app.get(&format!("{PROMPTS}/whole")).await.expect(200);
        assert_eq!(read["prompt"], "<P>");
        assert_eq!(read["resolutionGraph"]["root"]["id"], whole["id"]);
        assert_eq!(
            read["resolutionGraph"]["dependencies"][whole["id"].as_str().unwrap()],
            json!([{ "id": part["id"], "name": "part", "version": 1 }])
        );
        let raw = app.get(&format!("{PROMPTS}/whole?resolve=false")).await.expect(200);
        assert_eq!((&raw["prompt"], &raw["resolutionGraph"]), (&json!(stored), &Value::Null));
    }

    async fn versions_and_prompts_are_deleted(app: App) {
        for prompt in ["1", "2", "3"] {
            create(&app, json!({ "name": "p", "prompt": prompt, "labels": [format!("l{prompt}")] })).await;
        }
        app.delete(&format!("{PROMPTS}/p?version=3")).await.expect(204);
        app.delete(&format!("{PROMPTS}/p?label=l2")).await.expect(204);
        app.delete(&format!("{PROMPTS}/p?label=l2")).await.expect(404);
        assert_eq!(app.get(&format!("{PROMPTS}/p?label=latest")).await.expect(200)["version"], 1);
        app.delete(&format!("{PROMPTS}/p")).await.expect(204);
        app.delete(&format!("{PROMPTS}/p")).await.expect(404);
    }

    async fn the_list_counts_the_versions_that_match(app: App) {
        create(&app, json!({ "name": "b", "prompt": "", "config": { "v": 1 }, "labels": ["x"], "tags": ["t"] })).await;
        create(&app, json!({ "name": "b", "prompt": "", "config": { "v": 2 }, "labels": ["y"] })).await;
        let last = create(&app, json!({ "name": "a", "type": "chat", "prompt": [] })).await;
        let listed = async |query: &str| app.get(&format!("{PROMPTS}?{query}")).await.expect(200);

        let all = listed("").await;
        assert_eq!(all["meta"], json!({ "page": 1, "limit": 10, "totalItems": 2, "totalPages": 1 }));
        let b = all["data"][1].clone();
        assert_eq!((&all["data"][0]["name"], &all["data"][0]["type"]), (&json!("a"), &json!("chat")));
        assert_eq!((&b["versions"], &b["labels"]), (&json!([1, 2]), &json!(["latest", "x", "y"])));
        assert_eq!((&b["tags"], &b["lastConfig"]), (&json!(["t"]), &json!({ "v": 2 })));

        let second = listed("page=2&limit=1").await;
        assert_eq!((&second["data"][0]["name"], second["data"].as_array().unwrap().len()), (&json!("b"), 1));
        assert_eq!(second["meta"]["totalPages"], 2);
        let labelled = listed("label=x").await;
        assert_eq!((&labelled["data"][0]["versions"], &labelled["data"][0]["lastConfig"]), (&json!([1]), &json!({ "v": 1 })));
        assert_eq!(listed("label=latest&name=b").await["data"][0]["versions"], json!([2]));
        assert_eq!(listed("tag=t").await["meta"]["totalItems"], 1);
        assert_eq!(listed("tag=none").await["data"], json!([]));
        let at = last["updatedAt"].as_str().unwrap();
        let encoded: String = url::form_urlencoded::byte_serialize(at.as_bytes()).collect();
        assert_eq!(listed(&format!("fromUpdatedAt={encoded}")).await["data"][0]["name"], "a");
        assert_eq!(listed(&format!("toUpdatedAt={encoded}")).await["data"][0]["name"], "b");
        for bad in ["page=0", "limit=0", "limit=101", "fromUpdatedAt=yesterday", "filter=%5B%5D"] {
            app.get(&format!("{PROMPTS}?{bad}")).await.expect(400);
        }
    }

    async fn errors_have_the_shape_and_the_names_that_the_sdks_look_for(app: App) {
        let missing = app.get(&format!("{PROMPTS}/a%2Fb?label=x")).await.expect(404);
        assert_eq!(
            missing,
            json!({ "message": "Prompt not found: 'a/b' with label 'x'", "error": "LangfuseNotFoundError" })
        );
        for body in [
            json!({ "name": "p" }),
            json!({ "name": "p", "prompt": [], "type": "text" }),
            json!({ "name": "p", "prompt": "", "labels": ["A"] }),
            json!({ "name": "p", "prompt": "@@@langfusePrompt:name=gone|label=x@@@" }),
        ] {
            let answer = app.post(PROMPTS, &body).await;
            assert!([400, 422].contains(&answer.status), "{}", answer.text);
            assert!(answer.json()["error"][0]["message"].is_string(), "{}", answer.text);
        }
        app.get(&format!("{PROMPTS}/p?version=1&label=a")).await.expect(400);
    }

    async fn basic_authentication_is_what_the_sdks_use(app: App) {
        create(&app, json!({ "name": "p", "prompt": "", "labels": ["production"] })).await;
        let request = app.anonymous(Method::GET, &format!("{PROMPTS}/p"));
        let request = request.basic_auth(&app.public_key, Some(&app.secret_key));
        Answer::of(request).await.expect(200);
    }
}
