//! Reads a JSON object field by field: what is wrong is named by its path, and what nobody asked for is
//! left over, so that no field is lost unseen.

use std::fmt;

use serde_json::{Map, Value};

use super::Untranslatable;

/// Where a value stands in its document.
#[derive(Clone, Copy)]
pub(super) enum Path<'a> {
    Root,
    Field(&'a Path<'a>, &'a str),
    Item(&'a Path<'a>, usize),
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => Ok(()),
            Self::Field(Path::Root, name) => f.write_str(name),
            Self::Field(parent, name) => write!(f, "{parent}.{name}"),
            Self::Item(parent, index) => write!(f, "{parent}[{index}]"),
        }
    }
}

impl<'a> Path<'a> {
    pub fn field(&'a self, name: &'a str) -> Self {
        Self::Field(self, name)
    }

    pub fn item(&'a self, index: usize) -> Self {
        Self::Item(self, index)
    }

    pub fn wrong(&self, expected: impl fmt::Display) -> Untranslatable {
        Untranslatable::new(self.to_string(), format!("must be {expected}"))
    }
}

/// An object whose fields are taken out one after the other. `null` counts as absent.
pub(super) struct Fields<'a> {
    pub path: Path<'a>,
    fields: Map<String, Value>,
}

impl<'a> Fields<'a> {
    /// The document itself.
    pub fn of_body(body: &[u8]) -> Result<Self, Untranslatable> {
        let fields = serde_json::from_slice(body).map_err(|error| {
            Untranslatable::new("", format!("the body must be a JSON object: {error}"))
        })?;
        Ok(Self {
            path: Path::Root,
            fields,
        })
    }

    pub fn of(value: Value, path: Path<'a>) -> Result<Self, Untranslatable> {
        match value {
            Value::Object(fields) => Ok(Self { path, fields }),
            _ => Err(path.wrong("an object")),
        }
    }

    pub fn take(&mut self, name: &str) -> Option<Value> {
        self.fields
            .shift_remove(name)
            .filter(|value| !value.is_null())
    }

    pub fn put_back(&mut self, name: &str, value: Value) {
        self.fields.insert(name.to_owned(), value);
    }

    pub fn peek(&self, name: &str) -> Option<&Value> {
        self.fields.get(name)
    }

    pub fn missing(&self, name: &str, expected: &str) -> Untranslatable {
        self.path
            .field(name)
            .wrong(format_args!("given: {expected}"))
    }

    pub fn text(&mut self, name: &str) -> Result<Option<String>, Untranslatable> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(self.path.field(name).wrong("a string")),
        }
    }

    pub fn needed_text(&mut self, name: &str) -> Result<String, Untranslatable> {
        self.text(name)?
            .ok_or_else(|| self.missing(name, "a string"))
    }

    pub fn bool(&mut self, name: &str) -> Result<Option<bool>, Untranslatable> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::Bool(is)) => Ok(Some(is)),
            Some(_) => Err(self.path.field(name).wrong("true or false")),
        }
    }

    pub fn whole(&mut self, name: &str) -> Result<Option<u64>, Untranslatable> {
        match self.take(name) {
            None => Ok(None),
            Some(value) => match value.as_u64() {
                Some(number) => Ok(Some(number)),
                None => Err(self
                    .path
                    .field(name)
                    .wrong("a whole number that is not negative")),
            },
        }
    }

    pub fn signed(&mut self, name: &str) -> Result<Option<i64>, Untranslatable> {
        match self.take(name) {
            None => Ok(None),
            Some(value) => match value.as_i64() {
                Some(number) => Ok(Some(number)),
                None => Err(self.path.field(name).wrong("a whole number")),
            },
        }
    }

    pub fn number(&mut self, name: &str) -> Result<Option<f64>, Untranslatable> {
        match self.take(name) {
            None => Ok(None),
            Some(value) => match value.as_f64() {
                Some(number) => Ok(Some(number)),
                None => Err(self.path.field(name).wrong("a number")),
            },
        }
    }

    pub fn list(&mut self, name: &str) -> Result<Option<Vec<Value>>, Untranslatable> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::Array(items)) => Ok(Some(items)),
            Some(_) => Err(self.path.field(name).wrong("a list")),
        }
    }

    pub fn object(&mut self, name: &str) -> Result<Option<Map<String, Value>>, Untranslatable> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::Object(fields)) => Ok(Some(fields)),
            Some(_) => Err(self.path.field(name).wrong("an object")),
        }
    }

    /// Texts of a list.
    pub fn texts(&mut self, name: &str) -> Result<Vec<String>, Untranslatable> {
        let items = self.list(name)?.unwrap_or_default();
        let texts = items.into_iter().enumerate().map(|(at, item)| match item {
            Value::String(text) => Ok(text),
            _ => Err(self.path.field(name).item(at).wrong("a string")),
        });
        texts.collect()
    }

    /// What is left, without what is `null`.
    pub fn rest(self) -> Map<String, Value> {
        let mut fields = self.fields;
        fields.retain(|_, value| !value.is_null());
        fields
    }
}
