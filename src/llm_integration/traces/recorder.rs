//! Takes in reports: they are durable before their sender is answered, and in the database soon after.
//!
//! A report is appended to the write-ahead log of this process, which the [`super::TraceWriter`] moves
//! to the database. So a database that is slow or away lets the log grow, and nobody waits for it; a
//! log that has reached its limit says so to the sender, who then keeps its reports. Where no log can
//! be kept, a report is durable when it is committed.

use std::{path::Path, sync::Arc, time::Duration};

use tokio::{
    runtime::Handle,
    sync::{broadcast, watch},
    task::JoinHandle,
    time,
};
use tracing::Instrument;

use super::{
    Report, TraceDurability, TraceSettings, TraceWriter,
    direct::Direct,
    sink::Sink,
    writer::{Progress, Source, Ties},
};
use crate::{
    kernel::{ErrorCode, Failure, ProjectId, error_chain},
    llm_integration::TraceId,
    platform::wal::{AppendError, Durability, Log, LogSettings},
};

/// What a sender is told to wait before it sends again.
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// A segment of the log (8 MiB): about what is done again after a crash.
const SEGMENT_BYTES: u64 = 8 * 1024 * 1024;
/// How long a reader waits for what was accepted before it asked.
const READ_WAIT: Duration = Duration::from_secs(5);
/// Batches that a listener may be behind before it misses some.
const ANNOUNCED_BATCHES: usize = 256;

/// The reports are not durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotStored {
    /// Nothing was kept: the sender keeps it and sends it again.
    #[error("no more traces are taken in before those that wait are stored")]
    Full,
    /// They may still be stored, or be lost; the reason is in the log.
    #[error("the trace could not be stored in time")]
    NotInTime,
}

impl From<NotStored> for Failure {
    /// Always one that asks to try again: a report that comes twice counts once.
    fn from(error: NotStored) -> Self {
        Self::new(ErrorCode::Overloaded, error.to_string()).retry_after(RETRY_AFTER)
    }
}

/// Traces that have changed in the database.
pub type ChangedTraces = Arc<Vec<(ProjectId, TraceId)>>;

/// Takes in reports for the one [`TraceWriter`]. Cheap to clone.
#[derive(Clone)]
pub struct Recorder {
    intake: Intake,
    progress: watch::Receiver<Progress>,
    changed: broadcast::Sender<ChangedTraces>,
    longest_wait: Duration,
    ties: Ties,
    runtime: Handle,
}

#[derive(Clone)]
enum Intake {
    Log(Log),
    Direct(Direct),
}

impl Recorder {
    /// `log` is the folder of this database's log; `longest_wait` bounds how long a sender waits.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn new(
        sink: Sink,
        settings: &TraceSettings,
        log: &Path,
        longest_wait: Duration,
    ) -> (Self, TraceWriter) {
        let (intake, source) = open(settings, log, longest_wait);
        let (sender, progress) = watch::channel(Progress::default());
        let (changed, _) = broadcast::channel(ANNOUNCED_BATCHES);
        let recorder = Self {
            intake,
            progress,
            changed: changed.clone(),
            longest_wait,
            ties: Ties::default(),
            runtime: Handle::current(),
        };
        let ties = recorder.ties.clone();
        let writer = TraceWriter::new(source, sink, (sender, changed), ties);
        (recorder, writer)
    }

    /// Runs what records something when nobody waits for it any more: the process ends after it.
    pub fn finish_later(&self, work: impl Future<Output = ()> + Send + 'static) -> JoinHandle<()> {
        self.ties
            .later
            .spawn_on(work.in_current_span(), &self.runtime)
    }

    /// Returns once the reports are durable. A caller that stops waiting loses nothing.
    ///
    /// # Errors
    /// [`NotStored`] when there is no room, or it did not happen in time.
    pub async fn record(&self, project: ProjectId, reports: Vec<Report>) -> Result<(), NotStored> {
        if reports.is_empty() {
            return Ok(());
        }
        match &self.intake {
            Intake::Direct(direct) => direct.record(project, reports).await,
            Intake::Log(log) => {
                let appending = log.append(encode(project, &reports));
                match time::timeout(self.longest_wait, appending).await {
                    Ok(Ok(())) => Ok(()),
                    Ok(Err(AppendError::Full | AppendError::TooLong { .. })) => {
                        Err(NotStored::Full)
                    }
                    Ok(Err(AppendError::Failed)) | Err(_) => Err(NotStored::NotInTime),
                }
            }
        }
    }

    /// Hands the reports over at once; nobody waits for them to be durable. What finds no room is
    /// lost, logged and counted.
    pub fn submit(&self, project: ProjectId, reports: Vec<Report>) {
        match &self.intake {
            Intake::Direct(direct) => direct.submit(project, reports),
            Intake::Log(log) => {
                if let Err(error) = log.submit(encode(project, &reports)) {
                    lost(reports.len(), &error_chain(&error));
                }
            }
        }
    }

    /// Waits until what this process had accepted is in the database, so that one who wrote reads
    /// what it wrote; not for ever, for a database that can not be written can still be read.
    pub async fn applied(&self) {
        let Intake::Log(log) = &self.intake else {
            return;
        };
        let accepted = log.appended();
        self.ties.hurry.notify_one();
        let mut progress = self.progress.clone();
        let reached = progress.wait_for(|done| done.recovered && done.entries >= accepted);
        if time::timeout(READ_WAIT, reached).await.is_err() {
            tracing::warn!("traces that were accepted are not in the database yet; readers go on");
        }
    }

    /// Hears which traces change in the database, as far as this process changes them.
    pub fn changes(&self) -> broadcast::Receiver<ChangedTraces> {
        self.changed.subscribe()
    }
}

fn open(settings: &TraceSettings, folder: &Path, longest_wait: Duration) -> (Intake, Source) {
    let durability = match settings.durability {
        TraceDurability::Process => Durability::Process,
        TraceDurability::Disk => Durability::Disk,
        TraceDurability::Database => return direct(longest_wait),
    };
    let log = LogSettings {
        durability,
        limit_bytes: settings.log_limit_bytes,
        segment_bytes: SEGMENT_BYTES,
    };
    match Log::open(folder, log) {
        Ok((log, reader)) => (Intake::Log(log), Source::Log(Box::new(reader))),
        Err(error) => {
            tracing::warn!(%error, folder = %folder.display(),
                "no log of traces can be kept here: each is committed before it is answered");
            direct(longest_wait)
        }
    }
}

fn direct(longest_wait: Duration) -> (Intake, Source) {
    let (direct, queue) = Direct::new(longest_wait);
    (Intake::Direct(direct), Source::Direct(queue))
}

/// An entry of the log.
pub(super) fn encode(project: ProjectId, reports: &[Report]) -> Vec<u8> {
    // Reports are made of text and numbers, which always have a JSON form.
    serde_json::to_vec(&(project, reports)).unwrap_or_default()
}

pub(super) fn lost(reports: usize, why: &str) {
    metrics::counter!("kaname_trace_reports_lost_total").increment(reports as u64);
    tracing::error!(reports, why, "reports of traces were lost");
}
