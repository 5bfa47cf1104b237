//! JSON that is kept as the text it came as: captured traffic is neither re-ordered nor re-written.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;

/// One JSON value, as text. A NUL in it is always escaped, so that both databases can hold it.
#[derive(Clone, Debug, Deserialize)]
#[serde(transparent)]
pub struct JsonText(Box<RawValue>);

impl JsonText {
    /// `value` as it stands, or, when it is longer than `limit` bytes, a JSON string of its
    /// beginning that says how much was cut.
    pub fn capture(value: &RawValue, limit: usize) -> Self {
        let text = value.get();
        if text.len() <= limit {
            return Self(value.to_owned());
        }
        let end = text.floor_char_boundary(limit);
        Self::string(&format!(
            "{} [cut: the first {end} of {} bytes]",
            &text[..end],
            text.len()
        ))
    }

    /// Bytes that may be anything: JSON when they are, otherwise a JSON string of them.
    pub fn capture_bytes(bytes: &[u8], limit: usize) -> Self {
        if let Ok(value) = serde_json::from_slice::<&RawValue>(bytes) {
            return Self::capture(value, limit);
        }
        let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(limit)]);
        Self::string(&shown)
    }

    pub fn string(text: &str) -> Self {
        Self::of(&text)
    }

    /// # Panics
    /// When `value` has no JSON form, which no type this is used with lacks.
    pub fn of(value: &impl Serialize) -> Self {
        Self(serde_json::value::to_raw_value(value).expect("the value has a JSON form"))
    }

    /// The same, cut like [`JsonText::capture`] when it is longer than `limit` bytes.
    #[must_use]
    pub fn cut(self, limit: usize) -> Self {
        if self.len() <= limit {
            self
        } else {
            Self::capture(&self.0, limit)
        }
    }

    /// Text that was stored; `None` when it is not JSON.
    pub(in crate::llm_integration) fn stored(text: String) -> Option<Self> {
        RawValue::from_string(text).ok().map(Self)
    }

    /// `{}`
    pub fn empty_object() -> Self {
        Self::of(&serde_json::Map::new())
    }

    pub fn get(&self) -> &str {
        self.0.get()
    }

    pub fn len(&self) -> usize {
        self.get().len()
    }

    pub fn is_empty(&self) -> bool {
        self.get().is_empty()
    }

    /// The text of a JSON string; of any other value, its JSON.
    pub fn plain(&self) -> String {
        serde_json::from_str(self.get()).unwrap_or_else(|_| self.get().to_owned())
    }
}

impl PartialEq for JsonText {
    fn eq(&self, other: &Self) -> bool {
        self.get() == other.get()
    }
}
impl Eq for JsonText {}
impl PartialOrd for JsonText {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for JsonText {
    fn cmp(&self, other: &Self) -> Ordering {
        self.get().cmp(other.get())
    }
}

impl Serialize for JsonText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(text: &str) -> Box<RawValue> {
        RawValue::from_string(text.to_owned()).unwrap()
    }

    #[test]
    fn what_fits_stays_as_it_was_written() {
        let text = "{\"b\": 1,\n \"a\": \"\\u0000\"}";
        assert_eq!(JsonText::capture(&raw(text), text.len()).get(), text);
    }

    #[test]
    fn what_is_too_long_becomes_a_marked_string_and_splits_no_character() {
        let cut = JsonText::capture(&raw("\"ああああ\""), 5);
        assert_eq!(cut.plain(), "\"あ [cut: the first 4 of 14 bytes]");
    }

    #[test]
    fn bytes_that_are_no_json_become_a_string_without_a_raw_nul() {
        let text = JsonText::capture_bytes(b"<html>\0\xff", 100);
        assert_eq!(text.get(), "\"<html>\\u0000\u{fffd}\"");
    }
}
