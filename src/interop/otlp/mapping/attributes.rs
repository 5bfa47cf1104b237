//! Attributes sorted by key, so that a key is found by halving and a prefix is one stretch.

use std::borrow::Cow;

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Serialize, Serializer, ser::SerializeMap};

use crate::{
    interop::{
        captured::captured,
        otlp::wire::{AnyValue, KeyValue, Value},
    },
    llm_integration::JsonText,
};

#[derive(Debug, Default)]
pub struct Attributes(Vec<KeyValue>);

impl Attributes {
    /// Of a key that comes twice, the last value counts.
    pub fn new(mut pairs: Vec<KeyValue>) -> Self {
        pairs.sort_by(|a, b| a.key.cmp(&b.key));
        pairs.dedup_by(|later, kept| {
            let again = later.key == kept.key;
            if again {
                std::mem::swap(&mut later.value, &mut kept.value);
            }
            again
        });
        Self(pairs)
    }

    pub fn get(&self, key: &str) -> Option<&Value> {
        let place = self.0.binary_search_by(|pair| pair.key.as_str().cmp(key));
        place.ok().and_then(|place| value_of(&self.0[place]))
    }

    /// The value, unless it says nothing: empty text, an empty list.
    pub fn meaningful(&self, key: &str) -> Option<&Value> {
        self.get(key).filter(|value| value.is_meaningful())
    }

    /// The first of these keys that says something.
    pub fn first(&self, keys: &[&str]) -> Option<&Value> {
        keys.iter().find_map(|key| self.meaningful(key))
    }

    /// The same as text; what is not text, as JSON.
    pub fn first_text(&self, keys: &[&str]) -> Option<String> {
        self.first(keys).map(|value| value.shown().into_owned())
    }

    pub fn text(&self, key: &str) -> Option<&str> {
        self.meaningful(key).and_then(Value::as_text)
    }

    /// What stands below a prefix, with the rest of its key.
    pub fn under<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = (&'a str, &'a Value)> {
        let start = self.0.partition_point(|pair| pair.key.as_str() < prefix);
        self.0[start..]
            .iter()
            .map_while(move |pair| Some((pair.key.strip_prefix(prefix)?, pair)))
            .filter_map(|(rest, pair)| Some((rest, value_of(pair)?)))
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, Option<&Value>)> {
        self.0
            .iter()
            .map(|pair| (pair.key.as_str(), value_of(pair)))
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn value_of(pair: &KeyValue) -> Option<&Value> {
    pair.value.as_ref()?.value.as_ref()
}

impl Serialize for Attributes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl Value {
    pub fn is_meaningful(&self) -> bool {
        match self {
            Self::Text(text) => !text.is_empty(),
            Self::Bytes(bytes) => !bytes.is_empty(),
            Self::List(list) => !list.values.is_empty(),
            Self::Map(map) => !map.values.is_empty(),
            Self::Bool(_) | Self::Int(_) | Self::Double(_) => true,
        }
    }

    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Text as it stands, anything else as JSON.
    pub fn shown(&self) -> Cow<'_, str> {
        match self {
            Self::Text(text) => Cow::Borrowed(text),
            other => Cow::Owned(JsonText::of(other).get().to_owned()),
        }
    }

    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(*value),
            Self::Text(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// A count, also where a library wrote it as text or as a float.
    pub fn as_count(&self) -> Option<u64> {
        match self {
            Self::Int(number) => u64::try_from(*number).ok(),
            Self::Double(number) => whole(*number),
            Self::Text(text) => text.parse().ok(),
            _ => None,
        }
    }

    pub fn as_f64(&self) -> Option<f64> {
        match self {
            #[expect(clippy::cast_precision_loss, reason = "a measure, not a count")]
            Self::Int(number) => Some(*number as f64),
            Self::Double(number) => Some(*number),
            Self::Text(text) => text.parse().ok(),
            _ => None,
        }
        .filter(|number| number.is_finite())
    }

    /// What a library kept in an attribute: text that holds JSON is that JSON.
    pub fn captured(&self) -> JsonText {
        match self {
            Self::Text(text) => captured(text),
            other => JsonText::of(other),
        }
    }

    /// Like [`Value::captured`], but only objects and lists are taken for JSON: `"123"` stays text.
    pub fn captured_structure(&self) -> JsonText {
        match self {
            Self::Text(text) if text.starts_with(['{', '[']) => captured(text),
            Self::List(list) => {
                let values = list.values.iter().map(|item| item.value.as_ref());
                let captured = values.map(|value| value.map(Self::captured_structure));
                JsonText::of(&captured.collect::<Vec<_>>())
            }
            other => JsonText::of(other),
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "checked to be a whole number in range"
)]
fn whole(number: f64) -> Option<u64> {
    const LIMIT: f64 = 9_007_199_254_740_992.0;
    (number.fract() == 0.0 && (0.0..=LIMIT).contains(&number)).then_some(number as u64)
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Int(number) => serializer.serialize_i64(*number),
            Self::Double(number) if number.is_finite() => serializer.serialize_f64(*number),
            Self::Double(number) => serializer.collect_str(number),
            Self::Bytes(bytes) => serializer.serialize_str(&STANDARD.encode(bytes)),
            Self::List(list) => serializer.collect_seq(list.values.iter()),
            Self::Map(map) => {
                let mut object = serializer.serialize_map(Some(map.values.len()))?;
                for pair in &map.values {
                    object.serialize_entry(&pair.key, &pair.value)?;
                }
                object.end()
            }
        }
    }
}

impl Serialize for AnyValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value.serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(key: &str, value: &str) -> KeyValue {
        let value = Some(Value::Text(value.to_owned()));
        KeyValue {
            key: key.to_owned(),
            value: Some(AnyValue { value }),
        }
    }

    #[test]
    fn the_last_of_a_repeated_key_counts_and_a_prefix_is_found_whole() {
        let pairs = vec![
            text("b.2", "two"),
            text("a", "first"),
            text("b.1", "one"),
            text("a", "last"),
            text("b", "none"),
        ];
        let attributes = Attributes::new(pairs);
        assert_eq!(attributes.text("a"), Some("last"));
        let under: Vec<_> = attributes.under("b.").map(|(rest, _)| rest).collect();
        assert_eq!(under, ["1", "2"]);
        assert!(attributes.under("c.").next().is_none());
    }

    #[test]
    fn a_number_in_a_text_stays_text_where_only_structures_are_looked_for() {
        let value = |text: &str| Value::Text(text.to_owned());
        assert_eq!(value("123").captured_structure().get(), "\"123\"");
        assert_eq!(value("[123]").captured_structure().get(), "[123]");
        assert_eq!(value("123").captured().get(), "123");
    }
}
