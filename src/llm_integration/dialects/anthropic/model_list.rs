//! Lists of models, from OpenAI's form to Anthropic's.

use bytes::Bytes;
use chrono::{DateTime, SecondsFormat, Utc};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
struct OpenAiList {
    data: Vec<OpenAiModel>,
}

#[derive(Deserialize)]
struct OpenAiModel {
    id: String,
    #[serde(default)]
    created: i64,
}

/// A list of models, or one, in Anthropic's form; `None` when the body is neither.
pub fn models_for_anthropic(body: &[u8]) -> Option<Bytes> {
    let said = match serde_json::from_slice::<OpenAiList>(body) {
        Ok(list) => {
            let models: Vec<Value> = list.data.iter().map(model).collect();
            let id = |at: Option<&OpenAiModel>| at.map(|model| model.id.clone());
            json!({
                "first_id": id(list.data.first()),
                "last_id": id(list.data.last()),
                "has_more": false,
                "data": models,
            })
        }
        Err(_) => model(&serde_json::from_slice(body).ok()?),
    };
    Some(Bytes::from(said.to_string()))
}

fn model(model: &OpenAiModel) -> Value {
    let created = DateTime::<Utc>::from_timestamp(model.created, 0).unwrap_or_default();
    json!({
        "type": "model",
        "id": model.id,
        "display_name": model.id,
        "created_at": created.to_rfc3339_opts(SecondsFormat::Secs, true),
        "lifecycle": "active",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_and_a_model_are_told_apart() {
        let model = r#"{"id":"gpt-5.1","object":"model","created":1700000000,"owned_by":"openai"}"#;
        let list = format!(r#"{{"object":"list","data":[{model}]}}"#);
        let told = |body: &str| -> Value {
            serde_json::from_slice(&models_for_anthropic(body.as_bytes()).unwrap()).unwrap()
        };
        assert_eq!(told(model)["created_at"], "2023-11-14T22:13:20Z");
        assert_eq!(told(&list)["data"][0], told(model));
        assert_eq!(
            (&told(&list)["last_id"], &told(&list)["has_more"]),
            (&json!("gpt-5.1"), &json!(false))
        );
        assert_eq!(models_for_anthropic(b"[]"), None);
    }
}
