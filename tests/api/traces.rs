//! Traces and observations as Langfuse's clients read them.

use serde_json::{Value, json};

use crate::support::{
    App, Engine,
    app::Answer,
    provider::{Provider, Reply},
};

/// An app with `calls` traces, of users `u-0` and `u-1` in turn; also gives the traces' ids.
async fn with_traces(engine: Engine, calls: usize) -> (App, Vec<String>) {
    let provider = Provider::start([Reply::completion("Hello")]).await;
    let app = App::start_with(engine, &provider.settings()).await;
    let mut ids = Vec::new();
    for number in 0..calls {
        let metadata = json!({
            "langfuse_user_id": format!("u-{}", number % 2), "langfuse_trace_name": format!("call-{number}"),
            "langfuse_session_id": "s", "langfuse_release": "r1", "langfuse_version": "v1",
            "langfuse_environment": if number == 0 { "staging" } else { "production" },
        });
        let call = json!({ "model": "gpt-4o-mini", "messages": [{ "role": "user", "content": "Hi" }], "metadata": metadata });
        let answer = app.post("/v1/chat/completions", &call).await;
        ids.push(
            answer
                .header("x-kaname-trace-id")
                .expect("a trace")
                .to_owned(),
        );
    }
    (app, ids)
}

macro_rules! on_both {
    ($($name:ident)+) => {$(
        mod $name {
            use super::*;

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                super::$name(Engine::Sqlite).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                super::$name(Engine::Postgres).await;
            }
        }
    )+};
}

on_both! {
    a_trace_and_its_observation_have_langfuses_shape
    lists_are_paged_and_filtered
    the_cursor_list_gives_every_observation_once_and_only_the_groups_asked_for
    what_is_missing_or_not_understood_is_told_in_langfuses_shape
}

fn names(list: &Value) -> Vec<&str> {
    let items = list["data"].as_array().expect("a list");
    items
        .iter()
        .map(|item| item["name"].as_str().expect("a name"))
        .collect()
}

/// What differs from run to run, by a fixed word.
fn settled(mut value: Value) -> Value {
    fn settle(value: &mut Value) {
        const CHANGING: &[&str] = &[
            "id",
            "traceId",
            "timestamp",
            "startTime",
            "endTime",
            "createdAt",
            "updatedAt",
            "htmlPath",
            "latency",
        ];
        match value {
            Value::Object(object) => {
                for (key, value) in object.iter_mut() {
                    if CHANGING.contains(&key.as_str()) && !value.is_null() {
                        *value = "…".into();
                    } else {
                        settle(value);
                    }
                }
            }
            Value::Array(items) => items.iter_mut().for_each(settle),
            _ => {}
        }
    }
    settle(&mut value);
    value
}

async fn a_trace_and_its_observation_have_langfuses_shape(engine: Engine) {
    let (app, ids) = with_traces(engine, 1).await;
    let path = format!("/api/public/traces/{}", ids[0]);
    let trace = app.get(&path).await.expect(200);
    assert_eq!(trace["id"], ids[0]);
    assert!(
        trace["htmlPath"]
            .as_str()
            .unwrap()
            .ends_with(&format!("/traces/{}", ids[0]))
    );
    insta::assert_json_snapshot!("trace", settled(trace.clone()));
    let id = trace["observations"][0]["id"].as_str().unwrap();
    let observation = app
        .get(&format!("/api/public/observations/{id}"))
        .await
        .expect(200);
    assert_eq!(observation, trace["observations"][0]);

    let core = app.get(&format!("{path}?fields=core")).await.expect(200);
    assert_eq!(
        (&core["input"], &core["observations"], &core["totalCost"]),
        (&Value::Null, &json!([]), &json!(-1.0))
    );
    app.stop().await;
}

async fn lists_are_paged_and_filtered(engine: Engine) {
    let (app, ids) = with_traces(engine, 5).await;
    let list = async |query: &str| {
        app.get(&format!("/api/public/traces?{query}"))
            .await
            .expect(200)
    };
    let page = list("page=2&limit=2").await;
    assert_eq!(
        page["meta"],
        json!({ "page": 2, "limit": 2, "totalItems": 5, "totalPages": 3 })
    );
    assert_eq!(names(&page), ["call-2", "call-1"]);
    assert_eq!(page["data"][0]["observations"].as_array().unwrap().len(), 1);
    assert_eq!(names(&list("page=9").await), Vec::<&str>::new());
    assert_eq!(
        names(&list("userId=u-1&orderBy=timestamp.asc").await),
        ["call-1", "call-3"]
    );
    assert_eq!(
        names(&list("name=call-4&sessionId=s&release=r1&version=v1").await),
        ["call-4"]
    );
    assert_eq!(
        names(&list("environment=staging&environment=other").await),
        ["call-0"]
    );
    let whole = app
        .get(&format!("/api/public/traces/{}", ids[2]))
        .await
        .expect(200);
    let time = whole["timestamp"].as_str().unwrap();
    assert_eq!(
        names(&list(&format!("fromTimestamp={time}")).await),
        ["call-4", "call-3", "call-2"]
    );
    assert_eq!(
        names(&list(&format!("toTimestamp={time}")).await),
        ["call-1", "call-0"]
    );
    app.stop().await;
}

async fn the_cursor_list_gives_every_observation_once_and_only_the_groups_asked_for(
    engine: Engine,
) {
    let (app, ids) = with_traces(engine, 5).await;
    let list = async |query: &str| {
        app.get(&format!("/api/public/v2/observations?{query}"))
            .await
            .expect(200)
    };
    let (mut cursor, mut seen) = (String::new(), Vec::new());
    loop {
        let page = list(&format!("limit=2&fields=core&cursor={cursor}")).await;
        seen.extend(
            page["data"]
                .as_array()
                .unwrap()
                .iter()
                .map(|o| o["traceId"].as_str().unwrap().to_owned()),
        );
        match page["meta"]["cursor"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => break,
        }
    }
    assert_eq!(seen, ids.iter().rev().cloned().collect::<Vec<_>>());

    let all =
        list("limit=1&fields=core,basic,time,io,metadata,model,usage,prompt,metrics,trace_context")
            .await;
    insta::assert_json_snapshot!("observation_v2", settled(all["data"][0].clone()));
    let core: Vec<_> = list("limit=1&fields=core").await["data"][0]
        .as_object()
        .unwrap()
        .keys()
        .cloned()
        .collect();
    assert_eq!(
        core,
        [
            "id",
            "traceId",
            "startTime",
            "endTime",
            "projectId",
            "type",
            "parentObservationId"
        ]
    );

    let count = async |query: &str| list(query).await["data"].as_array().unwrap().len();
    assert_eq!(count(&format!("traceId={}", ids[1])).await, 1);
    assert_eq!(
        count(
            "userId=u-0&type=GENERATION&level=DEFAULT&isRootObservation=true&parentObservationId="
        )
        .await,
        3
    );
    assert_eq!(
        count("type=SPAN").await
            + count("level=ERROR").await
            + count("isRootObservation=false").await,
        0
    );
    assert_eq!(
        count("environment=production&sessionId=s&version=v1&name=chat+gpt-4o-mini").await,
        4
    );
    assert_eq!(count("toStartTime=2020-01-01T00:00:00Z").await, 0);
    assert_eq!(count("fromStartTime=2020-01-01T00:00:00%2B09:00").await, 5);
    app.stop().await;
}

async fn what_is_missing_or_not_understood_is_told_in_langfuses_shape(engine: Engine) {
    let app = App::start(engine).await;
    for path in [
        "traces/0af7651916cd43dd8448eb211c80319c",
        "traces/no-id",
        "observations/b7ad6b7169203331",
        "observations/x",
    ] {
        let body = app.get(&format!("/api/public/{path}")).await.expect(404);
        assert_eq!(body["error"], "LangfuseNotFoundError", "{body}");
    }
    for query in [
        "traces?limit=101",
        "traces?page=x",
        "traces?filter=x",
        "traces?orderBy=secret.asc",
        "traces?userId=%00",
        "traces?fromTimestamp=yesterday",
        "v2/observations?limit=1001",
        "v2/observations?cursor=junk",
        "v2/observations?fields=core,secrets",
        "v2/observations?parseIoAsJson=true",
        "v2/observations?type=NOTHING",
        "v2/observations?filter={}",
    ] {
        let body = app.get(&format!("/api/public/{query}")).await.expect(400);
        assert!(
            body["message"].is_string() && body["error"][0]["code"] == "invalid_request",
            "{query}: {body}"
        );
    }
    let nobody = Answer::of(app.anonymous(reqwest::Method::GET, "/api/public/traces")).await;
    assert_eq!(nobody.expect(401)["error"], "UnauthorizedError");
    app.stop().await;
}
