//! Daily metrics: both databases give the same days, and they add up to what the lists have.

use serde_json::{Value, json};

use crate::{
    authorization::Case,
    reading::{AMOUNT, both, same, with},
    support::App,
};

const DAILY: &str = "/api/public/metrics/daily";

/// What the walk of every endpoint needs to know of ours.
pub fn authorization_cases() -> Vec<(&'static str, Case)> {
    vec![("GET /api/public/metrics/daily", Case::Own(Value::Null))]
}

async fn days(apps: &[App; 2], parameters: &[(&str, &str)]) -> Vec<Value> {
    let (mut days, mut page) = (Vec::new(), 1);
    loop {
        let number = page.to_string();
        let all = [parameters, &[("page", number.as_str()), ("limit", "7")]].concat();
        let found = same(apps, &with(DAILY, &all)).await;
        let items = found["data"].as_array().unwrap().clone();
        if items.is_empty() {
            assert_eq!(found["meta"]["totalItems"], days.len());
            return days;
        }
        days.extend(items);
        page += 1;
    }
}

fn near(one: f64, other: f64) -> bool {
    (one - other).abs() < 1e-6
}

fn sum(values: &[Value], name: &str) -> f64 {
    values
        .iter()
        .map(|value| value[name].as_f64().unwrap())
        .sum()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn days_add_up_to_what_was_traced() {
    let apps = both().await;
    let all = days(&apps, &[]).await;
    let dates: Vec<_> = all
        .iter()
        .map(|day| day["date"].as_str().unwrap())
        .collect();
    assert!(dates.is_sorted_by(|one, next| one > next), "{dates:?}");
    assert!(sum(&all, "totalCost") > 0.0);
    assert!(near(
        sum(&all, "countTraces"),
        f64::from(u32::try_from(AMOUNT.traces).unwrap())
    ));
    let observations = u32::try_from(AMOUNT.traces * AMOUNT.observations_each).unwrap();
    assert!(near(
        sum(&all, "countObservations"),
        f64::from(observations)
    ));
    for day in &all {
        let usage = day["usage"].as_array().unwrap();
        assert!(
            near(sum(usage, "totalCost"), day["totalCost"].as_f64().unwrap()),
            "{day}"
        );
        assert!(near(
            sum(usage, "countObservations"),
            day["countObservations"].as_f64().unwrap()
        ));
        for model in usage {
            let (input, output) = (model["inputUsage"].as_f64(), model["outputUsage"].as_f64());
            assert!(near(
                input.unwrap() + output.unwrap(),
                model["totalUsage"].as_f64().unwrap()
            ));
        }
    }
    for app in apps {
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn days_are_of_the_traces_that_pass() {
    let apps = both().await;
    let all = days(&apps, &[]).await;
    let of_chat = days(
        &apps,
        &[("traceName", "chat"), ("environment", "production")],
    )
    .await;
    let filter = json!([
        { "type": "string", "column": "name", "operator": "=", "value": "chat" },
        { "type": "string", "column": "environment", "operator": "=", "value": "production" },
    ]);
    let listed = with(
        "/api/public/traces",
        &[("filter", &filter.to_string()), ("limit", "100")],
    );
    let listed = same(&apps, &listed).await;
    let expected = listed["meta"]["totalItems"].as_f64().unwrap();
    assert!(near(sum(&of_chat, "countTraces"), expected) && expected > 0.0);
    let tagged = days(&apps, &[("tags", "a"), ("tags", "b")]).await;
    assert!(sum(&tagged, "countTraces") < sum(&all, "countTraces"));
    let march = [
        ("fromTimestamp", "2026-03-05T00:00:00Z"),
        ("toTimestamp", "2026-03-06T00:00:00Z"),
    ];
    let one = days(&apps, &march).await;
    let [first] = &one
        .iter()
        .filter(|day| day["countTraces"] != 0)
        .collect::<Vec<_>>()[..]
    else {
        panic!("{one:?}")
    };
    assert_eq!(first["date"], "2026-03-05");
    apps[0].get(&format!("{DAILY}?limit=0")).await.expect(400);
    apps[0]
        .get(&format!("{DAILY}?fromTimestamp=x"))
        .await
        .expect(400);
    for app in apps {
        app.stop().await;
    }
}
