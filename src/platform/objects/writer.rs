//! Writes an object as its bytes come, without holding all of it.

use bytes::Bytes;
use object_store::buffered::BufWriter;
use tokio::{io::AsyncWriteExt, runtime::Handle};

use super::{ObjectError, Objects, store::failed};

/// What is gathered in memory before it is sent (5 MiB, the least part that S3 takes).
const PART_BYTES: usize = 5 * 1024 * 1024;
/// Parts that are sent at once.
const PARTS_AT_ONCE: usize = 1;

/// An object that is being written. It is there once [`ObjectWriter::finish`] has returned, and
/// not a part of it before; one that is dropped leaves nothing.
pub struct ObjectWriter {
    key: String,
    /// `None` once it was finished.
    parts: Option<BufWriter>,
}

impl Objects {
    /// Begins to write the object; one of this key is replaced at the end.
    pub fn writer(&self, key: &str) -> ObjectWriter {
        let parts = BufWriter::with_capacity(self.shared(), key.into(), PART_BYTES);
        ObjectWriter {
            key: key.to_owned(),
            parts: Some(parts.with_max_concurrency(PARTS_AT_ONCE)),
        }
    }
}

impl ObjectWriter {
    pub async fn write(&mut self, bytes: Bytes) -> Result<(), ObjectError> {
        match &mut self.parts {
            Some(parts) => parts
                .put(bytes)
                .await
                .map_err(|error| failed(&self.key, error)),
            None => Ok(()),
        }
    }

    pub async fn finish(mut self) -> Result<(), ObjectError> {
        let Some(mut parts) = self.parts.take() else {
            return Ok(());
        };
        let finished = parts.shutdown().await;
        finished.map_err(|error| ObjectError::NotWritten {
            key: self.key.clone(),
            source: error,
        })
    }
}

impl Drop for ObjectWriter {
    /// Parts that were sent are taken back beside whoever drops it.
    fn drop(&mut self) {
        if let (Some(mut parts), Ok(runtime)) = (self.parts.take(), Handle::try_current()) {
            let key = std::mem::take(&mut self.key);
            runtime.spawn(async move {
                if let Err(error) = parts.abort().await {
                    tracing::warn!(%error, key, "parts of an object were left behind");
                }
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_object_is_there_when_it_is_finished_and_not_before() {
        let folder = tempfile::tempdir().unwrap();
        let objects = Objects::in_folder(folder.path(), false);
        let part = Bytes::from(vec![7; PART_BYTES / 2 + 1]);
        let mut writer = objects.writer("a/b");
        for _ in 0..5 {
            writer.write(part.clone()).await.unwrap();
        }
        let before = objects.get("a/b", u64::MAX).await.unwrap_err();
        assert!(matches!(before, ObjectError::NotFound { .. }));
        writer.finish().await.unwrap();
        assert_eq!(
            objects.get("a/b", u64::MAX).await.unwrap().len(),
            5 * part.len()
        );
        let mut dropped = objects.writer("a/c");
        dropped.write(part).await.unwrap();
        drop(dropped);
        let never = objects.get("a/c", u64::MAX).await.unwrap_err();
        assert!(matches!(never, ObjectError::NotFound { .. }));
    }
}
