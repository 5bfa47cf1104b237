//! The fields of a JSON object, borrowed from the bytes they came in.

use std::{
    borrow::{Borrow, Cow},
    collections::BTreeMap,
};

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::llm_integration::LlmError;

/// A key of a JSON object, borrowed unless it holds escapes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(transparent)]
pub(in super::super) struct Key<'a>(#[serde(borrow)] pub Cow<'a, str>);

impl Borrow<str> for Key<'_> {
    fn borrow(&self) -> &str {
        &self.0
    }
}

pub(in super::super) type Fields<'a> = BTreeMap<Key<'a>, &'a RawValue>;

/// # Errors
/// [`LlmError::InvalidCall`] when the body is not a JSON object.
pub(in super::super) fn body_fields(body: &[u8]) -> Result<Fields<'_>, LlmError> {
    serde_json::from_slice(body)
        .map_err(|error| invalid(format!("the body is not a JSON object: {error}")))
}

pub(in super::super) const fn invalid(what: String) -> LlmError {
    LlmError::InvalidCall { what }
}

/// A field's value; `None` when it is absent.
pub(super) fn field<'a, T: Deserialize<'a>>(
    fields: &Fields<'a>,
    name: &str,
) -> Result<Option<T>, LlmError> {
    fields
        .get(name)
        .map_or(Ok(None), |raw| serde_json::from_str(raw.get()))
        .map_err(|error| invalid(format!("`{name}` is not as expected: {error}")))
}

/// Where a value stands in the body it was read from.
pub(super) fn place(body: &[u8], value: &RawValue) -> std::ops::Range<usize> {
    let start = value.get().as_ptr() as usize - body.as_ptr() as usize;
    start..start + value.get().len()
}

pub(super) fn only<'a>(
    fields: &Fields<'a>,
    names: &[&'static str],
) -> BTreeMap<&'static str, &'a RawValue> {
    names
        .iter()
        .filter_map(|name| Some((*name, *fields.get(*name)?)))
        .collect()
}
