//! What goes by its age, and the partitions that come and go with the days.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::{TraceId, TraceRetention, retention::TRACES_AT_ONCE, store};
use crate::{
    kernel::{ProjectId, Timestamp},
    llm_integration::{comments, media, scores},
    platform::db::{Conn, DbError},
};

const DAY: Duration = Duration::from_hours(24);
/// Partitions that are made before they are needed.
const DAYS_AHEAD: i32 = 3;
/// How long a trace that was deleted stays so, whatever is reported of it late.
const TOMBSTONE: Duration = Duration::from_hours(7 * 24);

/// Ids of traces that another folder has kept something of since before a time, and that were
/// never heard of.
type UnheardTraces =
    fn(&mut Conn, ProjectId, before: Timestamp, limit: i64) -> Result<Vec<TraceId>, DbError>;

const UNHEARD: [UnheardTraces; 2] = [scores::unheard_traces, media::unheard_traces];

impl TraceRetention {
    /// Makes the partitions of the days to come, and of days that came late.
    async fn make_days(&self) -> Result<(), DbError> {
        let now = self.clock.now();
        let missing = self
            .db
            .read(move |conn| store::missing_days(conn, now, DAYS_AHEAD))
            .await?;
        for (daily, day) in each_table(missing) {
            self.db
                .write(move |conn| store::make_day(conn, daily, &day))
                .await?;
        }
        Ok(())
    }

    /// Removes what was kept long enough, and keeps the partitions: what the hourly job does.
    ///
    /// # Errors
    /// When the database fails; what was done stays done.
    pub async fn keep_up(&self, cancelled: &CancellationToken) -> Result<(), DbError> {
        self.make_days().await?;
        let forgotten = self.clock.now().minus(TOMBSTONE);
        let write = self
            .db
            .write(move |conn| store::delete_tombstones_before(conn, forgotten));
        write.await?;
        let chosen = self.db.read(store::chosen_retention).await?;
        let projects = self.db.read(store::projects_with_traces).await?;
        let mut earliest: Option<Timestamp> = None;
        for project in projects {
            let days = self.days(chosen.get(&project).copied());
            if days == 0 {
                continue;
            }
            let before = self.clock.now().minus(DAY.saturating_mul(days));
            earliest = Some(earliest.map_or(before, |earliest: Timestamp| earliest.max(before)));
            let removed = self.remove_before(project, before, cancelled).await?;
            self.remove_unheard(project, before, cancelled).await?;
            self.remove_sessions(project, before, cancelled).await?;
            if removed > 0 {
                tracing::info!(%project, days, removed, "removed traces that were kept long enough");
            }
        }
        if let Some(before) = earliest {
            self.drop_empty_days(before).await?;
        }
        Ok(())
    }

    async fn remove_before(
        &self,
        project: ProjectId,
        before: Timestamp,
        cancelled: &CancellationToken,
    ) -> Result<usize, DbError> {
        let mut removed = 0;
        while !cancelled.is_cancelled() {
            let limit = i64::try_from(TRACES_AT_ONCE).unwrap_or(i64::MAX);
            let old = self
                .db
                .read(move |conn| store::traces_before(conn, project, before, limit))
                .await?;
            if old.is_empty() {
                break;
            }
            removed += old.len();
            self.remove(project, old, store::Remains::Nothing).await?;
        }
        Ok(removed)
    }

    /// What was kept of traces that were never heard of themselves.
    async fn remove_unheard(
        &self,
        project: ProjectId,
        before: Timestamp,
        cancelled: &CancellationToken,
    ) -> Result<(), DbError> {
        let limit = i64::try_from(TRACES_AT_ONCE).unwrap_or(i64::MAX);
        for unheard in UNHEARD {
            while !cancelled.is_cancelled() {
                let reading = self
                    .db
                    .read(move |conn| unheard(conn, project, before, limit));
                let ids = reading.await?;
                if ids.is_empty() {
                    break;
                }
                self.remove(project, ids, store::Remains::Nothing).await?;
            }
        }
        Ok(())
    }

    /// Sessions of which nothing is left, with what was said of them.
    async fn remove_sessions(
        &self,
        project: ProjectId,
        before: Timestamp,
        cancelled: &CancellationToken,
    ) -> Result<(), DbError> {
        let limit = i64::try_from(TRACES_AT_ONCE).unwrap_or(i64::MAX);
        while !cancelled.is_cancelled() {
            let removing = self.db.write(move |conn| {
                let ids = store::delete_empty_sessions(conn, project, before, limit)?;
                scores::delete_of_sessions(conn, project, &ids)?;
                comments::delete_of_sessions(conn, project, &ids)?;
                Ok::<_, DbError>(ids.len())
            });
            if removing.await? < TRACES_AT_ONCE {
                break;
            }
        }
        Ok(())
    }

    async fn drop_empty_days(&self, before: Timestamp) -> Result<(), DbError> {
        let days = self
            .db
            .read(move |conn| store::days_before(conn, before))
            .await?;
        for (daily, day) in each_table(days) {
            self.db
                .write(move |conn| store::drop_empty_day(conn, daily, &day))
                .await?;
        }
        Ok(())
    }
}

fn each_table(days: Vec<String>) -> impl Iterator<Item = (store::Daily, String)> {
    let tables = |day: String| store::Daily::ALL.map(|daily| (daily, day.clone()));
    days.into_iter().flat_map(tables)
}
