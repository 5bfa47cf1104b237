//! Reports: both databases give the same numbers, and they are what the lists add up to.

use serde_json::{Value, json};

use crate::{
    reading::{AMOUNT, both, same, with},
    support::App,
};

async fn report(apps: &[App; 2], version: &str, query: &Value) -> Vec<Value> {
    let path = format!("/api/public/{version}metrics");
    let answer = same(apps, &with(&path, &[("query", &query.to_string())])).await;
    answer["data"].as_array().expect("rows").clone()
}

fn query(view: &str, dimensions: &[&str], metrics: &[(&str, &str)], more: &Value) -> Value {
    let fields: Vec<_> = dimensions
        .iter()
        .map(|name| json!({ "field": name }))
        .collect();
    let metrics: Vec<_> = metrics
        .iter()
        .map(|(measure, aggregation)| json!({ "measure": measure, "aggregation": aggregation }))
        .collect();
    let mut query = json!({
        "view": view, "dimensions": fields, "metrics": metrics,
        "fromTimestamp": "2026-03-01T00:00:00Z", "toTimestamp": "2026-05-01T00:00:00Z",
    });
    let more = more.as_object().expect("fields").clone();
    query.as_object_mut().expect("an object").extend(more);
    query
}

const NUMBERS: &[&str] = &[
    "sum", "avg", "count", "max", "min", "p50", "p75", "p90", "p95", "p99",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[expect(clippy::too_many_lines, reason = "one table of every view")]
async fn both_databases_report_the_same() {
    let apps = both().await;
    for (view, dimensions, measures) in [
        (
            "traces",
            &["name", "environment", "release"][..],
            &["latency", "totalCost", "totalTokens", "scoresCount"][..],
        ),
        ("traces", &["tags"], &["totalCost", "errors"]),
        ("traces", &["userId", "bookmarked"], &["observationsCount"]),
        (
            "observations",
            &["providedModelName", "level"],
            &[
                "latency",
                "streamingLatency",
                "timeToFirstToken",
                "inputTokens",
                "outputTokens",
                "totalTokens",
            ],
        ),
        (
            "observations",
            &["promptName", "promptVersion"],
            &["inputCost", "outputCost", "totalCost", "errors"],
        ),
        (
            "observations",
            &["tags", "isRootObservation"],
            &["tokensPerSecond", "outputTokensPerSecond", "countScores"],
        ),
        (
            "observations",
            &["traceName", "provider", "startTimeMonth"],
            &["latency"],
        ),
        (
            "scores-numeric",
            &["name", "dataType", "observationModelName"],
            &["value"],
        ),
        (
            "scores-boolean",
            &["booleanValue", "traceName", "timestampDay"],
            &["value"],
        ),
    ] {
        for measure in measures {
            let metrics: Vec<_> = NUMBERS
                .iter()
                .map(|aggregation| (*measure, *aggregation))
                .collect();
            let more = json!({ "config": { "row_limit": 1000 } });
            let rows = report(&apps, "", &query(view, dimensions, &metrics, &more)).await;
            assert!(rows.len() > 1, "{view} by {dimensions:?}");
        }
    }
    let categories = query(
        "scores-categorical",
        &["stringValue", "tags"],
        &[("count", "count")],
        &json!({}),
    );
    assert!(report(&apps, "v2/", &categories).await.len() > 2);
    for granularity in ["auto", "hour", "day", "week", "month"] {
        let more = json!({ "timeDimension": { "granularity": granularity }, "config": { "row_limit": 1000 } });
        let rows = report(
            &apps,
            "v2/",
            &query("observations", &["level"], &[("latency", "p95")], &more),
        )
        .await;
        assert!(
            rows.iter().all(|row| row["time_dimension"].is_string()),
            "{granularity}"
        );
    }
    let histogram = query(
        "observations",
        &["environment"],
        &[("latency", "histogram"), ("count", "count")],
        &json!({}),
    );
    for row in report(&apps, "v2/", &histogram).await {
        let bins = row["histogram_latency"].as_array().unwrap();
        let high: u64 = bins.iter().map(|bin| bin[2].as_u64().unwrap()).sum();
        assert!(
            bins.len() <= 10 && high <= row["count_count"].as_u64().unwrap(),
            "{row}"
        );
    }
    for app in apps {
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[expect(clippy::too_many_lines, reason = "one table of every view")]
async fn reports_add_up_to_what_lists_show() {
    let apps = both().await;
    let whole = query(
        "observations",
        &[],
        &[("count", "count"), ("latency", "p50"), ("totalCost", "sum")],
        &json!({}),
    );
    let row = report(&apps, "v2/", &whole).await[0].clone();
    assert_eq!(row["count_count"], AMOUNT.traces * AMOUNT.observations_each);
    let (mut latencies, mut cost, mut page) = (Vec::new(), 0.0, 1);
    loop {
        let list = same(
            &apps,
            &format!("/api/public/observations?limit=100&page={page}"),
        )
        .await;
        let items = list["data"].as_array().unwrap();
        if items.is_empty() {
            break;
        }
        latencies.extend(items.iter().filter_map(|o| o["latency"].as_f64()));
        cost += items
            .iter()
            .filter_map(|o| o["calculatedTotalCost"].as_f64())
            .sum::<f64>();
        page += 1;
    }
    latencies.sort_unstable_by(f64::total_cmp);
    let middle = latencies.len() / 2;
    let median = if latencies.len() % 2 == 0 {
        f64::midpoint(latencies[middle - 1], latencies[middle])
    } else {
        latencies[middle]
    };
    assert!(
        (row["p50_latency"].as_f64().unwrap() - median * 1000.0).abs() < 1e-6,
        "{row}"
    );
    assert!(
        (row["sum_totalCost"].as_f64().unwrap() - cost).abs() < 1e-9,
        "{row}"
    );

    let filter =
        json!([{ "type": "string", "column": "level", "operator": "=", "value": "ERROR" }]);
    let errors = query(
        "observations",
        &[],
        &[("count", "count")],
        &json!({ "filters": filter }),
    );
    let found = report(&apps, "v2/", &errors).await[0]["count_count"].clone();
    let listed =
        same(&apps, "/api/public/observations?level=ERROR").await["meta"]["totalItems"].clone();
    assert_eq!(found, listed);
    let ordered = json!({ "orderBy": [{ "field": "count_count", "direction": "asc" }], "config": { "row_limit": 2 } });
    let least = report(
        &apps,
        "",
        &query("traces", &["name"], &[("count", "count")], &ordered),
    )
    .await;
    assert!(
        least.len() == 2 && least[0]["count_count"].as_u64() <= least[1]["count_count"].as_u64()
    );

    for wrong in [
        query("users", &[], &[("count", "count")], &json!({})),
        query("traces", &["secret"], &[("count", "count")], &json!({})),
        query("traces", &[], &[], &json!({})),
        query("traces", &[], &[("count", "p95")], &json!({})),
        query("traces", &[], &[("secret", "sum")], &json!({})),
        query(
            "traces",
            &[],
            &[("count", "count")],
            &json!({ "toTimestamp": "2026-03-01T00:00:00Z" }),
        ),
        query(
            "traces",
            &[],
            &[("count", "count")],
            &json!({ "orderBy": [{ "field": "x" }] }),
        ),
        query(
            "traces",
            &[],
            &[("count", "count")],
            &json!({ "config": { "row_limit": 1001 } }),
        ),
        query(
            "traces",
            &[],
            &[("count", "count")],
            &json!({ "filters": [{ "column": "x" }] }),
        ),
    ] {
        let path = with("/api/public/metrics", &[("query", &wrong.to_string())]);
        let refused = apps[0].get(&path).await.expect(400);
        assert!(refused["error"].is_array(), "{wrong}: {refused}");
    }
    for (view, dimension) in [("traces", "name"), ("observations", "userId")] {
        let refused = query(view, &[dimension], &[("count", "count")], &json!({}));
        let path = with("/api/public/v2/metrics", &[("query", &refused.to_string())]);
        apps[1].get(&path).await.expect(400);
    }
    for app in apps {
        app.stop().await;
    }
}
