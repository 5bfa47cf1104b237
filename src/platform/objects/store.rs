//! Writes, reads and removes objects.

use std::{fs::File, ops::Range, path::Path, sync::Arc, time::Duration};

use bytes::{Bytes, BytesMut};
use futures::{StreamExt, TryStreamExt, stream::BoxStream};
use object_store::{
    ClientOptions, GetOptions, GetResultPayload, ObjectStore, ObjectStoreExt, aws::AmazonS3Builder,
    local::LocalFileSystem, path::Path as Key, prefix::PrefixStore,
};

use tokio::io::{AsyncSeekExt, AsyncWriteExt};

use super::ObjectSettings;
use crate::platform::config::ConfigError;

/// Below the data directory.
const FOLDER: &str = "objects";

#[derive(Debug, thiserror::Error)]
pub enum ObjectError {
    #[error("there is no object `{key}`")]
    NotFound { key: String },
    #[error("the object `{key}` has {bytes} bytes, more than {limit}")]
    TooLarge { key: String, bytes: u64, limit: u64 },
    #[error("the object store failed")]
    Failed(#[source] object_store::Error),
    #[error("the object `{key}` could not be written to its end")]
    NotWritten {
        key: String,
        #[source]
        source: std::io::Error,
    },
    #[error("the object `{key}` could not be put into a file")]
    File {
        key: String,
        #[source]
        source: std::io::Error,
    },
}

/// The bytes of an object as they come.
pub type ObjectStream = BoxStream<'static, Result<Bytes, ObjectError>>;

/// The store that is configured. Cheap to clone.
#[derive(Clone)]
pub struct Objects {
    store: Arc<dyn ObjectStore>,
    outlives_process: bool,
    /// Where a file is made of an object that lies elsewhere.
    copies: Arc<Path>,
    /// Where objects lie that are files.
    files: Option<Arc<Path>>,
}

impl Objects {
    /// Files below `folder`, which is made when the first object is written, or the bucket that is
    /// configured. `synced` makes a file outlive a power cut before its writing is said to be done.
    ///
    /// # Errors
    /// When the URL is not `s3://bucket/prefix`, or what goes with it is not complete.
    pub fn new(
        settings: &ObjectSettings,
        folder: &Path,
        synced: bool,
    ) -> Result<Self, ConfigError> {
        if settings.url.is_empty() {
            return Ok(Self::in_folder(&folder.join(FOLDER), synced));
        }
        let rejected = |why: &str| {
            ConfigError::Rejected(format!(
                "`objects.url` must be s3://<bucket>/<prefix>: {why}"
            ))
        };
        let rest = settings.url.strip_prefix("s3://");
        let (bucket, prefix) = match rest.map(|rest| rest.split_once('/').unwrap_or((rest, ""))) {
            Some((bucket, prefix)) if !bucket.is_empty() => (bucket, prefix),
            _ => return Err(rejected("it names no bucket")),
        };
        let options = ClientOptions::new()
            .with_timeout(Duration::from_secs(settings.timeout_seconds))
            .with_allow_http(settings.endpoint.starts_with("http://"));
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(bucket)
            .with_client_options(options)
            .with_allow_http(settings.endpoint.starts_with("http://"));
        if !settings.region.is_empty() {
            builder = builder.with_region(&settings.region);
        }
        if !settings.endpoint.is_empty() {
            builder = builder.with_endpoint(&settings.endpoint);
        }
        if let (Some(id), Some(secret)) = (
            settings.access_key_id.set(),
            settings.secret_access_key.set(),
        ) {
            builder = builder
                .with_access_key_id(id)
                .with_secret_access_key(secret);
        }
        let bucket = builder
            .build()
            .map_err(|error| rejected(&error.to_string()))?;
        Ok(Self {
            store: Arc::new(PrefixStore::new(bucket, prefix)),
            outlives_process: true,
            copies: folder.into(),
            files: None,
        })
    }

    /// Files of this folder. Where no file can be made, objects are kept in memory, which the log
    /// says and [`Objects::outlives_process`] tells.
    pub fn in_folder(folder: &Path, synced: bool) -> Self {
        let made = std::fs::create_dir_all(folder)
            .map_err(|error| error.to_string())
            .and_then(|()| {
                LocalFileSystem::new_with_prefix(folder).map_err(|error| error.to_string())
            });
        let files = match made {
            Ok(files) => files.with_automatic_cleanup(true).with_fsync(synced),
            Err(why) => {
                // A process that may write nowhere still serves; what is large stays in rows.
                tracing::warn!(folder = %folder.display(), why, "objects can not be kept in files");
                return Self {
                    store: Arc::new(object_store::memory::InMemory::new()),
                    outlives_process: false,
                    copies: folder.into(),
                    files: None,
                };
            }
        };
        Self {
            store: Arc::new(files),
            outlives_process: true,
            copies: folder.into(),
            files: Some(folder.into()),
        }
    }

    /// Whether what is written is still there after a restart. Where it is not, nothing may be
    /// moved here out of a place where it is.
    pub const fn outlives_process(&self) -> bool {
        self.outlives_process
    }

    pub(super) fn shared(&self) -> Arc<dyn ObjectStore> {
        Arc::clone(&self.store)
    }

    /// Writes the object; one of this key is replaced.
    pub async fn put(&self, key: &str, bytes: Bytes) -> Result<(), ObjectError> {
        let put = self.store.put(&Key::from(key), bytes.into()).await;
        put.map(drop).map_err(|error| failed(key, error))
    }

    /// An object of at most `limit` bytes as a file: its own, or a copy without a name that goes when
    /// it is closed.
    pub async fn file(&self, key: &str, limit: u64) -> Result<File, ObjectError> {
        let found = self.store.get(&Key::from(key)).await;
        let found = found.map_err(|error| failed(key, error))?;
        require_size(key, found.meta.size, limit)?;
        match found.payload {
            GetResultPayload::File(file, _) => Ok(file),
            GetResultPayload::Stream(bytes) => self.copied(key, bytes).await,
        }
    }

    async fn copied(
        &self,
        key: &str,
        mut bytes: BoxStream<'static, object_store::Result<Bytes>>,
    ) -> Result<File, ObjectError> {
        let not_a_file = |source| ObjectError::File {
            key: key.to_owned(),
            source,
        };
        let made = std::fs::create_dir_all(&*self.copies);
        let file = made.and_then(|()| tempfile::tempfile_in(&*self.copies));
        let file = file.map_err(not_a_file)?;
        let mut copy = tokio::fs::File::from_std(file);
        while let Some(part) = bytes.try_next().await.map_err(ObjectError::Failed)? {
            copy.write_all(&part).await.map_err(not_a_file)?;
        }
        copy.rewind().await.map_err(not_a_file)?;
        Ok(copy.into_std().await)
    }

    /// All of an object of at most `limit` bytes.
    pub async fn get(&self, key: &str, limit: u64) -> Result<Bytes, ObjectError> {
        let (bytes, mut parts) = self.stream(key, limit).await?;
        let mut all = BytesMut::with_capacity(usize::try_from(bytes).unwrap_or(0));
        while let Some(part) = parts.try_next().await? {
            all.extend_from_slice(&part);
        }
        Ok(all.freeze())
    }

    /// The size of an object of at most `limit` bytes, and its bytes as they come.
    pub async fn stream(&self, key: &str, limit: u64) -> Result<(u64, ObjectStream), ObjectError> {
        let found = self.store.get(&Key::from(key)).await;
        let found = found.map_err(|error| failed(key, error))?;
        let bytes = found.meta.size;
        require_size(key, bytes, limit)?;
        Ok((
            bytes,
            found.into_stream().map_err(ObjectError::Failed).boxed(),
        ))
    }

    /// A part of an object, as it comes: bytes from the start of `range` up to, without, its end.
    pub async fn part(&self, key: &str, range: Range<u64>) -> Result<ObjectStream, ObjectError> {
        let options = GetOptions {
            range: Some(range.into()),
            ..GetOptions::default()
        };
        let found = self.store.get_opts(&Key::from(key), options).await;
        let found = found.map_err(|error| failed(key, error))?;
        Ok(found.into_stream().map_err(ObjectError::Failed).boxed())
    }

    /// Removes every object below this path.
    pub async fn delete_below(&self, folder: &str) -> Result<(), ObjectError> {
        let mut found = self.store.list(Some(&Key::from(folder)));
        while let Some(object) = found.try_next().await.map_err(ObjectError::Failed)? {
            self.delete(vec![object.location.to_string()]).await?;
        }
        Ok(())
    }

    /// Removes an object that a process may have ended in the middle of writing, with what lies beside it then: files keep
    /// its parts as `key#1`. Parts in a bucket are no objects; a rule of the bucket's removes those.
    pub async fn delete_unfinished(&self, key: &str) -> Result<(), ObjectError> {
        self.delete(vec![key.to_owned()]).await?;
        let Some(folder) = self.files.clone() else {
            return Ok(());
        };
        let path = folder.join(Key::from(key).as_ref());
        let removed = tokio::task::spawn_blocking(move || remove_parts(&path)).await;
        let removed = removed.map_err(std::io::Error::other).and_then(|done| done);
        removed.map_err(|source| ObjectError::File {
            key: key.to_owned(),
            source,
        })
    }

    /// Removes objects; one that is not there counts as removed.
    pub async fn delete(&self, keys: Vec<String>) -> Result<(), ObjectError> {
        for key in keys {
            match self.store.delete(&Key::from(key.as_str())).await {
                Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
                Err(error) => return Err(ObjectError::Failed(error)),
            }
        }
        Ok(())
    }
}

/// Removes the files in which the parts of the object at `path` were gathered.
fn remove_parts(path: &Path) -> std::io::Result<()> {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
        return Ok(());
    };
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    let name = name.to_string_lossy();
    for entry in entries {
        let entry = entry?;
        let found = entry.file_name();
        let found = found.to_string_lossy();
        let number = found
            .strip_prefix(&*name)
            .and_then(|rest| rest.strip_prefix('#'));
        if number
            .is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
        {
            std::fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

fn require_size(key: &str, bytes: u64, limit: u64) -> Result<(), ObjectError> {
    if bytes <= limit {
        return Ok(());
    }
    Err(ObjectError::TooLarge {
        key: key.to_owned(),
        bytes,
        limit,
    })
}

pub(super) fn failed(key: &str, error: object_store::Error) -> ObjectError {
    match error {
        object_store::Error::NotFound { .. } => ObjectError::NotFound {
            key: key.to_owned(),
        },
        error => ObjectError::Failed(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_object_is_written_read_within_a_limit_and_removed() {
        let folder = tempfile::tempdir().unwrap();
        let objects = Objects::in_folder(folder.path(), true);
        objects
            .put("a/b 1/c", Bytes::from_static(b"12345"))
            .await
            .unwrap();
        objects.put("a/d", Bytes::from_static(b"1")).await.unwrap();
        assert_eq!(objects.get("a/b 1/c", 5).await.unwrap(), "12345");
        let too_large = objects.get("a/b 1/c", 4).await.unwrap_err();
        assert!(matches!(too_large, ObjectError::TooLarge { bytes: 5, .. }));
        let keys = ["a/d", "a/b 1/c", "a/gone"].map(str::to_owned);
        objects.delete(keys.to_vec()).await.unwrap();
        let gone = objects.get("a/b 1/c", 5).await.unwrap_err();
        assert!(matches!(gone, ObjectError::NotFound { .. }));
    }

    #[tokio::test]
    async fn a_part_is_read_and_a_folder_is_removed_with_all_below_it() {
        let folder = tempfile::tempdir().unwrap();
        let objects = Objects::in_folder(folder.path(), false);
        for key in ["a/b", "a/b.pages/1", "a/b.pages/2/3", "a/c"] {
            objects
                .put(key, Bytes::from_static(b"0123456789"))
                .await
                .unwrap();
        }
        let part = objects.part("a/b", 3..5).await.unwrap();
        let part: Vec<Bytes> = part.try_collect().await.unwrap();
        assert_eq!(part.concat(), b"34");
        objects.delete_below("a/b.pages").await.unwrap();
        assert!(objects.get("a/b.pages/2/3", 10).await.is_err());
        for kept in ["a/b", "a/c"] {
            assert_eq!(objects.get(kept, 10).await.unwrap(), "0123456789");
        }
        objects.delete_below("nowhere").await.unwrap();
    }

    #[tokio::test]
    async fn what_a_killed_process_had_written_of_an_object_can_be_removed() {
        const PARTS: usize = 12 * 1024 * 1024;
        let folder = tempfile::tempdir().unwrap();
        let objects = Objects::in_folder(folder.path(), false);
        for key in ["a/1", "a/12"] {
            let mut writer = objects.writer(key);
            writer.write(vec![7; PARTS].into()).await.unwrap();
            // A process that is killed drops nothing.
            std::mem::forget(writer);
        }
        let left = || -> Vec<String> {
            let entries = std::fs::read_dir(folder.path().join("a")).unwrap();
            entries
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .collect()
        };
        while left().len() < 2 {
            tokio::task::yield_now().await;
        }
        objects.delete_unfinished("a/1").await.unwrap();
        assert_eq!(left(), ["12#1"]);
        objects.delete_unfinished("b/nothing").await.unwrap();
    }

    #[tokio::test]
    async fn an_object_is_written_in_parts_and_read_as_a_file_and_one_given_up_leaves_nothing() {
        const MEBIBYTE: usize = 1024 * 1024;
        let folder = tempfile::tempdir().unwrap();
        let objects = Objects::in_folder(folder.path(), false);
        for mebibytes in [1, 12] {
            let mut writer = objects.writer("a/whole");
            for _ in 0..mebibytes {
                writer.write(vec![7; MEBIBYTE].into()).await.unwrap();
            }
            writer.finish().await.unwrap();
            let mut file = objects.file("a/whole", u64::MAX).await.unwrap();
            let read = std::io::copy(&mut file, &mut std::io::sink()).unwrap();
            assert_eq!(read, u64::try_from(mebibytes * MEBIBYTE).unwrap());
        }
        let mut writer = objects.writer("b/half");
        writer.write(vec![7; 12 * MEBIBYTE].into()).await.unwrap();
        drop(writer);
        let left = || std::fs::read_dir(folder.path().join("b")).map_or(0, Iterator::count);
        while left() > 0 {
            tokio::task::yield_now().await;
        }
        let memory = Objects {
            store: Arc::new(object_store::memory::InMemory::new()),
            outlives_process: false,
            copies: folder.path().into(),
            files: None,
        };
        memory
            .put("c", Bytes::from_static(b"copied"))
            .await
            .unwrap();
        let mut file = memory.file("c", 6).await.unwrap();
        assert_eq!(std::io::read_to_string(&mut file).unwrap(), "copied");
    }
}
