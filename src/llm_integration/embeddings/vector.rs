//! One embedding, as numbers or as base64 of little-endian 32-bit floats.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Deserialize;
use serde_json::{Value, value::RawValue};

const FLOAT_BYTES: usize = 4;

/// How a client wants embeddings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    #[default]
    Float,
    Base64,
}

/// Numbers stay in the text in which they came, so that none is changed on its way.
#[derive(Clone, Debug)]
pub enum Vector {
    Float(Box<RawValue>),
    Base64(String),
}

impl Vector {
    /// `None` when it is no embedding.
    pub fn of(raw: Box<RawValue>) -> Option<Self> {
        match raw.get().trim_start().as_bytes().first()? {
            b'[' => Some(Self::Float(raw)),
            b'"' => serde_json::from_str(raw.get()).ok().map(Self::Base64),
            _ => None,
        }
    }

    /// In this format; `None` when what came is no list of numbers, or no base64 of them.
    pub fn in_format(self, format: Format) -> Option<Value> {
        match (self, format) {
            (Self::Float(raw), Format::Float) => serde_json::from_str(raw.get()).ok(),
            (Self::Base64(text), Format::Base64) => Some(text.into()),
            (Self::Float(raw), Format::Base64) => {
                let numbers: Vec<f32> = serde_json::from_str(raw.get()).ok()?;
                let bytes: Vec<u8> = numbers
                    .iter()
                    .flat_map(|number| number.to_le_bytes())
                    .collect();
                Some(STANDARD.encode(bytes).into())
            }
            (Self::Base64(text), Format::Float) => {
                let bytes = STANDARD.decode(text).ok()?;
                let (numbers, rest) = bytes.as_chunks::<FLOAT_BYTES>();
                let numbers = numbers.iter().map(|number| f32::from_le_bytes(*number));
                rest.is_empty().then(|| numbers.map(shortest).collect())
            }
        }
    }
}

/// The shortest decimal text that is this number again, as OpenAI writes it.
fn shortest(number: f32) -> Value {
    serde_json::from_str(&number.to_string()).unwrap_or_else(|_| number.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vector(json: &str) -> Vector {
        Vector::of(serde_json::from_str(json).unwrap()).unwrap()
    }

    #[test]
    fn numbers_become_base64_and_base64_the_same_numbers() {
        let numbers = "[0.0023064255,-0.5,1.0,-1e-9]";
        let text = vector(numbers).in_format(Format::Base64).unwrap();
        assert_eq!(text, "ZicXOwAAAL8AAIA/X3CJsA==");
        let back = vector(&text.to_string()).in_format(Format::Float).unwrap();
        let floats: Vec<f32> = serde_json::from_value(back).unwrap();
        assert_eq!(floats, [0.002_306_425_5, -0.5, 1.0, -1e-9]);
        assert_eq!(
            vector(numbers).in_format(Format::Float).unwrap()[0].to_string(),
            "0.0023064255"
        );
    }

    #[test]
    fn what_is_no_embedding_is_not_made_one() {
        for wrong in [r#""AAA=""#, r#""!""#] {
            assert!(vector(wrong).in_format(Format::Float).is_none(), "{wrong}");
        }
        assert!(vector(r#"["a"]"#).in_format(Format::Base64).is_none());
        assert!(Vector::of(serde_json::from_str("1").unwrap()).is_none());
    }
}
