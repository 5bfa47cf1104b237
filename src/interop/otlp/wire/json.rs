//! Where OTLP's JSON differs from plain JSON: ids are hexadecimal, 64-bit integers may be text,
//! enumerations may be numbers or names, and `null` means that a field is not there.

use std::fmt;

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD},
};
use serde::{
    Deserialize, Deserializer,
    de::{Error, IgnoredAny, MapAccess, Unexpected, Visitor},
};

use super::message::{AnyValue, Value, ValueList, ValueMap};

pub fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// Bytes as hexadecimal digits; an empty text is no bytes.
pub fn hex<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    deserializer.deserialize_any(HexVisitor)
}

struct HexVisitor;

impl Visitor<'_> for HexVisitor {
    type Value = Vec<u8>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an id of hexadecimal digits")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Vec<u8>, E> {
        decode_hex(text).ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
    }

    fn visit_unit<E: Error>(self) -> Result<Vec<u8>, E> {
        Ok(Vec::new())
    }
}

fn decode_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).map(|d| d.to_le_bytes()[0]);
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs
        .iter()
        .map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?))
        .collect()
}

pub fn unsigned<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let number = deserializer.deserialize_any(IntegerVisitor)?;
    u64::try_from(number).map_err(|_| D::Error::custom(format!("{number} is not a 64-bit number")))
}

fn signed<'de, A: MapAccess<'de>>(map: &mut A) -> Result<Option<i64>, A::Error> {
    let Some(Integer(number)) = map.next_value::<Option<Integer>>()? else {
        return Ok(None);
    };
    let narrow = i64::try_from(number);
    narrow
        .map(Some)
        .map_err(|_| A::Error::custom(format!("{number} is not a 64-bit integer")))
}

/// A 64-bit integer of either sign, as a number or as text.
struct Integer(i128);

impl<'de> Deserialize<'de> for Integer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(IntegerVisitor).map(Self)
    }
}

struct IntegerVisitor;

impl Visitor<'_> for IntegerVisitor {
    type Value = i128;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a 64-bit integer, as a number or as text")
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<i128, E> {
        Ok(number.into())
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<i128, E> {
        Ok(number.into())
    }

    /// JavaScript has one type of number: `1e3` is an integer too.
    fn visit_f64<E: Error>(self, number: f64) -> Result<i128, E> {
        /// Largest float below which every integer has one.
        const EXACT: f64 = 9_007_199_254_740_992.0;
        if number.fract() == 0.0 && number.abs() <= EXACT {
            let text = format!("{number:.0}");
            return text.parse().map_err(E::custom);
        }
        Err(E::invalid_value(Unexpected::Float(number), &self))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<i128, E> {
        text.parse()
            .map_err(|_| E::invalid_value(Unexpected::Str(text), &self))
    }

    fn visit_unit<E: Error>(self) -> Result<i128, E> {
        Ok(0)
    }
}

/// An enumeration's value: its number, or its name in `names` (whose place is the number).
struct EnumVisitor(&'static [&'static str]);

impl Visitor<'_> for EnumVisitor {
    type Value = i32;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a number or one of {}", self.0.join(", "))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<i32, E> {
        i32::try_from(number).map_err(|_| E::invalid_value(Unexpected::Unsigned(number), &self))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<i32, E> {
        i32::try_from(number).map_err(|_| E::invalid_value(Unexpected::Signed(number), &self))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<i32, E> {
        let place = self.0.iter().position(|name| *name == text);
        place
            .and_then(|place| i32::try_from(place).ok())
            .ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
    }

    fn visit_unit<E: Error>(self) -> Result<i32, E> {
        Ok(0)
    }
}

pub fn span_kind<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i32, D::Error> {
    const NAMES: &[&str] = &[
        "SPAN_KIND_UNSPECIFIED",
        "SPAN_KIND_INTERNAL",
        "SPAN_KIND_SERVER",
        "SPAN_KIND_CLIENT",
        "SPAN_KIND_PRODUCER",
        "SPAN_KIND_CONSUMER",
    ];
    deserializer.deserialize_any(EnumVisitor(NAMES))
}

pub fn status_code<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i32, D::Error> {
    const NAMES: &[&str] = &["STATUS_CODE_UNSET", "STATUS_CODE_OK", "STATUS_CODE_ERROR"];
    deserializer.deserialize_any(EnumVisitor(NAMES))
}

/// A float, also where JSON has no number for it.
struct Double(f64);

impl<'de> Deserialize<'de> for Double {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct DoubleVisitor;
        impl Visitor<'_> for DoubleVisitor {
            type Value = Double;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number, \"NaN\", \"Infinity\" or \"-Infinity\"")
            }
            fn visit_f64<E: Error>(self, number: f64) -> Result<Double, E> {
                Ok(Double(number))
            }
            #[expect(clippy::cast_precision_loss, reason = "a float was announced")]
            fn visit_u64<E: Error>(self, number: u64) -> Result<Double, E> {
                Ok(Double(number as f64))
            }
            #[expect(clippy::cast_precision_loss, reason = "a float was announced")]
            fn visit_i64<E: Error>(self, number: i64) -> Result<Double, E> {
                Ok(Double(number as f64))
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Double, E> {
                let number = text.parse().map(Double);
                number.map_err(|_| E::invalid_value(Unexpected::Str(text), &self))
            }
        }
        deserializer.deserialize_any(DoubleVisitor)
    }
}

impl<'de> Deserialize<'de> for AnyValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValueVisitor)
    }
}

/// The names that a value has in JSON; a name that is not here is skipped.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
enum ValueName {
    StringValue,
    BoolValue,
    IntValue,
    DoubleValue,
    ArrayValue,
    KvlistValue,
    BytesValue,
    #[serde(other)]
    Unknown,
}

struct AnyValueVisitor;

impl<'de> Visitor<'de> for AnyValueVisitor {
    type Value = AnyValue;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value such as {\"stringValue\": \"text\"}")
    }

    fn visit_unit<E: Error>(self) -> Result<AnyValue, E> {
        Ok(AnyValue::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<AnyValue, A::Error> {
        let mut value = None;
        while let Some(name) = map.next_key()? {
            let found = match name {
                ValueName::StringValue => map.next_value::<Option<_>>()?.map(Value::Text),
                ValueName::BoolValue => map.next_value::<Option<_>>()?.map(Value::Bool),
                ValueName::IntValue => signed(&mut map)?.map(Value::Int),
                ValueName::DoubleValue => map
                    .next_value::<Option<Double>>()?
                    .map(|Double(number)| Value::Double(number)),
                ValueName::ArrayValue => map.next_value::<Option<ValueList>>()?.map(Value::List),
                ValueName::KvlistValue => map.next_value::<Option<ValueMap>>()?.map(Value::Map),
                ValueName::BytesValue => map
                    .next_value::<Option<String>>()?
                    .map(|text| decode_base64(&text).map(Value::Bytes))
                    .transpose()
                    .map_err(A::Error::custom)?,
                ValueName::Unknown => {
                    map.next_value::<IgnoredAny>()?;
                    None
                }
            };
            value = found.or(value);
        }
        Ok(AnyValue { value })
    }
}

/// Any of the four ways to write base64, as JSON's mapping of Protobuf asks readers to take.
fn decode_base64(text: &str) -> Result<Vec<u8>, String> {
    [STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD]
        .iter()
        .find_map(|engine| engine.decode(text).ok())
        .ok_or_else(|| "a bytesValue is base64".to_owned())
}
