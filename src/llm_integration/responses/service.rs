//! Notes whose a response is, tells it, and forgets what providers do not keep any more.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::store::{self, ResponseRow};
use crate::{
    kernel::{Clock, ProjectId, error_chain},
    llm_integration::ProviderName,
    platform::{
        db::{Db, DbError},
        jobs::{Backoff, Job, JobPolicy, JobRegistry},
    },
};

/// Providers keep a response for 30 days.
const KEPT: Duration = Duration::from_hours(31 * 24);
const EVERY: Duration = Duration::from_hours(6);

/// The responses that providers keep, by project. Cheap to clone.
#[derive(Clone)]
pub struct StoredResponses {
    db: Db,
    clock: Clock,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct ForgetResponses {}

impl Job for ForgetResponses {
    const KIND: &'static str = "llm.forget_responses";
    const QUEUE: &'static str = "traces";
    const POLICY: JobPolicy = JobPolicy {
        max_attempts: 5,
        backoff: Backoff {
            first: Duration::from_secs(5),
            factor: 4,
            max: Duration::from_hours(1),
        },
        timeout: Duration::from_mins(10),
    };
}

impl StoredResponses {
    pub const fn new(db: Db, clock: Clock) -> Self {
        Self { db, clock }
    }

    /// Notes that the project got this response of the provider's; returns when that is durable. An
    /// answer does not fail with it: one that is not noted can not be asked for later.
    pub async fn note(&self, project: ProjectId, id: String, provider: ProviderName) {
        let row = ResponseRow {
            project_id: project,
            id,
            provider: provider.to_string(),
            created_at: self.clock.now(),
        };
        let noted = self.db.write(move |conn| store::insert(conn, &row)).await;
        if let Err(error) = noted {
            let error = error_chain(&error);
            tracing::error!(error, "whose a stored response is could not be noted");
        }
    }

    /// The name of the provider that keeps the project's response; `None` where it got no such one.
    pub async fn provider_of(
        &self,
        project: ProjectId,
        id: &str,
    ) -> Result<Option<String>, DbError> {
        let id = id.to_owned();
        self.db
            .read(move |conn| store::provider_of(conn, project, &id))
            .await
    }

    /// The provider has deleted it.
    pub async fn forget(&self, project: ProjectId, id: &str) -> Result<(), DbError> {
        let id = id.to_owned();
        self.db
            .write(move |conn| store::delete(conn, project, &id))
            .await
    }

    /// Adds the job that removes what providers do not keep any more.
    #[must_use]
    pub fn register(&self, registry: JobRegistry) -> JobRegistry {
        let this = self.clone();
        registry
            .on::<ForgetResponses, _, _>(move |_, _| {
                let this = this.clone();
                async move {
                    let before = this.clock.now().minus(KEPT);
                    let write = this
                        .db
                        .write(move |conn| store::delete_before(conn, before));
                    Ok(write.await?)
                }
            })
            .every(EVERY, ForgetResponses {})
    }
}
