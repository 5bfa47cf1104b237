//! An input or output: its text, or its beginning and where the rest lies.

use std::{cmp::Ordering, collections::BTreeMap};

use serde::{Deserialize, Serialize};

use super::Register;
use crate::llm_integration::JsonText;

/// Where a large input or output lies in the object store, and its size.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ObjectRef {
    pub bytes: u64,
    pub key: String,
}

/// The value of an input or output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::llm_integration::traces) struct Body {
    /// All of it, or its beginning when `object` holds all.
    pub text: JsonText,
    pub object: Option<ObjectRef>,
}

impl Body {
    pub const fn inline(text: JsonText) -> Self {
        Self { text, object: None }
    }
}

impl PartialOrd for Body {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Body {
    fn cmp(&self, other: &Self) -> Ordering {
        let place = self.object.cmp(&other.object);
        place.then_with(|| self.text.cmp(&other.text))
    }
}

/// Where the parts of a stored row lie that are too large for it, by what its `state` says.
pub(in crate::llm_integration) fn objects_of_state(
    state: &str,
) -> serde_json::Result<BTreeMap<String, ObjectRef>> {
    #[derive(Default, Deserialize)]
    struct Apart {
        #[serde(default)]
        objects: BTreeMap<String, ObjectRef>,
    }
    // Most rows have none: they are not parsed.
    let parsed: Option<Apart> = state
        .contains("\"objects\"")
        .then(|| serde_json::from_str(state))
        .transpose()?;
    Ok(parsed.unwrap_or_default().objects)
}

/// Where the parts of a row lie that are too large for it, by the name of their column.
pub(super) fn objects(
    input: &Register<Body>,
    output: &Register<Body>,
) -> BTreeMap<String, ObjectRef> {
    [("input", input), ("output", output)]
        .into_iter()
        .filter_map(|(name, body)| Some((name.to_owned(), body.get()?.object.clone()?)))
        .collect()
}
