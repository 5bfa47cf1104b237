//! Writes an object whose size nobody knows yet: in parts, a few of them in memory at a time.

use std::sync::Arc;

use bytes::Bytes;
use object_store::{ObjectStore, buffered::BufWriter, path::Path as Key};
use tokio::{io::AsyncWriteExt, runtime::Handle};

use super::ObjectError;

/// The least that S3 takes as a part (5 MiB). What is smaller is written in one request.
const PART_BYTES: usize = 5 * 1024 * 1024;
/// Parts on their way at once.
const PARTS_AT_ONCE: usize = 2;

/// An object that is being written. Dropped before it is finished, it leaves nothing.
pub struct ObjectWriter {
    key: String,
    /// `None` once it ended, well or not.
    writer: Option<BufWriter>,
}

impl ObjectWriter {
    pub(super) fn new(store: Arc<dyn ObjectStore>, key: &str) -> Self {
        let writer = BufWriter::with_capacity(store, Key::from(key), PART_BYTES)
            .with_max_concurrency(PARTS_AT_ONCE);
        Self {
            key: key.to_owned(),
            writer: Some(writer),
        }
    }

    /// Takes the next bytes; waits while too many parts are on their way.
    ///
    /// # Errors
    /// When the store fails. Nothing can be written after that.
    pub async fn write(&mut self, bytes: Bytes) -> Result<(), ObjectError> {
        match &mut self.writer {
            Some(writer) => writer.put(bytes).await.map_err(ObjectError::Failed),
            None => Err(ObjectError::NotFound {
                key: self.key.clone(),
            }),
        }
    }

    /// Completes the object: from now on it can be read.
    ///
    /// # Errors
    /// When the store fails; then there is no object.
    pub async fn finish(mut self) -> Result<(), ObjectError> {
        match self.writer.take() {
            Some(mut writer) => writer.shutdown().await.map_err(ObjectError::Written),
            None => Ok(()),
        }
    }
}

impl Drop for ObjectWriter {
    fn drop(&mut self) {
        let (Some(mut writer), Ok(runtime)) = (self.writer.take(), Handle::try_current()) else {
            return;
        };
        let key = std::mem::take(&mut self.key);
        runtime.spawn(async move {
            if let Err(error) = writer.abort().await {
                tracing::warn!(key, %error, "parts of an object that was given up are left in the store");
            }
        });
    }
}
