//! Batches of events by `/api/public/ingestion`, as Langfuse's older SDKs send them.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    authorization::Case,
    each_database,
    support::{App, Engine, app::Answer},
};

const PATH: &str = "/api/public/ingestion";

pub fn authorization_cases() -> Vec<(&'static str, Case)> {
    vec![(
        "POST /api/public/ingestion",
        Case::Own(json!({ "batch": [] })),
    )]
}

fn event(id: &str, kind: &str, second: u32, body: &Value) -> Value {
    let timestamp = format!("2025-06-15T12:00:{second:02}.000Z");
    json!({ "id": id, "type": kind, "timestamp": timestamp, "body": body })
}

async fn send(app: &App, events: &[Value]) -> Value {
    let body = json!({ "batch": events, "metadata": { "sdk_name": "python", "batch_size": events.len() } });
    app.post(PATH, &body).await.expect(207)
}

fn ids(answer: &Value, list: &str) -> Vec<String> {
    let items = answer[list].as_array().expect("a list").iter();
    items
        .map(|item| item["id"].as_str().expect("an id").to_owned())
        .collect()
}

async fn read(app: &App, trace: &str) -> Value {
    app.get(&format!("/api/public/traces/{trace}"))
        .await
        .expect(200)
}

fn observation<'a>(trace: &'a Value, id: &str) -> &'a Value {
    let observations = trace["observations"].as_array().expect("a list");
    let found = observations.iter().find(|o| o["id"] == id);
    found.unwrap_or_else(|| panic!("no observation `{id}` in {trace}"))
}

each_database! {
    async fn every_type_of_event_is_read_back(app: App) {
        let io = json!({ "text": "hello 世", "list": [1, null] });
        let answer = send(&app, &[
            event("e1", "trace-create", 1, &json!({
                "id": "trace-1", "name": "question", "userId": "u", "sessionId": "s", "tags": ["b", "a"], "release": "r",
                "version": "v", "public": true, "environment": "staging", "metadata": { "k": [1] }, "input": io,
                "timestamp": "2025-06-15T12:00:00.000Z",
            })),
            event("e2", "span-create", 2, &json!({
                "id": "span-1", "traceId": "trace-1", "name": "step", "startTime": "2025-06-15T12:00:02Z", "input": "in",
            })),
            event("e3", "generation-create", 3, &json!({
                "id": "gen-1", "traceId": "trace-1", "parentObservationId": "span-1", "name": "call", "model": "gpt-4o-mini",
                "modelParameters": { "temperature": 0.5 }, "startTime": "2025-06-15T12:00:03+09:00",
                "completionStartTime": "2025-06-15T12:00:03.5+09:00", "promptName": "p", "promptVersion": 2,
                "usageDetails": { "prompt_tokens": 1000, "completion_tokens": 200, "total_tokens": 1200,
                    "prompt_tokens_details": { "cached_tokens": 400 } },
            })),
            event("e4", "generation-update", 3, &json!({
                "id": "gen-1", "endTime": "2025-06-15T12:00:05+09:00", "output": io, "level": "WARNING", "statusMessage": "slow",
            })),
            event("e5", "event-create", 4, &json!({ "id": "event-1", "traceId": "trace-1", "name": "noticed", "level": "DEBUG" })),
            event("e6", "span-update", 5, &json!({
                "id": "span-1", "traceId": "trace-1", "endTime": "2025-06-15T12:00:06Z", "metadata": { "a": 1 },
            })),
            event("e7", "observation-create", 6, &json!({
                "id": "old-1", "traceId": "trace-1", "type": "GENERATION", "name": "old", "model": "in-house",
                "usage": { "promptTokens": 7, "completionTokens": 3, "totalTokens": 10, "totalCost": 0.5 },
            })),
            event("e8", "score-create", 7, &json!({ "id": "score-1", "traceId": "trace-1", "name": "good", "value": 0.5 })),
            event("e9", "sdk-log", 8, &json!({ "log": "slow" })),
        ]).await;
        assert_eq!(answer["errors"], json!([]), "{answer}");
        assert_eq!(ids(&answer, "successes"), ["e1", "e2", "e3", "e4", "e5", "e6", "e7", "e8"]);
        assert_eq!(answer["successes"][0]["status"], 201);

        let trace = read(&app, "trace-1").await;
        assert_eq!((&trace["name"], &trace["userId"], &trace["sessionId"]), (&json!("question"), &json!("u"), &json!("s")));
        assert_eq!((&trace["tags"], &trace["public"], &trace["environment"]), (&json!(["a", "b"]), &json!(true), &json!("staging")));
        assert_eq!((&trace["input"], &trace["metadata"]["k"]), (&io, &json!([1])));
        let call = observation(&trace, "gen-1");
        assert_eq!((&call["type"], &call["parentObservationId"], &call["model"]), (&json!("GENERATION"), &json!("span-1"), &json!("gpt-4o-mini")));
        assert_eq!((&call["output"], &call["level"], &call["statusMessage"]), (&io, &json!("WARNING"), &json!("slow")));
        assert_eq!((&call["promptName"], &call["promptVersion"]), (&json!("p"), &json!(2)));
        assert_eq!(call["usageDetails"]["input_cached_tokens"], 400);
        assert_eq!(call["usageDetails"]["input"], 600);
        assert!(call["startTime"].as_str().unwrap().starts_with("2025-06-15T03:00:03"));
        let step = observation(&trace, "span-1");
        assert_eq!((&step["type"], &step["metadata"]["a"]), (&json!("SPAN"), &json!(1)));
        assert!(step["endTime"].as_str().unwrap().starts_with("2025-06-15T12:00:06"));
        assert_eq!(observation(&trace, "event-1")["type"], "EVENT");
        let old = observation(&trace, "old-1");
        assert_eq!((&old["usageDetails"]["input"], &old["usageDetails"]["total"]), (&json!(7), &json!(10)));
        assert_eq!(old["calculatedTotalCost"], 0.5);
        let score = app.get("/api/public/v2/scores/score-1").await.expect(200);
        assert_eq!((&score["value"], &score["traceId"]), (&json!(0.5), &json!("trace-1")));
        app.stop().await;
    }

    async fn events_in_any_order_and_number_converge(app: App) {
        let events = |trace: &str| {
            let span = format!("{trace}-span");
            [
                event("a", "trace-create", 1, &json!({ "id": trace, "name": "first", "tags": ["x"] })),
                event("b", "trace-create", 2, &json!({ "id": trace, "name": "second", "output": 1 })),
                event("c", "span-create", 1, &json!({ "id": span, "traceId": trace, "name": "s", "level": "DEFAULT" })),
                event("d", "span-update", 1, &json!({ "id": span, "traceId": trace, "level": "ERROR", "output": [1] })),
            ]
        };
        let orders: [&[&[usize]]; 3] = [&[&[0, 1, 2, 3]], &[&[3], &[2], &[1], &[0]], &[&[1, 3, 1], &[0, 2], &[3, 0, 2, 1]]];
        for (number, order) in orders.iter().enumerate() {
            let name = format!("converging-{number}");
            for places in *order {
                let batch: Vec<Value> = places.iter().map(|place| events(&name)[*place].clone()).collect();
                assert_eq!(send(&app, &batch).await["errors"], json!([]));
            }
            let trace = read(&app, &name).await;
            assert_eq!((&trace["name"], &trace["output"], &trace["tags"]), (&json!("second"), &json!(1), &json!(["x"])));
            assert_eq!(trace["observations"].as_array().unwrap().len(), 1);
            let span = &trace["observations"][0];
            assert_eq!((&span["name"], &span["level"], &span["output"]), (&json!("s"), &json!("ERROR"), &json!([1])));
        }
        app.stop().await;
    }

    async fn an_event_that_is_wrong_keeps_no_other_out(app: App) {
        let good = |id: &str| event(id, "trace-create", 1, &json!({ "id": format!("trace-{id}"), "name": id }));
        let mut no_time = good("no-time");
        no_time.as_object_mut().unwrap().remove("timestamp");
        let wrong = [
            ("body.name", event("w1", "trace-create", 1, &json!({ "id": "t", "name": 5 }))),
            ("body.id", event("w2", "span-create", 1, &json!({ "traceId": "t" }))),
            ("type", event("w3", "no-such-event", 1, &json!({}))),
            ("body.level", event("w4", "span-create", 1, &json!({ "id": "s", "level": "LOUD" }))),
            ("body.startTime", event("w5", "span-create", 1, &json!({ "id": "s", "startTime": "yesterday" }))),
            ("body.promptName", event("w6", "generation-create", 1, &json!({ "id": "g", "promptName": "p" }))),
            ("body.environment", event("w7", "trace-create", 1, &json!({ "id": "t", "environment": "Langfuse!" }))),
            ("body.usageDetails", event("w8", "generation-create", 1, &json!({ "id": "g", "usageDetails": { "input": -1 } }))),
            ("body", json!({ "id": "w9", "type": "trace-create", "timestamp": "2025-06-15T12:00:00Z", "body": [] })),
            ("timestamp", no_time),
            ("body", event("w10", "score-create", 1, &json!({ "traceId": "t", "name": "n", "value": {} }))),
            ("", json!("not an event")),
        ];
        let mut batch: Vec<Value> = wrong.iter().map(|(_, event)| event.clone()).collect();
        batch.insert(3, good("good-1"));
        batch.push(good("good-2"));
        batch.push(good("good-2"));
        let answer = send(&app, &batch).await;
        assert_eq!(ids(&answer, "successes"), ["good-1", "good-2"]);
        let errors = answer["errors"].as_array().unwrap();
        assert_eq!(errors.len(), wrong.len(), "{answer}");
        for ((path, _), error) in wrong.iter().zip(errors) {
            assert_eq!((&error["status"], &error["message"]), (&json!(400), &json!("Invalid request data")), "{error}");
            let issues: Value = serde_json::from_str(error["error"].as_str().unwrap()).unwrap();
            let found: Vec<&str> = issues[0]["path"].as_array().unwrap().iter().map(|p| p.as_str().unwrap()).collect();
            assert_eq!(found.join("."), *path, "{error}");
        }
        assert_eq!(ids(&answer, "errors").last().unwrap(), "unknown");
        assert_eq!(read(&app, "trace-good-2").await["name"], "good-2");
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_batch_is_refused_in_langfuses_shape() {
    let app = App::start(Engine::Sqlite).await;
    for body in [json!([]), json!({ "events": [] }), json!({ "batch": {} })] {
        let refused = app.post(PATH, &body).await.expect(400);
        assert!(
            refused["message"].as_str().unwrap().contains("batch"),
            "{refused}"
        );
    }
    let large = json!({ "batch": ["x".repeat(3_700_000)] });
    let refused = app.post(PATH, &large).await.expect(413);
    assert!(
        refused["message"].as_str().unwrap().contains("3670016"),
        "{refused}"
    );
    // Half a character, as JavaScript writes it when it cuts a text in two.
    let half =
        br#"{"batch": [{"id": "h", "type": "trace-create", "timestamp": "2025-06-15T12:00:00Z",
        "body": {"id": "half", "name": "a\ud83d", "input": {"k\ude00": "\ud83d\ude00\ud83d"}}}]}"#;
    let request = app
        .request(Method::POST, PATH)
        .header("content-type", "application/json")
        .body(&half[..]);
    assert_eq!(Answer::of(request).await.expect(207)["errors"], json!([]));
    let trace = read(&app, "half").await;
    assert_eq!(
        (&trace["name"], &trace["input"]),
        (&json!("a\u{fffd}"), &json!({ "k\u{fffd}": "😀\u{fffd}" }))
    );
    assert_eq!(
        app.post(PATH, &json!({ "batch": [] })).await.expect(207),
        json!({ "successes": [], "errors": [] })
    );
    app.stop().await;
}
