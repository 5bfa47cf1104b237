//! Scores and their configs, as Langfuse's clients send and read them.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    authorization::{Case, MARK},
    each_database,
    support::{App, app::Answer},
};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

/// What the walk of every endpoint needs to know of ours.
pub async fn authorization_cases(app: &App) -> BTreeMap<&'static str, Case> {
    let score = json!({ "id": MARK, "name": MARK, "value": 1, "traceId": TRACE });
    app.post("/api/public/scores", &score).await.expect(200);
    let config = json!({ "name": MARK, "dataType": "NUMERIC" });
    let config = app
        .post("/api/public/score-configs", &config)
        .await
        .expect(200);
    let config = format!(
        "/api/public/score-configs/{}",
        config["id"].as_str().unwrap()
    );
    BTreeMap::from([
        (
            "POST /api/public/scores",
            Case::Own(json!({ "name": "theirs", "value": 1, "traceId": TRACE })),
        ),
        ("GET /api/public/v2/scores", Case::Own(Value::Null)),
        ("GET /api/public/v3/scores", Case::Own(Value::Null)),
        (
            "GET /api/public/v2/scores/{score_id}",
            Case::Row(format!("/api/public/v2/scores/{MARK}"), Value::Null),
        ),
        (
            "DELETE /api/public/scores/{score_id}",
            Case::Row(format!("/api/public/scores/{MARK}"), Value::Null),
        ),
        (
            "POST /api/public/score-configs",
            Case::Own(json!({ "name": "theirs", "dataType": "TEXT" })),
        ),
        ("GET /api/public/score-configs", Case::Own(Value::Null)),
        (
            "GET /api/public/score-configs/{config_id}",
            Case::Row(config.clone(), Value::Null),
        ),
        (
            "PATCH /api/public/score-configs/{config_id}",
            Case::Row(config, json!({ "isArchived": true })),
        ),
    ])
}

fn score(name: &str, value: impl Into<Value>, more: &Value) -> Value {
    let mut score = json!({ "name": name, "value": value.into(), "traceId": TRACE });
    let more = more.as_object().expect("fields").clone();
    score.as_object_mut().expect("an object").extend(more);
    score
}

async fn create(app: &App, score: &Value) -> String {
    let created = app.post("/api/public/scores", score).await.expect(200);
    created["id"].as_str().expect("an id").to_owned()
}

async fn read(app: &App, id: &str) -> Value {
    app.get(&format!("/api/public/v2/scores/{id}"))
        .await
        .expect(200)
}

each_database! {
    async fn a_score_of_each_type_comes_back_as_it_was_given(app: App) {
        let given = [
            (json!(0.25), json!({}), "NUMERIC", json!(0.25), Value::Null),
            (json!(1), json!({ "dataType": "BOOLEAN" }), "BOOLEAN", json!(1.0), json!("True")),
            (json!("good"), json!({}), "CATEGORICAL", json!(0.0), json!("good")),
            (json!("so\u{0}so"), json!({ "dataType": "TEXT" }), "TEXT", Value::Null, json!("so\u{fffd}so")),
            (json!("better"), json!({ "dataType": "CORRECTION" }), "CORRECTION", json!(0.0), json!("better")),
        ];
        for (value, more, data_type, number, text) in given {
            let id = create(&app, &score("quality", value, &more)).await;
            let read = read(&app, &id).await;
            assert_eq!(
                (&read["dataType"], &read["value"], &read["stringValue"]),
                (&json!(data_type), &number, &text), "{read}"
            );
            let name = if data_type == "CORRECTION" { "output" } else { "quality" };
            assert_eq!((&read["name"], &read["environment"]), (&json!(name), &json!("default")));
        }
        app.stop().await;
    }

    async fn a_score_with_a_known_id_replaces_it_and_can_be_deleted_once(app: App) {
        let first = score("quality", json!(0.5), &json!({
            "id": "mine", "comment": "first", "metadata": { "a": 1 }, "timestamp": "2026-01-02T03:04:05.678+09:00",
            "observationId": "b7ad6b7169203331", "environment": "staging",
        }));
        assert_eq!(create(&app, &first).await, "mine");
        let before = read(&app, "mine").await;
        assert_eq!(before["timestamp"], "2026-01-01T18:04:05.678Z");
        assert_eq!((&before["metadata"], &before["comment"]), (&json!({ "a": 1 }), &json!("first")));
        create(&app, &score("quality", json!(0.75), &json!({ "id": "mine" }))).await;
        let after = read(&app, "mine").await;
        assert_eq!((&after["value"], &after["comment"]), (&json!(0.75), &Value::Null));
        assert_eq!(after["createdAt"], before["createdAt"]);
        let path = "/api/public/scores/mine";
        app.delete(path).await.expect(202);
        let gone = app.delete(path).await.expect(404);
        assert_eq!(gone["error"], "LangfuseNotFoundError");
        app.stop().await;
    }

    async fn a_list_of_scores_takes_what_is_right_and_says_what_is_not(app: App) {
        let good = score("quality", json!(1), &json!({ "id": "good" }));
        let all = app.post("/api/public/scores", &json!([good])).await;
        assert_eq!(all.expect(202), json!({ "message": "Accepted" }));
        let list = json!([
            good, { "name": "no subject", "value": 1 }, score("odd", json!([]), &json!({})),
            score("quality", json!(2), &json!({ "dataType": "BOOLEAN" })), 7,
        ]);
        let some = app.post("/api/public/scores", &list).await.expect(207);
        assert_eq!((&some["accepted"], &some["rejected"]), (&json!(1), &json!(4)), "{some}");
        assert_eq!(some["errors"].as_array().unwrap().len(), 4);
        assert_eq!(app.post("/api/public/scores", &json!([])).await.status, 202);
        app.stop().await;
    }

    async fn a_config_holds_scores_to_its_range_and_labels(app: App) {
        let config = json!({
            "name": "tone", "dataType": "CATEGORICAL",
            "categories": [{ "label": "kind", "value": 1.0 }, { "label": "rude", "value": 0.0 }],
        });
        let config = app.post("/api/public/score-configs", &config).await.expect(200);
        let id = config["id"].as_str().unwrap();
        let with = |value: Value| score("tone", value, &json!({ "configId": id }));
        let kind = create(&app, &with(json!("kind"))).await;
        assert_eq!(read(&app, &kind).await["value"], 1.0);
        for (score, says) in [
            (with(json!("odd")), "kind, rude"),
            (score("other", json!("kind"), &json!({ "configId": id })), "tone"),
            (score("tone", json!("kind"), &json!({ "configId": "none" })), "none"),
            (score("tone", json!("kind"), &json!({ "source": "ANNOTATION" })), "configId"),
        ] {
            let refused = app.post("/api/public/scores", &score).await;
            let body = refused.json();
            assert!((400..405).contains(&refused.status), "{body}");
            assert!(body["message"].as_str().unwrap().contains(says), "{body}");
        }
        let path = format!("/api/public/score-configs/{id}");
        let changed = app.patch(&path, &json!({ "isArchived": true, "description": "old" })).await.expect(200);
        assert_eq!(app.get(&path).await.expect(200), changed);
        app.post("/api/public/scores", &with(json!("kind"))).await.expect(400);
        let list = app.get("/api/public/score-configs?limit=10").await.expect(200);
        assert_eq!(list["data"], json!([changed]));
        assert_eq!(list["meta"], json!({ "page": 1, "limit": 10, "totalItems": 1, "totalPages": 1 }));
        app.stop().await;
    }

    async fn what_is_not_right_is_told_in_langfuses_shape(app: App) {
        for (path, body) in [
            ("scores", json!({ "name": "n", "value": 1 })),
            ("scores", score("", json!(1), &json!({}))),
            ("scores", score("n", json!(null), &json!({}))),
            ("scores", score("n", json!(1), &json!({ "dataType": "ODD" }))),
            ("scores", score("n", json!(1), &json!({ "source": "EVAL" }))),
            ("scores", score("n", json!(1), &json!({ "environment": "Prod!" }))),
            ("scores", score("n", json!(1), &json!({ "timestamp": "yesterday" }))),
            ("scores", json!({ "name": "n", "value": 1, "sessionId": "s", "observationId": "b7ad6b7169203331" })),
            ("score-configs", json!({ "name": "x".repeat(36), "dataType": "TEXT" })),
            ("score-configs", json!({ "name": "c", "dataType": "CATEGORICAL" })),
            ("score-configs", json!({ "name": "c", "dataType": "NUMERIC", "minValue": 1, "maxValue": 0 })),
            ("score-configs", json!({ "name": "c", "dataType": "BOOLEAN", "categories": [] })),
            ("score-configs", json!({ "name": "c", "dataType": "CORRECTION" })),
        ] {
            let answer = app.post(&format!("/api/public/{path}"), &body).await;
            let told = answer.expect(400);
            assert!(told["message"].is_string() && told["error"].is_array(), "{body}: {told}");
        }
        let big = json!([score("n", json!("x".repeat(1024 * 1024)), &json!({}))]);
        app.post("/api/public/scores", &big).await.expect(413);
        for path in ["v2/scores/none", "score-configs/none"] {
            let missing = app.get(&format!("/api/public/{path}")).await.expect(404);
            assert_eq!(missing["error"], "LangfuseNotFoundError");
        }
        let reader = app.with_scopes(&["traces:read"]).await;
        let refused = reader.send(Method::POST, "/api/public/scores", Some(&score("n", json!(1), &json!({})))).await;
        assert_eq!(refused.expect(403)["error"], "ForbiddenError");
        let nobody = Answer::of(app.anonymous(Method::POST, "/api/public/scores").json(&json!([]))).await;
        nobody.expect(401);
        app.stop().await;
    }
}
