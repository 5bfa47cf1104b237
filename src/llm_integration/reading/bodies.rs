//! Loads inputs and outputs that are too large for a row, and lie in the object store.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use futures::{StreamExt, TryStreamExt, stream};
use tokio::sync::Semaphore;

use super::Io;
use crate::{
    llm_integration::{JsonText, LlmError, ObjectRef},
    platform::{
        db::DbError,
        objects::{ObjectError, Objects},
    },
};

/// What one answer loads, in bytes (64 MiB, the most that one request of OTLP brings): of what comes
/// after it only the beginning is shown, which says so.
const ANSWER_BYTES: u64 = 64 * 1024 * 1024;
/// Objects that one answer loads at once.
const AT_ONCE: usize = 8;
/// Objects that a process loads at once.
const AT_ONCE_IN_ALL: usize = 32;

/// Cheap to clone.
#[derive(Clone)]
pub(super) struct Bodies {
    objects: Objects,
    places: Arc<Semaphore>,
}

impl Bodies {
    pub fn new(objects: Objects) -> Self {
        Self {
            objects,
            places: Arc::new(Semaphore::new(AT_ONCE_IN_ALL)),
        }
    }

    /// Puts the whole in the place of each beginning, the first ones first.
    pub async fn complete(&self, ios: impl IntoIterator<Item = &mut Io>) -> Result<(), LlmError> {
        let mut parts: Vec<(&mut Option<ObjectRef>, &mut Option<JsonText>)> = Vec::new();
        for io in ios {
            parts.push((&mut io.apart.input, &mut io.input));
            parts.push((&mut io.apart.output, &mut io.output));
        }
        let wanted = chosen(parts.iter().filter_map(|(object, _)| object.as_ref()));
        if wanted.is_empty() {
            return Ok(());
        }
        let loaded: HashMap<String, JsonText> = stream::iter(wanted)
            .map(|(key, bytes)| self.load(key, bytes))
            .buffer_unordered(AT_ONCE)
            .try_filter_map(|found| async { Ok(found) })
            .try_collect()
            .await?;
        for (object, text) in parts {
            let whole = object.as_ref().and_then(|object| loaded.get(&object.key));
            if let Some(whole) = whole {
                *text = Some(whole.clone());
                *object = None;
            }
        }
        Ok(())
    }

    /// `None` when it is not there any more: another report took its place, or its trace was
    /// deleted since the row was read. The beginning then stays.
    async fn load(&self, key: String, bytes: u64) -> Result<Option<(String, JsonText)>, LlmError> {
        // Never closed.
        let _place = self.places.acquire().await;
        let found = match self.objects.get(&key, bytes).await {
            Ok(found) => found,
            Err(ObjectError::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(LlmError::Objects(error)),
        };
        let text = String::from_utf8(found.into()).ok();
        let text = text.and_then(JsonText::stored).ok_or(DbError::Corrupt {
            what: format!("the object {key}"),
        })?;
        Ok(Some((key, text)))
    }
}

/// Each object once, as many as one answer loads.
fn chosen<'a>(objects: impl Iterator<Item = &'a ObjectRef>) -> BTreeMap<String, u64> {
    let (mut chosen, mut bytes) = (BTreeMap::new(), 0_u64);
    for object in objects {
        if chosen.contains_key(&object.key) {
            continue;
        }
        bytes = bytes.saturating_add(object.bytes);
        if bytes > ANSWER_BYTES {
            break;
        }
        chosen.insert(object.key.clone(), object.bytes);
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(key: &str, bytes: u64) -> ObjectRef {
        ObjectRef {
            key: key.to_owned(),
            bytes,
        }
    }

    #[test]
    fn an_answer_loads_each_object_once_and_no_more_than_its_limit() {
        let half = ANSWER_BYTES / 2;
        let objects = [
            object("a", half),
            object("a", half),
            object("b", half),
            object("c", 1),
        ];
        let chosen: Vec<_> = chosen(objects.iter()).into_keys().collect();
        assert_eq!(chosen, ["a", "b"]);
    }
}
