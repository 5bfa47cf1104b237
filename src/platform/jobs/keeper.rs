//! Keeps this process' leases alive, hears of cancellations, and takes back the jobs of the dead.

use std::{error::Error, sync::Arc, time::Duration};

use tokio::time::{self, MissedTickBehavior};

use super::{
    JobSettings,
    claim::{self, Ending, Orphan, WorkerId},
    perform::Performer,
    running::{Attempts, Running},
};
use crate::{
    kernel::Timestamp,
    platform::{db::DbError, wakeup::Topic},
};

/// How often a running job looks whether somebody cancelled it, at least.
const LOOK: Duration = Duration::from_millis(500);
/// Why a job died whose last attempt never answered.
const ORPHANED: &str = "the process that ran it ended, or lost the database, in its last attempt";

pub(super) struct Keeper {
    pub worker: WorkerId,
    pub attempts: Attempts,
    pub performer: Arc<Performer>,
    pub settings: JobSettings,
}

impl Keeper {
    /// Runs until it is dropped: also while the process drains, when apalis sends no heartbeats.
    pub async fn run(self) {
        let mut looks = time::interval(LOOK.min(self.settings.heartbeat()));
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut beat_due = time::Instant::now();
        loop {
            let now = looks.tick().await;
            let beats = now >= beat_due;
            if beats {
                beat_due = now + self.settings.heartbeat();
            }
            if let Err(error) = self.look(beats).await {
                tracing::warn!(
                    error = &error as &dyn Error,
                    "the leases of running jobs could not be renewed"
                );
                beat_due = now;
            }
        }
    }

    async fn look(&self, beats: bool) -> Result<(), DbError> {
        let attempts = self.attempts.all();
        if !attempts.is_empty() {
            self.store_progress(&attempts).await?;
            if beats {
                self.beat(&attempts).await?;
            }
            self.hear(&attempts).await?;
        }
        if beats {
            self.take_back_orphans().await?;
        }
        Ok(())
    }

    async fn beat(&self, attempts: &[Arc<Running>]) -> Result<(), DbError> {
        let keys: Vec<_> = attempts.iter().map(|running| running.key()).collect();
        let now = self.performer.clock.now();
        self.performer
            .db
            .write(move |conn| claim::beat(conn, &keys, now).map(drop))
            .await
    }

    /// Tells each attempt that was cancelled, or whose job is no longer its own.
    async fn hear(&self, attempts: &[Arc<Running>]) -> Result<(), DbError> {
        let worker = self.worker;
        let held = self
            .performer
            .db
            .read(move |conn| claim::held(conn, worker))
            .await?;
        for running in attempts {
            match held
                .iter()
                .find(|held| (held.job, held.lease) == running.key())
            {
                Some(held) if held.cancel_requested => running.cancel.cancel(),
                Some(_) => {}
                None => running.give_up(),
            }
        }
        Ok(())
    }

    async fn store_progress(&self, attempts: &[Arc<Running>]) -> Result<(), DbError> {
        let reports: Vec<_> = attempts
            .iter()
            .filter_map(|running| Some((running.key(), running.take_progress()?)))
            .collect();
        if reports.is_empty() {
            return Ok(());
        }
        let write = self.performer.db.write(move |conn| {
            reports
                .iter()
                .try_for_each(|(key, progress)| claim::set_progress(conn, *key, progress))
        });
        write.await
    }

    /// Queues jobs again whose process gave no sign of life. The lease fences: a process that was
    /// only slow finds its lease gone.
    async fn take_back_orphans(&self) -> Result<(), DbError> {
        let now = self.performer.clock.now();
        let since = now.minus(self.settings.orphan_after());
        let orphans = self
            .performer
            .db
            .read(move |conn| claim::orphans(conn, since))
            .await?;
        if orphans.is_empty() {
            return Ok(());
        }
        tracing::warn!(
            jobs = orphans.len(),
            "running jobs gave no sign of life; they run again"
        );
        let write = self.performer.db.write(move |conn| {
            conn.wake_after_commit(Topic::Jobs);
            orphans.iter().try_for_each(|orphan| {
                claim::end(
                    conn,
                    (orphan.id, orphan.lease),
                    &ending_of(orphan, now),
                    now,
                )
                .map(drop)
            })
        });
        write.await
    }
}

fn ending_of(orphan: &Orphan, now: Timestamp) -> Ending {
    if orphan.cancel_requested {
        return Ending::Cancelled;
    }
    let error = ORPHANED.to_owned();
    if orphan.attempts >= orphan.max_attempts {
        return Ending::Dead { error };
    }
    Ending::Again { run_at: now, error }
}
