//! What is known of a project's limits and its keys' policies without asking the database each time.

use std::{hash::Hash, sync::Arc, time::Duration};

use moka::future::Cache;

use super::{
    KeyPolicy, LimitRule,
    store::{policies, rules},
};
use crate::{
    kernel::{ApiKeyId, ProjectId, error_chain},
    platform::{
        db::{Db, DbError},
        remembered::get_or_load,
    },
};

/// How long another replica's change can stay unnoticed.
const CACHE_TTL: Duration = Duration::from_secs(5);
const CACHE_PROJECTS: u64 = 10_000;
const CACHE_KEYS: u64 = 100_000;

/// Values that are asked for again after a while. While the database does not answer, the last that
/// it said counts: limits hold then too, and calls without any still pass.
struct Remembered<K, V> {
    fresh: Cache<K, V>,
    last: Cache<K, V>,
}

impl<K, V> Remembered<K, V>
where
    K: Copy + Hash + Eq + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    fn new(capacity: u64) -> Self {
        let fresh = Cache::builder()
            .max_capacity(capacity)
            .time_to_live(CACHE_TTL)
            .build();
        Self {
            fresh,
            last: Cache::new(capacity),
        }
    }

    async fn get(
        &self,
        key: K,
        load: impl AsyncFnOnce() -> Result<V, DbError>,
    ) -> Result<V, Arc<DbError>> {
        let loading = async || {
            let loaded = load().await;
            match &loaded {
                Ok(value) => self.last.insert(key, value.clone()).await,
                Err(error) => {
                    if let Some(value) = self.last.get(&key).await {
                        let why = error_chain(error);
                        tracing::warn!(why, "limits are those that were last read");
                        return Ok(value);
                    }
                }
            }
            loaded
        };
        get_or_load(&self.fresh, key, loading).await
    }
}

/// Limits by project, policies by key.
pub(super) struct Rules {
    db: Db,
    limits: Remembered<ProjectId, Arc<Vec<LimitRule>>>,
    policies: Remembered<(ProjectId, ApiKeyId), Option<Arc<KeyPolicy>>>,
}

impl Rules {
    pub fn new(db: Db) -> Self {
        Self {
            db,
            limits: Remembered::new(CACHE_PROJECTS),
            policies: Remembered::new(CACHE_KEYS),
        }
    }

    pub async fn limits(&self, project: ProjectId) -> Result<Arc<Vec<LimitRule>>, Arc<DbError>> {
        let load = async || {
            let found = self.db.read(move |conn| rules::list(conn, project)).await;
            found.map(Arc::new)
        };
        self.limits.get(project, load).await
    }

    pub async fn policy(
        &self,
        project: ProjectId,
        key: ApiKeyId,
    ) -> Result<Option<Arc<KeyPolicy>>, Arc<DbError>> {
        let load = async || {
            let found = self
                .db
                .read(move |conn| policies::get(conn, project, key))
                .await?;
            Ok(found.map(Arc::new))
        };
        self.policies.get((project, key), load).await
    }

    pub async fn forget_limits(&self, project: ProjectId) {
        self.limits.fresh.invalidate(&project).await;
    }

    pub async fn forget_policy(&self, project: ProjectId, key: ApiKeyId) {
        self.policies.fresh.invalidate(&(project, key)).await;
    }
}
