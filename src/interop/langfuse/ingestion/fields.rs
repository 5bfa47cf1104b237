//! The fields of an event, read one by one; what is wrong is told in the words of Langfuse's validator.

use std::{collections::BTreeMap, str::FromStr};

use chrono::{DateTime, Utc};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;

use crate::{
    interop::{captured::captured, label::label},
    kernel::Timestamp,
    llm_integration::JsonText,
};

/// One thing that is wrong with an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Issue {
    code: &'static str,
    path: Vec<&'static str>,
    message: String,
}

/// An object, and what was found wrong with it so far.
pub struct Fields<'a> {
    values: BTreeMap<String, &'a RawValue>,
    /// Where the object stands in its event.
    place: &'static [&'static str],
    issues: Vec<Issue>,
}

impl<'a> Fields<'a> {
    /// # Errors
    /// When it is no object.
    pub fn of(
        value: Option<&'a RawValue>,
        place: &'static [&'static str],
    ) -> Result<Self, Vec<Issue>> {
        let values = value.and_then(|value| serde_json::from_str(value.get()).ok());
        let values = values.ok_or_else(|| vec![wrong_type(place.to_vec(), "object", value)])?;
        Ok(Self {
            values,
            place,
            issues: Vec::new(),
        })
    }

    /// What was read, unless something was wrong.
    pub fn end<T>(self, read: T) -> Result<T, Vec<Issue>> {
        if self.issues.is_empty() {
            Ok(read)
        } else {
            Err(self.issues)
        }
    }

    /// `null` and what is not there are the same.
    pub fn raw(&self, key: &str) -> Option<&'a RawValue> {
        let value = self.values.get(key).copied();
        value.filter(|value| value.get() != "null")
    }

    pub fn path(&self, key: &'static str) -> Vec<&'static str> {
        self.place.iter().copied().chain([key]).collect()
    }

    fn of_type<T: DeserializeOwned>(&mut self, key: &'static str, name: &str) -> Option<T> {
        let value = self.raw(key)?;
        let read = serde_json::from_str(value.get()).ok();
        if read.is_none() {
            let issue = wrong_type(self.path(key), name, Some(value));
            self.issues.push(issue);
        }
        read
    }

    pub fn text(&mut self, key: &'static str) -> Option<String> {
        self.of_type(key, "string")
    }

    /// A text that lists are filtered by.
    pub fn label(&mut self, key: &'static str) -> Option<String> {
        self.text(key).and_then(label)
    }

    pub fn flag(&mut self, key: &'static str) -> Option<bool> {
        self.of_type(key, "boolean")
    }

    pub fn integer(&mut self, key: &'static str) -> Option<i32> {
        self.of_type(key, "int")
    }

    pub fn texts(&mut self, key: &'static str) -> Vec<String> {
        self.of_type(key, "array").unwrap_or_default()
    }

    pub fn object(
        &mut self,
        key: &'static str,
    ) -> Option<serde_json::Map<String, serde_json::Value>> {
        self.of_type(key, "object")
    }

    /// Any JSON, as it stands.
    pub fn any(&self, key: &str) -> Option<JsonText> {
        self.raw(key).map(|value| captured(value.get()))
    }

    /// An id of ours.
    pub fn id<T: FromStr<Err = String>>(&mut self, key: &'static str) -> Option<T> {
        let text = self.text(key)?;
        let id = text.parse();
        id.map_err(|takes| self.refuse(key, "custom", format!("Invalid id: {takes}")))
            .ok()
    }

    /// One word of several.
    pub fn word<T: FromStr<Err = String>>(&mut self, key: &'static str) -> Option<T> {
        let text = self.text(key)?;
        let word = text.parse();
        word.map_err(|known: String| {
            let known = known.replace(", ", "\"|\"");
            let message = format!("Invalid option: expected one of \"{known}\"");
            self.refuse(key, "invalid_value", message);
        })
        .ok()
    }

    pub fn time(&mut self, key: &'static str) -> Option<Timestamp> {
        let text = self.text(key)?;
        let time = text.parse::<DateTime<Utc>>().map(Timestamp::from);
        time.map_err(|_| self.refuse(key, "invalid_format", "Invalid ISO datetime".to_owned()))
            .ok()
    }

    /// Lower case, as Langfuse has it.
    pub fn environment(&mut self) -> Option<String> {
        const KEY: &str = "environment";
        const MAX_CHARS: usize = 40;
        let name = self.text(KEY)?;
        let is_plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_".contains(&b);
        if name.len() > MAX_CHARS {
            let message = format!("Maximum length is {MAX_CHARS} characters");
            self.refuse(KEY, "too_big", message);
        } else if name.is_empty() || name.starts_with("langfuse") || !name.bytes().all(is_plain) {
            let message = "Only alphanumeric lower case characters, hyphens, and underscores are allowed \
                           and it must not start with 'langfuse'";
            self.refuse(KEY, "invalid_format", message.to_owned());
        }
        Some(name)
    }

    /// A field that must be there.
    pub fn require<T>(&mut self, key: &'static str, read: Option<T>) -> Option<T> {
        if read.is_none() && self.raw(key).is_none() {
            let issue = wrong_type(self.path(key), "string", self.values.get(key).copied());
            self.issues.push(issue);
        }
        read
    }

    pub fn refuse(&mut self, key: &'static str, code: &'static str, message: String) {
        let path = self.path(key);
        self.issues.push(Issue {
            code,
            path,
            message,
        });
    }
}

impl Issue {
    /// An event of a type that there is not.
    pub fn unknown_type(found: &str, known: &str) -> Self {
        Self {
            code: "invalid_union",
            path: vec!["type"],
            message: format!("Invalid input: no event type `{found}`; known types: {known}"),
        }
    }

    /// What another part of the API says of the event's body.
    pub fn of_body(message: String) -> Self {
        Self {
            code: "custom",
            path: vec!["body"],
            message,
        }
    }
}

fn wrong_type(path: Vec<&'static str>, expected: &str, found: Option<&RawValue>) -> Issue {
    let found = found.map_or("undefined", |value| match value.get().as_bytes().first() {
        Some(b'{') => "object",
        Some(b'[') => "array",
        Some(b'"') => "string",
        Some(b't' | b'f') => "boolean",
        Some(b'n') => "null",
        _ => "number",
    });
    Issue {
        code: "invalid_type",
        path,
        message: format!("Invalid input: expected {expected}, received {found}"),
    }
}
