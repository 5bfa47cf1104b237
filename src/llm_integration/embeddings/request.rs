//! What a client asks to have embedded, in OpenAI's form.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Format, wire};
use crate::llm_integration::dialects::Untranslatable;

/// As OpenAI limits it.
const MAX_INPUTS: usize = 2_048;
const MAX_DIMENSIONS: u32 = 1 << 16;

#[derive(Clone, Debug)]
pub struct EmbeddingRequest {
    pub model: String,
    pub inputs: Vec<Input>,
    pub dimensions: Option<u32>,
    pub format: Format,
    pub user: Option<String>,
    /// Fields that only some providers know, such as `input_type`.
    pub extra: Map<String, Value>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    Text(String),
    /// Of OpenAI's tokenizer.
    Tokens(Vec<u32>),
}

#[derive(Deserialize)]
struct Body {
    model: Option<String>,
    input: Option<Value>,
    dimensions: Option<Value>,
    encoding_format: Option<Value>,
    user: Option<String>,
    #[serde(flatten)]
    extra: Map<String, Value>,
}

impl EmbeddingRequest {
    /// # Errors
    /// Names the field, and what it takes.
    pub fn parse(body: &[u8]) -> Result<Self, Untranslatable> {
        let Body {
            model,
            input,
            dimensions,
            encoding_format,
            user,
            extra,
        } = serde_json::from_slice(body).map_err(|error| {
            Untranslatable::new("", format!("the body must be a JSON object: {error}"))
        })?;
        let model = model.filter(|model| !model.is_empty());
        let model = model.ok_or_else(|| Untranslatable::new("model", "must be given"))?;
        let dimensions = dimensions.map(|value| {
            let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
            number
                .filter(|number| (1..=MAX_DIMENSIONS).contains(number))
                .ok_or_else(|| {
                    let takes = format!("must be a whole number from 1 to {MAX_DIMENSIONS}");
                    Untranslatable::new("dimensions", takes)
                })
        });
        let format = encoding_format.map(|value| {
            serde_json::from_value(value)
                .map_err(|_| Untranslatable::new("encoding_format", "must be float or base64"))
        });
        Ok(Self {
            model,
            inputs: inputs(input)?,
            dimensions: dimensions.transpose()?,
            format: format.transpose()?.unwrap_or_default(),
            user,
            extra,
        })
    }

    /// As OpenAI's API takes it.
    pub fn encode(&self) -> Bytes {
        Bytes::from(wire::openai(self, &self.model).to_string())
    }

    /// Whether an input is a list of tokens.
    pub fn has_tokens(&self) -> bool {
        let mut inputs = self.inputs.iter();
        inputs.any(|input| matches!(input, Input::Tokens(_)))
    }

    /// Every text that the model will read, to look at or to change.
    pub fn each_text_mut(&mut self, change: &mut impl FnMut(&mut String)) {
        for input in &mut self.inputs {
            if let Input::Text(text) = input {
                change(text);
            }
        }
    }

    /// The texts, for providers that have tokenizers of their own.
    ///
    /// # Errors
    /// When an input is a list of tokens.
    pub fn texts(&self) -> Result<Vec<&str>, Untranslatable> {
        if self.has_tokens() {
            let why = "this model does not have OpenAI's tokenizer; send text in place of tokens";
            return Err(Untranslatable::new("input", why));
        }
        let texts = self.inputs.iter().filter_map(|input| match input {
            Input::Text(text) => Some(text.as_str()),
            Input::Tokens(_) => None,
        });
        Ok(texts.collect())
    }
}

fn inputs(input: Option<Value>) -> Result<Vec<Input>, Untranslatable> {
    let wrong = |why: String| Untranslatable::new("input", why);
    let takes = "must be a text, a list of texts, a list of tokens, or a list of such lists";
    let found = match input {
        Some(Value::String(text)) => vec![Input::Text(text)],
        Some(Value::Array(items)) if items.first().is_some_and(Value::is_number) => {
            vec![tokens(&items).ok_or_else(|| wrong(takes.to_owned()))?]
        }
        Some(Value::Array(items)) => {
            let each = items.into_iter().map(|item| match item {
                Value::String(text) => Some(Input::Text(text)),
                Value::Array(items) => tokens(&items),
                _ => None,
            });
            each.collect::<Option<Vec<_>>>()
                .ok_or_else(|| wrong(takes.to_owned()))?
        }
        _ => return Err(wrong(takes.to_owned())),
    };
    if found.is_empty() || found.len() > MAX_INPUTS {
        let why = format!("takes 1 to {MAX_INPUTS} texts; these are {}", found.len());
        return Err(wrong(why));
    }
    let is_empty = |input: &Input| match input {
        Input::Text(text) => text.is_empty(),
        Input::Tokens(tokens) => tokens.is_empty(),
    };
    match found.iter().position(is_empty) {
        Some(at) => Err(wrong(format!("has nothing at position {at}"))),
        None => Ok(found),
    }
}

fn tokens(items: &[Value]) -> Option<Input> {
    let token = |item: &Value| u32::try_from(item.as_u64()?).ok();
    items
        .iter()
        .map(token)
        .collect::<Option<_>>()
        .map(Input::Tokens)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(body: &str) -> Result<EmbeddingRequest, Untranslatable> {
        EmbeddingRequest::parse(body.as_bytes())
    }

    #[test]
    fn every_form_of_input_is_understood() {
        let inputs = |input: &str| {
            let body = format!(r#"{{"model":"m","input":{input}}}"#);
            parse(&body).unwrap().inputs
        };
        let text = |text: &str| Input::Text(text.to_owned());
        assert_eq!(inputs(r#""a""#), [text("a")]);
        assert_eq!(inputs(r#"["a","b"]"#), [text("a"), text("b")]);
        assert_eq!(inputs("[1,2]"), [Input::Tokens(vec![1, 2])]);
        assert_eq!(
            inputs("[[1],[2,3]]"),
            [Input::Tokens(vec![1]), Input::Tokens(vec![2, 3])]
        );
        let request = parse(
            r#"{"model":"m","input":"a","dimensions":256,"encoding_format":"base64","input_type":"query"}"#,
        )
        .unwrap();
        assert_eq!(
            (request.dimensions, request.format),
            (Some(256), Format::Base64)
        );
        assert_eq!(request.extra["input_type"], "query");
    }

    #[test]
    fn what_is_no_request_is_refused_by_field() {
        let many = format!("[{}]", vec![r#""a""#; 2049].join(","));
        for (input, field) in [
            (r#"{"input":"a"}"#.to_owned(), "model"),
            (r#"{"model":"m"}"#.to_owned(), "input"),
            (r#"{"model":"m","input":""}"#.to_owned(), "input"),
            (r#"{"model":"m","input":[]}"#.to_owned(), "input"),
            (r#"{"model":"m","input":["a",""]}"#.to_owned(), "input"),
            (r#"{"model":"m","input":[1,"a"]}"#.to_owned(), "input"),
            (r#"{"model":"m","input":[-1]}"#.to_owned(), "input"),
            (format!(r#"{{"model":"m","input":{many}}}"#), "input"),
            (
                r#"{"model":"m","input":"a","dimensions":0}"#.to_owned(),
                "dimensions",
            ),
            (
                r#"{"model":"m","input":"a","encoding_format":"hex"}"#.to_owned(),
                "encoding_format",
            ),
            ("[]".to_owned(), ""),
        ] {
            assert_eq!(parse(&input).unwrap_err().field, field, "{input}");
        }
    }
}
