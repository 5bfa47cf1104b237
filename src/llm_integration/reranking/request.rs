//! What a client asks to have reranked.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::llm_integration::dialects::Untranslatable;

/// As Cohere recommends it.
const MAX_DOCUMENTS: usize = 1_000;

#[derive(Clone, Debug)]
pub struct RerankQuery {
    pub model: String,
    pub query: String,
    pub documents: Vec<Document>,
    /// How many of the best are wanted; `None` = all.
    pub top: Option<usize>,
    pub return_documents: bool,
    /// Fields that only some providers know.
    pub extra: Map<String, Value>,
}

/// A text, alone or as the field of an object.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(untagged)]
pub enum Document {
    Text(String),
    Object {
        text: String,
        #[serde(flatten)]
        more: Map<String, Value>,
    },
}

#[derive(Deserialize)]
struct Body {
    model: Option<String>,
    query: Option<Value>,
    documents: Option<Vec<Value>>,
    top_n: Option<Value>,
    return_documents: Option<Value>,
    #[serde(flatten)]
    extra: Map<String, Value>,
}

impl Document {
    pub fn text(&self) -> &str {
        match self {
            Self::Text(text) | Self::Object { text, .. } => text,
        }
    }

    /// As an answer gives it back: always an object.
    pub fn into_object(self) -> Self {
        match self {
            Self::Text(text) => Self::Object {
                text,
                more: Map::new(),
            },
            object @ Self::Object { .. } => object,
        }
    }
}

impl RerankQuery {
    /// As it is asked.
    pub fn encode(&self) -> Bytes {
        let mut body =
            json!({ "model": self.model, "query": self.query, "documents": self.documents });
        if let Some(top) = self.top {
            body["top_n"] = top.into();
        }
        if self.return_documents {
            body["return_documents"] = true.into();
        }
        for (name, value) in &self.extra {
            body[name] = value.clone();
        }
        Bytes::from(body.to_string())
    }

    /// Every text that the model will read, to look at or to change.
    pub fn each_text_mut(&mut self, change: &mut impl FnMut(&mut String)) {
        change(&mut self.query);
        for document in &mut self.documents {
            let (Document::Text(text) | Document::Object { text, .. }) = document;
            change(text);
        }
    }

    /// # Errors
    /// Names the field, and what it takes.
    pub fn parse(body: &[u8]) -> Result<Self, Untranslatable> {
        let Body {
            model,
            query,
            documents,
            top_n,
            return_documents,
            extra,
        } = serde_json::from_slice(body).map_err(|error| {
            Untranslatable::new("", format!("the body must be a JSON object: {error}"))
        })?;
        let wrong = |field: &'static str, takes: &str| Untranslatable::new(field, takes.to_owned());
        let model = model.filter(|model| !model.is_empty());
        let query = query.as_ref().and_then(Value::as_str);
        let top = top_n.filter(|value| !value.is_null()).map(|value| {
            let number = value
                .as_u64()
                .and_then(|number| usize::try_from(number).ok());
            number
                .filter(|number| *number > 0)
                .ok_or_else(|| wrong("top_n", "must be a whole number from 1 on"))
        });
        let returned = return_documents.filter(|value| !value.is_null());
        let returned = returned.map_or(Some(false), |value| value.as_bool());
        Ok(Self {
            model: model.ok_or_else(|| wrong("model", "must be given"))?,
            query: query
                .filter(|query| !query.is_empty())
                .ok_or_else(|| wrong("query", "must be a text"))?
                .to_owned(),
            documents: read_documents(documents)?,
            top: top.transpose()?,
            return_documents: returned
                .ok_or_else(|| wrong("return_documents", "must be true or false"))?,
            extra,
        })
    }
}

fn read_documents(documents: Option<Vec<Value>>) -> Result<Vec<Document>, Untranslatable> {
    let wrong = |why: String| Untranslatable::new("documents", why);
    let documents = documents.unwrap_or_default();
    if documents.is_empty() || documents.len() > MAX_DOCUMENTS {
        let count = documents.len();
        return Err(wrong(format!(
            "takes 1 to {MAX_DOCUMENTS} documents; these are {count}"
        )));
    }
    let read = documents.into_iter().enumerate().map(|(at, document)| {
        serde_json::from_value(document).map_err(|_| {
            wrong(format!(
                "must hold texts, or objects with a `text`; at position {at} is neither"
            ))
        })
    });
    read.collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn parse(more: &Value) -> Result<RerankQuery, Untranslatable> {
        let mut body =
            json!({ "model": "m", "query": "q", "documents": ["a", { "text": "b", "id": 7 }] });
        for (name, value) in more.as_object().unwrap() {
            body[name] = value.clone();
        }
        RerankQuery::parse(body.to_string().as_bytes())
    }

    #[test]
    fn documents_are_texts_or_objects_that_come_back_as_they_were() {
        let query = parse(&json!({ "top_n": 1, "return_documents": true, "user": "u" })).unwrap();
        let texts: Vec<&str> = query.documents.iter().map(Document::text).collect();
        assert_eq!(texts, ["a", "b"]);
        assert_eq!((query.top, query.return_documents), (Some(1), true));
        assert_eq!(query.extra["user"], "u");
        let back = query.documents.into_iter().map(Document::into_object);
        let back = serde_json::to_value(back.collect::<Vec<_>>()).unwrap();
        assert_eq!(back, json!([{ "text": "a" }, { "text": "b", "id": 7 }]));
        let mut plain = parse(&json!({ "top_n": null, "priority": 1 })).unwrap();
        plain.each_text_mut(&mut |text| text.push('!'));
        let changed = json!({ "model": "m", "query": "q!", "documents": ["a!", { "text": "b!", "id": 7 }],
            "priority": 1 });
        assert_eq!(
            serde_json::from_slice::<Value>(&plain.encode()).unwrap(),
            changed
        );
        assert_eq!((plain.top, plain.return_documents), (None, false));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (more, field) in [
            (json!({ "query": "" }), "query"),
            (json!({ "query": ["q"] }), "query"),
            (json!({ "documents": [] }), "documents"),
            (json!({ "documents": [1] }), "documents"),
            (json!({ "documents": vec!["a"; 1001] }), "documents"),
            (json!({ "top_n": 0 }), "top_n"),
            (json!({ "return_documents": "yes" }), "return_documents"),
            (json!({ "model": null }), "model"),
        ] {
            assert_eq!(parse(&more).unwrap_err().field, field);
        }
    }
}
