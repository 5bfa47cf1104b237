//! The price table, with dates and tiers, in our API and in Langfuse's.

use serde_json::{Value, json};

use crate::{
    authorization::{Case, MARK},
    each_database,
    support::App,
};

const MODELS: &str = "/api/public/models";

/// What the walk of `authorization.rs` asks of Langfuse's models.
pub async fn authorization_cases(app: &App) -> Vec<(&'static str, Case)> {
    let created = app.post(MODELS, &model(MARK)).await.expect(200);
    let path = format!("{MODELS}/{}", created["id"].as_str().expect("an id"));
    vec![
        ("GET /api/public/models", Case::Own(Value::Null)),
        ("POST /api/public/models", Case::Own(model("theirs"))),
        (
            "GET /api/public/models/{id}",
            Case::Row(path.clone(), Value::Null),
        ),
        (
            "PUT /api/public/models/{id}",
            Case::OwnAt(format!("{MODELS}/theirs"), model("theirs")),
        ),
        (
            "DELETE /api/public/models/{id}",
            Case::Row(path, Value::Null),
        ),
    ]
}

fn model(name: &str) -> Value {
    json!({ "modelName": name, "matchPattern": format!("(?i)^{name}$"), "unit": "TOKENS",
        "inputPrice": 0.000_002_5, "outputPrice": 0.000_01 })
}

each_database! {
    async fn a_price_has_dates_and_tiers_and_is_set_again_for_the_same_date(app: App) {
        let price = |input: &str| json!({
            "usd_per_million": { "input": input, "cached_input": "0.1", "usage:pages": "1000" },
            "tiers": [{ "name": "long", "when": { "input_above": 200_000, "service_tier": "flex" },
                "usd_per_million": { "input": "9" } }],
            "from": "2026-01-01T00:00:00Z",
        });
        let first = app.put("/api/v1/prices/m", &price("1")).await.expect(200);
        let again = app.put("/api/v1/prices/m", &price("2")).await.expect(200);
        assert_eq!(first["id"], again["id"]);
        let mut always = price("3");
        always["from"] = Value::Null;
        app.put("/api/v1/prices/m", &always).await.expect(200);
        let listed = app.get("/api/v1/prices").await.expect(200);
        let items = listed["items"].as_array().unwrap();
        let own: Vec<_> = items.iter().filter(|item| item["source"] == "project").collect();
        assert_eq!(own.len(), 2);
        let dated = own.iter().find(|item| item["from"] == "2026-01-01T00:00:00Z").unwrap();
        assert_eq!(dated["usd_per_million"], price("2")["usd_per_million"]);
        assert_eq!(dated["tiers"], price("2")["tiers"]);
        app.delete("/api/v1/prices/m").await.expect(204);
        let listed = app.get("/api/v1/prices").await.expect(200);
        assert!(listed["items"].as_array().unwrap().iter().all(|item| item["source"] == "bundled"));
    }

    async fn langfuses_models_are_the_same_table(app: App) {
        let created = app.post(MODELS, &model("mine")).await.expect(200);
        assert_eq!((&created["modelName"], &created["matchPattern"]), (&json!("mine"), &json!("(?i)^mine$")));
        assert_eq!((&created["inputPrice"], &created["isLangfuseManaged"]), (&json!(0.000_002_5), &json!(false)));
        assert_eq!(created["prices"], json!({ "input": { "price": 0.000_002_5 }, "output": { "price": 0.000_01 } }));
        let path = format!("{MODELS}/{}", created["id"].as_str().unwrap());
        assert_eq!(app.get(&path).await.expect(200), created);
        let tiers = json!([
            { "name": "Standard", "isDefault": true, "priority": 0, "conditions": [], "prices": { "input": 0.000_001 } },
            { "name": "Long", "priority": 1, "prices": { "input": 0.000_002, "cache_read_input_tokens": 3e-7 }, "conditions": [
                { "usageDetailPattern": "^input", "operator": "gt", "value": 200_000.0, "caseSensitive": true },
                { "source": "metadata", "key": "plan", "operator": "in", "values": ["pro"] } ] },
        ]);
        let tiered = json!({ "modelName": "t", "matchPattern": "^t$", "unit": "TOKENS", "pricingTiers": tiers });
        let put = app.put(&format!("{MODELS}/own-id"), &tiered).await.expect(200);
        assert_eq!(put["id"], "own-id");
        let long = &put["pricingTiers"][1];
        assert_eq!(long["conditions"], tiers[1]["conditions"]);
        assert_eq!(long["prices"], tiers[1]["prices"]);
        let replaced = app.put(&format!("{MODELS}/own-id"), &model("u")).await.expect(200);
        assert_eq!((&replaced["modelName"], &replaced["createdAt"]), (&json!("u"), &put["createdAt"]));
        let listed = app.get(&format!("{MODELS}?limit=3&page=1")).await.expect(200);
        assert_eq!(listed["data"].as_array().unwrap().len(), 3);
        assert!(listed["meta"]["totalItems"].as_u64().unwrap() > 500);
        app.delete(&path).await.expect(204);
        assert_eq!(app.get(&path).await.expect(404)["error"], "LangfuseNotFoundError");
    }

    async fn built_in_models_are_shown_and_can_not_be_changed(app: App) {
        let listed = app.get("/api/v1/prices").await.expect(200);
        let items = listed["items"].as_array().unwrap();
        let sonnet = items.iter().find(|item| item["model"] == "claude-sonnet-4-5").unwrap();
        let path = format!("{MODELS}/{}", sonnet["id"].as_str().unwrap());
        let model_body = app.get(&path).await.expect(200);
        assert_eq!((&model_body["isLangfuseManaged"], &model_body["inputPrice"]), (&json!(true), &json!(0.000_003)));
        assert_eq!(model_body["pricingTiers"][1]["conditions"][0]["values"], json!(["batch"]));
        app.put(&path, &model("x")).await.expect(400);
        app.delete(&path).await.expect(404);
    }

    async fn what_is_no_model_is_refused(app: App) {
        let mut unit = model("m");
        unit["unit"] = "STONES".into();
        let mut pattern = model("m");
        pattern["matchPattern"] = "(".into();
        let mut both = model("m");
        both["totalPrice"] = json!(1.0);
        let mut negative = model("m");
        negative["inputPrice"] = json!(-1.0);
        let none = json!({ "modelName": "m", "matchPattern": "m", "unit": "TOKENS" });
        let mut tiers = none.clone();
        tiers["pricingTiers"] = json!([{ "name": "a", "priority": 0, "conditions": [], "prices": { "input": 1.0 } }]);
        for wrong in [unit, pattern, both, negative, none, tiers] {
            let error = app.post(MODELS, &wrong).await.expect(400);
            assert!(error["error"][0]["message"].is_string(), "{error}");
        }
    }
}
