//! Prompts filled with values.

use serde_json::json;

use super::publish;
use crate::each_database;

each_database! {
    async fn a_text_takes_variables_and_reports_what_does_not_match(app: App) {
        publish(&app, "p", "Hi {{name}}, {{n}} {{list}}{{gone}}", &["production"]).await;
        let values = json!({ "variables": { "name": "{{n}}", "n": 1.5, "list": [1], "extra": 1 } });
        let error = app.post("/api/v1/prompts/p/compile", &values).await.expect_error(422);
        assert_eq!(error["code"], "prompt_variables_missing");
        assert_eq!(error["details"], json!({ "missing": ["gone"], "unknown": ["extra"] }));

        let mut values = values;
        values["keep_missing"] = json!(true);
        let compiled = app.post("/api/v1/prompts/p/compile", &values).await.expect(200);
        assert_eq!(compiled["prompt"], "Hi {{n}}, 1.5 [1]{{gone}}");
        assert_eq!((&compiled["missing"], &compiled["unknown"]), (&json!(["gone"]), &json!(["extra"])));
        values["variables"]["gone"] = json!(null);
        let compiled = app.post("/api/v1/prompts/p/compile", &values).await.expect(200);
        assert_eq!((&compiled["prompt"], &compiled["version"]), (&json!("Hi {{n}}, 1.5 [1]"), &json!(1)));
    }

    async fn a_chat_takes_messages_in_its_placeholders(app: App) {
        let draft = json!({ "name": "p", "type": "chat", "config": { "model": "m" }, "prompt": [
            { "role": "system", "content": "In {{language}}." },
            { "type": "placeholder", "name": "history" },
            { "role": "user", "content": "{{question}}" },
        ] });
        app.post("/api/v1/prompts", &draft).await.expect(201);
        let history = json!([{ "role": "assistant", "content": null, "tool_calls": [{ "id": "1" }] }]);
        let compiled = app.post("/api/v1/prompts/p/compile", &json!({
            "version": 1,
            "variables": { "language": "日本語", "question": "?" },
            "placeholders": { "history": history },
        })).await.expect(200);
        assert_eq!(compiled["config"], json!({ "model": "m" }));
        assert_eq!(compiled["prompt"], json!([
            { "role": "system", "content": "In 日本語." },
            { "role": "assistant", "content": null, "tool_calls": [{ "id": "1" }] },
            { "role": "user", "content": "?" },
        ]));
        let bad = json!({ "version": 1, "placeholders": { "history": "text" } });
        assert_eq!(app.post("/api/v1/prompts/p/compile", &bad).await.expect_error(400)["code"], "prompt_invalid");
    }
}
