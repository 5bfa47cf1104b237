//! How often versions are fetched: read by people, written by a task.

use tokio::time;
use tokio_util::sync::CancellationToken;

use super::{Prompts, read::existing};
use crate::{
    kernel::{Actor, Failure, PageLimit, Permission},
    platform::db::DbError,
    prompt::{
        PromptError,
        model::PromptName,
        store::{self, VersionUsage},
    },
};

impl Prompts {
    /// Fetches of the highest `limit` versions, those of this process up to now included.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn usage(
        &self,
        actor: &Actor,
        name: PromptName,
        limit: PageLimit,
    ) -> Result<Vec<VersionUsage>, Failure> {
        actor.require(Permission::PromptsRead)?;
        self.flush_usage().await?;
        let project = actor.project;
        let usage = self
            .db
            .read(move |conn| {
                let prompt = existing(conn, project, name)?;
                Ok::<_, PromptError>(store::usage(conn, prompt.id, i64::from(limit.get()))?)
            })
            .await?;
        Ok(usage)
    }

    /// Writes the counts every few seconds, and a last time after `stop`.
    pub async fn flush_usage_until(self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            tokio::select! {
                () = stop.cancelled() => {}
                () = time::sleep(self.usage_flush_interval) => {}
            }
            if let Err(error) = self.flush_usage().await {
                let error: &dyn std::error::Error = &error;
                tracing::warn!(
                    error,
                    "fetches of prompts could not be written; they are kept"
                );
            }
        }
    }

    async fn flush_usage(&self) -> Result<(), DbError> {
        let counts = self.counters.take();
        if counts.is_empty() {
            return Ok(());
        }
        let (written, now) = (counts.clone(), self.clock.now());
        let outcome = self
            .db
            .write(move |conn| store::add_fetches(conn, &written, now))
            .await;
        if outcome.is_err() {
            self.counters.give_back(counts);
        }
        outcome
    }
}
