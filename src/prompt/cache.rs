//! Resolved prompts in memory, for this process.
//!
//! A resolved prompt holds text of others, so a change to one prompt makes all of its project's
//! entries stale. They are not searched for: each project has an epoch, the epoch is part of every
//! key, and a change moves it on. A read takes the epoch before it asks the database; if a change
//! comes in between, what it read is stored under an epoch that nobody asks for again, and expires.

use std::{
    array,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use moka::future::Cache;

use super::{
    PromptSettings, Served,
    model::{PromptName, Selector},
};
use crate::{
    kernel::{Failure, ProjectId},
    platform::remembered::get_or_load,
};

/// Projects share these by the last byte of their id; two that share one forget together.
const EPOCHS: usize = 256;

#[derive(Clone)]
pub(super) struct PromptCache {
    entries: Cache<Key, Arc<Served>>,
    epochs: Arc<[AtomicU64; EPOCHS]>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    project: ProjectId,
    epoch: u64,
    name: PromptName,
    selector: Selector,
}

impl PromptCache {
    pub fn new(settings: &PromptSettings) -> Self {
        let entries = Cache::builder()
            .max_capacity(settings.cache_bytes)
            .weigher(|_, served: &Arc<Served>| served.weight())
            .time_to_live(settings.cache_ttl())
            .build();
        Self {
            entries,
            epochs: Arc::new(array::from_fn(|_| AtomicU64::new(0))),
        }
    }

    /// The entry, or what `load` gives; of those who miss at once, one loads and all get the same.
    pub async fn get_or_load(
        &self,
        project: ProjectId,
        name: &PromptName,
        selector: &Selector,
        load: impl AsyncFnOnce() -> Result<Served, Failure>,
    ) -> Result<Arc<Served>, Failure> {
        let epoch = self.epoch(project).load(Ordering::Acquire);
        let key = Key {
            project,
            epoch,
            name: name.clone(),
            selector: selector.clone(),
        };
        let load = async || load().await.map(Arc::new);
        get_or_load(&self.entries, key, load)
            .await
            .map_err(|failure| (*failure).clone())
    }

    /// Nothing that was read of `project` before now is served after now.
    pub fn forget(&self, project: ProjectId) {
        self.epoch(project).fetch_add(1, Ordering::AcqRel);
    }

    pub fn forget_all(&self) {
        for epoch in self.epochs.iter() {
            epoch.fetch_add(1, Ordering::AcqRel);
        }
    }

    fn epoch(&self, project: ProjectId) -> &AtomicU64 {
        let [.., last] = *project.as_uuid().as_bytes();
        &self.epochs[usize::from(last)]
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::*;
    use crate::{
        kernel::{Clock, ErrorCode},
        prompt::{
            model::{Config, Content, Kind, Prompt, Version, VersionNumber},
            served::Snapshot,
        },
    };

    fn cache() -> PromptCache {
        let settings = PromptSettings {
            cache_seconds: 60,
            cache_bytes: 1 << 20,
            usage_flush_seconds: 60,
        };
        PromptCache::new(&settings)
    }

    fn served(text: &str) -> Served {
        let clock = Clock::system();
        let (id, now) = (clock.new_id(), clock.now());
        let prompt = Prompt::new(id, clock.new_id(), name(), Kind::Text, now);
        let version = Version {
            id: clock.new_id(),
            prompt: id,
            number: VersionNumber::FIRST,
            content: Content::Text(text.to_owned()),
            config: Config::parse(None).unwrap(),
            commit_message: None,
            author: String::new(),
            created_at: now,
            updated_at: now,
        };
        Served::new(
            Snapshot {
                prompt,
                version,
                graph: None,
            },
            Arc::default(),
        )
    }

    fn name() -> PromptName {
        PromptName::parse("p").unwrap()
    }

    async fn read(
        cache: &PromptCache,
        project: ProjectId,
        load: impl AsyncFnOnce() -> Result<Served, Failure>,
    ) -> String {
        let selector = Selector::parse(None, None).unwrap();
        let served = cache
            .get_or_load(project, &name(), &selector, load)
            .await
            .unwrap();
        served.snapshot.version.content.templates().collect()
    }

    #[tokio::test]
    async fn a_read_that_races_with_a_change_leaves_nothing_stale_behind() {
        let (cache, project) = (cache(), Clock::system().new_id());
        let (go, wait) = oneshot::channel::<()>();
        let slow = tokio::spawn({
            let cache = cache.clone();
            async move {
                let load = async move || {
                    wait.await.unwrap();
                    Ok(served("old"))
                };
                read(&cache, project, load).await
            }
        });
        tokio::task::yield_now().await;
        cache.forget(project);
        // It must neither join the slow load nor be given what that stores afterwards.
        assert_eq!(
            read(&cache, project, async || Ok(served("new"))).await,
            "new"
        );
        go.send(()).unwrap();
        assert_eq!(slow.await.unwrap(), "old");
        assert_eq!(
            read(&cache, project, async || panic!("it is cached")).await,
            "new"
        );
        cache.forget_all();
        assert_eq!(
            read(&cache, project, async || Ok(served("newer"))).await,
            "newer"
        );
    }

    #[tokio::test]
    async fn of_many_who_miss_at_once_one_loads() {
        let (cache, project) = (cache(), Clock::system().new_id());
        let loads = AtomicU64::new(0);
        let reads = (0..50).map(|_| {
            read(&cache, project, async || {
                loads.fetch_add(1, Ordering::SeqCst);
                tokio::task::yield_now().await;
                Ok(served("once"))
            })
        });
        assert!(
            futures::future::join_all(reads)
                .await
                .iter()
                .all(|text| text == "once")
        );
        assert_eq!(loads.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn a_failure_is_not_kept() {
        let (cache, project) = (cache(), Clock::system().new_id());
        let selector = Selector::parse(None, None).unwrap();
        let fails = async || Err(Failure::new(ErrorCode::NotFound, "not yet"));
        let failure = cache
            .get_or_load(project, &name(), &selector, fails)
            .await
            .unwrap_err();
        assert_eq!(failure.code, ErrorCode::NotFound);
        assert_eq!(
            read(&cache, project, async || Ok(served("there"))).await,
            "there"
        );
    }
}
