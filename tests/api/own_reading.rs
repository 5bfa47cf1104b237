//! Our own API of traces: lists by cursor, reports in a place's time, and the export.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    authorization::{Case, MARK},
    reading::{AMOUNT, both, same, with},
    support::{App, app::Answer},
};

/// What the walk of every endpoint needs to know of ours.
pub fn authorization_cases() -> BTreeMap<&'static str, Case> {
    let own = || Case::Own(Value::Null);
    let report = json!({
        "view": "traces", "group_by": ["name"], "metrics": [{ "measure": "count", "aggregation": "count" }],
        "from": "2026-01-01T00:00:00Z", "to": "2036-01-01T00:00:00Z",
    });
    BTreeMap::from([
        ("GET /api/v1/traces", own()),
        ("GET /api/v1/traces/export", own()),
        (
            "GET /api/v1/traces/{trace_id}",
            Case::Row(format!("/api/v1/traces/{MARK}"), Value::Null),
        ),
        ("GET /api/v1/observations", own()),
        ("GET /api/v1/scores", own()),
        ("GET /api/v1/sessions", own()),
        ("GET /api/v1/users", own()),
        ("POST /api/v1/analytics", Case::Own(report)),
    ])
}

async fn stop(apps: [App; 2]) {
    for app in apps {
        app.stop().await;
    }
}

/// Every item of a list, page by page.
async fn all(apps: &[App; 2], path: &str, parameters: &[(&str, &str)]) -> Vec<Value> {
    let (mut items, mut cursor) = (Vec::new(), String::new());
    loop {
        let mut parameters = parameters.to_vec();
        if !cursor.is_empty() {
            parameters.push(("cursor", &cursor));
        }
        let page = same(apps, &with(path, &parameters)).await;
        items.extend(page["items"].as_array().unwrap().iter().cloned());
        match page["next"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => return items,
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_give_each_row_once_on_both_databases() {
    let apps = both().await;
    let traces = all(&apps, "/api/v1/traces", &[("limit", "7")]).await;
    assert_eq!(traces.len(), AMOUNT.traces);
    assert!(traces[0].get("io").is_none());
    let observations = all(
        &apps,
        "/api/v1/observations",
        &[("limit", "90"), ("fields", "io")],
    )
    .await;
    assert_eq!(observations.len(), AMOUNT.traces * AMOUNT.observations_each);
    assert!(observations[0]["io"]["input"].is_string());
    let filter =
        json!([{ "type": "string", "column": "level", "operator": "=", "value": "ERROR" }]);
    let errors = all(
        &apps,
        "/api/v1/observations",
        &[("filter", &filter.to_string())],
    )
    .await;
    let failed = observations
        .iter()
        .filter(|o| o["level"] == "ERROR")
        .count();
    assert_eq!(errors.len(), failed);
    assert!(
        !all(&apps, "/api/v1/scores", &[("limit", "30")])
            .await
            .is_empty()
    );
    let users = all(&apps, "/api/v1/users", &[("limit", "2")]).await;
    let of_users: u64 = users
        .iter()
        .map(|user| user["trace_count"].as_u64().unwrap())
        .sum();
    let with_user = traces
        .iter()
        .filter(|trace| trace["user_id"].is_string())
        .count();
    assert_eq!(of_users, with_user as u64);
    same(&apps, "/api/v1/sessions?limit=5&page=2").await;
    let whole = same(
        &apps,
        &format!("/api/v1/traces/{}", traces[3]["id"].as_str().unwrap()),
    )
    .await;
    assert_eq!(
        whole["observations"].as_array().unwrap().len(),
        AMOUNT.observations_each
    );
    for path in [
        "traces?limit=0",
        "traces?cursor=x",
        "observations?fields=secret",
        "scores?filter=x",
        "users?since=x",
    ] {
        apps[0]
            .get(&format!("/api/v1/{path}"))
            .await
            .expect_error(400);
    }
    apps[0].get("/api/v1/traces/none").await.expect_error(404);
    Box::pin(stop(apps)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reports_know_where_days_begin() {
    let apps = both().await;
    let report = async |body: Value| {
        let (one, other) = tokio::join!(
            apps[0].post("/api/v1/analytics", &body),
            apps[1].post("/api/v1/analytics", &body)
        );
        assert_eq!(one.status, other.status);
        if one.status == 200 {
            assert_eq!(one.text, other.text, "{body}");
        }
        (one.status, one.json())
    };
    let body = |offset: &str, bucket: &str| {
        json!({
            "view": "observations", "metrics": [{ "measure": "count", "aggregation": "count" }],
            "from": "2026-03-01T00:00:00Z", "to": "2026-05-01T00:00:00Z", "bucket": bucket, "utc_offset": offset,
            "limit": 1000,
        })
    };
    let mut counts = Vec::new();
    for offset in ["+00:00", "+09:00", "-03:30"] {
        for bucket in ["minute", "hour", "day", "week", "month"] {
            let (status, found) = report(body(offset, bucket)).await;
            assert_eq!(status, 200, "{found}");
            let rows = found["rows"].as_array().unwrap();
            let all: u64 = rows
                .iter()
                .map(|row| row["count_count"].as_u64().unwrap())
                .sum();
            assert_eq!(all, (AMOUNT.traces * AMOUNT.observations_each) as u64);
            let time = rows[0]["time"].as_str().unwrap();
            if bucket == "hour" && offset == "+09:00" {
                assert!(time.ends_with("+09:00"), "{time}");
            }
            counts.push(rows.len());
        }
    }
    assert!(counts.iter().any(|count| *count >= AMOUNT.traces / 2));
    for wrong in [body("Asia/Tokyo", "day"), body("+09:00", "year")] {
        assert_eq!(report(wrong).await.0, 400);
    }
    Box::pin(stop(apps)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_has_every_trace_and_goes_on_where_it_broke_off() {
    let apps = both().await;
    let mut texts = Vec::new();
    for app in &apps {
        let answer = app.get("/api/v1/traces/export?limit=7").await;
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (200, Some("application/x-ndjson"))
        );
        texts.push(answer.text);
    }
    assert_eq!(texts[0], texts[1]);
    let lines: Vec<Value> = texts[0]
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), AMOUNT.traces);
    assert!(
        lines
            .iter()
            .all(|line| line["observations"].as_array().unwrap().len() == AMOUNT.observations_each)
    );
    let cursor = lines[20]["cursor"].as_str().unwrap();
    let rest = apps[0]
        .get(&format!("/api/v1/traces/export?cursor={cursor}"))
        .await
        .text;
    let rest: Vec<Value> = rest
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(rest, lines[21..]);
    let request = apps[0]
        .request(Method::GET, "/api/v1/traces/export")
        .header("accept-encoding", "gzip");
    let response = request.send().await.unwrap();
    assert_eq!(response.headers()["content-encoding"], "gzip");
    let reader = apps[0].with_scopes(&["prompts:read"]).await;
    let refused = Answer::of(reader.request(Method::GET, "/api/v1/traces/export")).await;
    refused.expect_error(403);
    Box::pin(stop(apps)).await;
}
