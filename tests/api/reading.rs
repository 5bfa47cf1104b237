//! Reading what was traced: both databases give the same answers to every filter, order and page.

use serde_json::{Value, json};
use url::form_urlencoded;

use crate::support::{
    App, Engine,
    seed::{self, Amount},
};

pub const AMOUNT: Amount = Amount {
    traces: 60,
    observations_each: 5,
    seconds: 40 * 24 * 3600,
};

/// Two apps with the same traces, one on each database.
pub async fn both() -> [App; 2] {
    let (sqlite, postgres) = tokio::join!(
        Box::pin(App::start(Engine::Sqlite)),
        Box::pin(App::start(Engine::Postgres))
    );
    seed::fill(&sqlite, AMOUNT).await;
    seed::fill(&postgres, AMOUNT).await;
    [sqlite, postgres]
}

/// The answer that both give.
pub async fn same([sqlite, postgres]: &[App; 2], path: &str) -> Value {
    let (one, other) = tokio::join!(sqlite.get(path), postgres.get(path));
    assert_eq!(one.status, 200, "{path}: {}", one.text);
    assert_eq!(one.text, other.text, "{path}");
    one.json()
}

pub fn with(path: &str, parameters: &[(&str, &str)]) -> String {
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(parameters)
        .finish();
    format!("{path}?{query}")
}

fn condition(kind: &str, column: &str, operator: &str, value: impl Into<Value>) -> Value {
    json!({ "type": kind, "column": column, "operator": operator, "value": value.into() })
}

fn keyed(kind: &str, column: &str, key: &str, operator: &str, value: impl Into<Value>) -> Value {
    json!({ "type": kind, "column": column, "key": key, "operator": operator, "value": value.into() })
}

/// Conditions that some of the rows pass and some do not.
#[expect(clippy::too_many_lines, reason = "a list of cases")]
fn trace_conditions() -> Vec<Value> {
    vec![
        condition("string", "id", "ends with", json!("7")),
        condition("string", "name", "=", json!("100%_off")),
        condition("string", "name", "contains", json!("%_")),
        condition("string", "name", "does not contain", json!("a")),
        condition("string", "name", "starts with", json!("R\u{e9}")),
        condition(
            "stringOptions",
            "name",
            "any of",
            json!(["chat", "\u{3042}"]),
        ),
        condition(
            "stringOptions",
            "userId",
            "none of",
            json!(["user-1", "user-2"]),
        ),
        condition("datetime", "timestamp", ">=", json!("2026-03-20T00:00:00Z")),
        condition(
            "datetime",
            "timestamp",
            "<",
            json!("2026-03-20T09:00:00+09:00"),
        ),
        condition("null", "userId", "is null", json!("")),
        condition("null", "sessionId", "is not null", json!("")),
        condition("arrayOptions", "tags", "any of", json!(["a", "c'"])),
        condition("arrayOptions", "tags", "all of", json!(["a", "b"])),
        condition("arrayOptions", "tags", "none of", json!(["b"])),
        condition("null", "tags", "is null", json!("")),
        condition("boolean", "bookmarked", "=", json!(true)),
        condition("boolean", "bookmarked", "<>", json!(true)),
        keyed("stringObject", "metadata", "tier", "=", json!("gold")),
        keyed(
            "stringObject",
            "metadata",
            "tier",
            "does not contain",
            json!("ol"),
        ),
        keyed(
            "categoryOptions",
            "metadata",
            "tier",
            "none of",
            json!(["gold"]),
        ),
        keyed("numberObject", "metadata", "score", ">", json!(12.5)),
        keyed("booleanObject", "metadata", "beta", "=", json!(true)),
        condition("number", "latency", ">", json!(3.5)),
        condition("number", "totalCost", ">=", json!(0.001)),
        condition("number", "totalTokens", "<", json!(4000)),
        condition("number", "inputTokens", ">", json!(2500)),
        condition("number", "outputCost", "<=", json!(0.0006)),
        condition("number", "errorCount", ">", json!(0)),
        condition("number", "warningCount", "=", json!(1)),
        condition("string", "level", "=", json!("WARNING")),
        keyed("numberObject", "scores_avg", "quality", ">=", json!(20)),
        keyed(
            "categoryOptions",
            "score_categories",
            "tone",
            "any of",
            json!(["kind"]),
        ),
        keyed(
            "booleanObject",
            "score_booleans",
            "correct",
            "<>",
            json!(true),
        ),
        condition("string", "input", "matches", json!("HELLO 1")),
    ]
}

fn observation_conditions() -> Vec<Value> {
    vec![
        condition("string", "type", "=", json!("GENERATION")),
        condition(
            "stringOptions",
            "level",
            "any of",
            json!(["ERROR", "WARNING"]),
        ),
        condition("string", "statusMessage", "contains", json!("fail")),
        condition("string", "traceName", "=", json!("chat")),
        condition("string", "userId", "starts with", json!("user-1")),
        condition("null", "sessionId", "is null", json!("")),
        condition("arrayOptions", "tags", "any of", json!(["a"])),
        condition("string", "release", "=", json!("r1")),
        condition("boolean", "isRootObservation", "=", json!(true)),
        condition("number", "latency", ">=", json!(2.5)),
        condition("number", "timeToFirstToken", "<", json!(0.5)),
        condition("number", "tokensPerSecond", ">", json!(100)),
        condition("number", "inputTokens", ">", json!(500)),
        condition("number", "totalCost", "<", json!(0.0001)),
        condition("string", "model", "=", json!("claude")),
        condition("null", "model", "is null", json!("")),
        condition("number", "promptVersion", "=", json!(2)),
        condition("string", "output", "contains", json!("\"out\": 3")),
        keyed("numberObject", "metadata", "step", "<=", json!(1)),
        keyed("stringObject", "metadata", "step", "is set", json!("")),
        condition("datetime", "endTime", ">", json!("2026-03-20T00:00:00Z")),
    ]
}

fn score_conditions() -> Vec<Value> {
    vec![
        condition("string", "name", "=", json!("quality")),
        condition("number", "value", ">", json!(20)),
        condition("stringOptions", "dataType", "any of", json!(["BOOLEAN"])),
        condition("boolean", "booleanValue", "=", json!(true)),
        condition("string", "stringValue", "=", json!("rude")),
        condition("string", "userId", "=", json!("user-1")),
        condition("arrayOptions", "tags", "none of", json!(["a"])),
        condition("string", "observationModelName", "=", json!("gpt-4o")),
        condition("null", "observationPromptName", "is null", json!("")),
        condition("string", "traceName", "contains", json!("\u{e9}")),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_databases_pass_the_same_rows_through_every_condition() {
    let apps = both().await;
    for (path, conditions, least) in [
        ("/api/public/traces", trace_conditions(), 1),
        ("/api/public/observations", observation_conditions(), 1),
        ("/api/public/v2/scores", score_conditions(), 1),
    ] {
        let all = same(&apps, path).await["meta"]["totalItems"]
            .as_u64()
            .unwrap();
        for condition in conditions {
            let filter = json!([condition]).to_string();
            let found = same(&apps, &with(path, &[("filter", &filter), ("limit", "100")])).await;
            let total = found["meta"]["totalItems"].as_u64().unwrap();
            assert!(
                (least..all).contains(&total) || condition["operator"] == "is set",
                "{condition}: {total} of {all}"
            );
        }
    }
    for app in apps {
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_databases_order_and_page_alike() {
    let apps = both().await;
    for column in [
        "id",
        "timestamp",
        "name",
        "userId",
        "release",
        "version",
        "public",
        "bookmarked",
        "sessionId",
    ] {
        for direction in ["asc", "desc"] {
            let order = format!("{column}.{direction}");
            for page in ["1", "3"] {
                let parameters = [("orderBy", order.as_str()), ("page", page), ("limit", "25")];
                same(&apps, &with("/api/public/traces", &parameters)).await;
            }
        }
    }
    let path = "/api/public/v2/observations";
    let fields = "core,basic,time,io,metadata,model,usage,prompt,metrics,trace_context";
    let (mut cursor, mut seen) = (String::new(), Vec::new());
    loop {
        let parameters = [("fields", fields), ("limit", "70"), ("cursor", &cursor)];
        let page = same(&apps, &with(path, &parameters)).await;
        let ids = page["data"].as_array().unwrap().iter();
        seen.extend(ids.map(|o| (o["startTime"].clone(), o["id"].as_str().unwrap().to_owned())));
        match page["meta"]["cursor"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => break,
        }
    }
    assert_eq!(seen.len(), AMOUNT.traces * AMOUNT.observations_each);
    let ordered = seen
        .windows(2)
        .all(|pair| pair[0].0.as_str() >= pair[1].0.as_str());
    assert!(ordered, "newest first");
    let mut ids: Vec<_> = seen.iter().map(|(_, id)| id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), seen.len(), "each once");
    for app in apps {
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_databases_show_the_same_traces_and_sessions() {
    let apps = both().await;
    let list = same(&apps, "/api/public/traces?limit=5").await;
    for trace in list["data"].as_array().unwrap() {
        let whole = same(
            &apps,
            &format!("/api/public/traces/{}", trace["id"].as_str().unwrap()),
        )
        .await;
        assert_eq!(
            whole["observations"].as_array().unwrap().len(),
            AMOUNT.observations_each
        );
        assert_eq!(whole["latency"], trace["latency"]);
        assert_eq!(
            whole["output"]["out"].as_u64(),
            trace["output"]["out"].as_u64(),
            "that of a root"
        );
        let ids = |items: &Value| -> Vec<Value> {
            items
                .as_array()
                .unwrap()
                .iter()
                .map(|item| item["id"].clone())
                .collect()
        };
        assert_eq!(json!(ids(&whole["observations"])), trace["observations"]);
        assert_eq!(json!(ids(&whole["scores"])), trace["scores"]);
    }
    let core = same(&apps, "/api/public/traces?limit=1&fields=core").await;
    assert_eq!(
        (
            &core["data"][0]["input"],
            &core["data"][0]["scores"],
            &core["data"][0]["latency"]
        ),
        (&Value::Null, &json!([]), &json!(-1.0))
    );
    let sessions = same(&apps, "/api/public/sessions?limit=3&environment=production").await;
    for session in sessions["data"].as_array().unwrap() {
        assert_eq!(session["environment"], "production");
        let path = format!("/api/public/sessions/{}", session["id"].as_str().unwrap());
        let traces = same(&apps, &path).await["traces"].as_array().unwrap().len();
        assert!(traces > 0);
    }
    for app in apps {
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_databases_list_the_same_scores() {
    let apps = both().await;
    let v3 = "/api/public/v3/scores";
    for query in [
        "fields=details,subject,annotation&limit=20",
        "dataType=numeric&valueMin=10&valueMax=20.5",
        "dataType=BOOLEAN&value=true",
        "dataType=CATEGORICAL&value=kind,rude&name=tone",
        "dataType=NUMERIC&value=10,20",
        "source=api&environment=staging",
        "fromTimestamp=2026-03-20T00:00:00Z",
    ] {
        let found = same(&apps, &format!("{v3}?{query}")).await;
        assert!(
            !found["data"].as_array().unwrap().is_empty() || query.contains("value=10"),
            "{query}"
        );
    }
    for query in [
        "traceTags=a&userId=user-1",
        "operator=%3E&value=20&name=quality",
        "fields=score&dataType=BOOLEAN",
    ] {
        same(&apps, &format!("/api/public/v2/scores?{query}")).await;
    }
    for query in [
        "limit=101",
        "fields=secrets",
        "dataType=ODD",
        "valueMin=1",
        "value=1",
        "dataType=TEXT&value=x",
        "dataType=BOOLEAN&value=1",
        "observationId=x",
        "traceId=x&sessionId=y",
        "cursor=junk",
    ] {
        let refused = apps[0].get(&format!("{v3}?{query}")).await.expect(400);
        assert!(refused["message"].is_string(), "{query}");
    }
    for app in apps {
        app.stop().await;
    }
}
