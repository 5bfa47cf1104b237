//! Moves what was accepted to the database, in batches, until the process ends.

use std::{
    future, io,
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use tokio::{
    sync::{Notify, broadcast, watch},
    task, time,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    Report,
    direct::{DirectQueue, Pending},
    merge::{Changes, Placed, gather},
    recorder::{ChangedTraces, lost},
    sink::{Sink, SinkError},
};
use crate::{
    kernel::{ProjectId, error_chain},
    llm_integration::TraceId,
    platform::{
        background::Pace,
        wal::{LogBatch, LogReader},
    },
};

/// Bytes of the log that are moved in one transaction (256 KiB, some hundred calls): it holds others up for
/// a moment only, and the memory that it takes is a multiple of that.
const BATCH_BYTES: usize = 256 * 1024;
/// Sends of one transaction, where there is no log.
const BATCH_SENDS: usize = 512;
/// How long a batch that only memory holds is tried again while the database is away.
const RETRY_FOR: Duration = Duration::from_secs(30);
const RETRY_PAUSE: Duration = Duration::from_millis(200);
/// How long the log may grow before it is moved: calls of that time share one transaction, which
/// costs about the same for one call as for a hundred. What is in the log is safe; who reads what
/// was just written ends the wait.
const GATHERING: Duration = Duration::from_millis(100);
/// How often the logs of processes that died are looked for.
const ADOPT_EVERY: Duration = Duration::from_mins(1);

/// Moves reports to the database. It must run for as long as reports are taken in, and then drain.
pub struct TraceWriter {
    source: Source,
    sink: Sink,
    progress: watch::Sender<Progress>,
    changed: broadcast::Sender<ChangedTraces>,
    ties: Ties,
}

/// What the writer and those who record know of each other, beside the reports.
#[derive(Clone, Default)]
pub(super) struct Ties {
    /// Tasks that will still record something.
    pub later: TaskTracker,
    /// Somebody waits for what was accepted to be in the database.
    pub hurry: Arc<Notify>,
}

pub(super) enum Source {
    Log(Box<LogReader>),
    Direct(DirectQueue),
}

/// How far the writer has come.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Progress {
    /// Entries of this process that are in the database.
    pub entries: u64,
    /// Everything that was in the log at the start is in the database.
    pub recovered: bool,
}

impl TraceWriter {
    pub(super) fn new(
        source: Source,
        sink: Sink,
        (progress, changed): (watch::Sender<Progress>, broadcast::Sender<ChangedTraces>),
        ties: Ties,
    ) -> Self {
        Self {
            source,
            sink,
            progress,
            changed,
            ties,
        }
    }

    /// Writes until `stop`, then what is left. What a log holds when the database is away then is
    /// left to the next start.
    pub async fn run(self, stop: CancellationToken) {
        let Self {
            source,
            sink,
            progress,
            changed,
            ties: Ties { later, hurry },
        } = self;
        let to = Target {
            sink,
            progress,
            changed,
            hurry,
        };
        let all_is_said = CancellationToken::new();
        let draining = async {
            stop.cancelled().await;
            later.close();
            later.wait().await;
            all_is_said.cancel();
            future::pending::<()>().await;
        };
        let writing = async {
            match source {
                Source::Log(reader) => to.write_log(*reader, all_is_said.clone()).await,
                Source::Direct(queue) => to.write_queue(queue, all_is_said.clone()).await,
            }
        };
        tokio::select! {
            () = writing => {}
            () = draining => {}
        }
    }
}

struct Target {
    sink: Sink,
    progress: watch::Sender<Progress>,
    changed: broadcast::Sender<ChangedTraces>,
    hurry: Arc<Notify>,
}

impl Target {
    async fn write_log(&self, mut reader: LogReader, stop: CancellationToken) {
        let (mut looked, mut pace) = (Instant::now(), Pace::Courteous);
        loop {
            let is_last = stop.is_cancelled();
            let adopts = looked.elapsed() >= ADOPT_EVERY;
            if adopts {
                looked = Instant::now();
            }
            let (kept, read) = match with(reader, move |reader| read(reader, adopts, pace)).await {
                Ok((kept, Ok(read))) => (kept, read),
                Ok((_, Err(error))) => {
                    return tracing::error!(%error, "the log of traces can not be read");
                }
                Err(error) => return tracing::error!(%error, "reading the log of traces ended"),
            };
            reader = kept;
            let (was_empty, is_full) = (read.reports.is_empty(), read.bytes >= BATCH_BYTES);
            pace = if is_full {
                Pace::Hurried
            } else {
                Pace::Courteous
            };
            if !self.write_until_done(read.reports, pace, &stop).await {
                return;
            }
            self.progress.send_replace(Progress {
                entries: read.end.read,
                recovered: read.end.recovered,
            });
            if was_empty && is_last {
                if let Err(error) = with(reader, |_| ())
                    .await
                    .map(|(reader, ())| reader.close())
                {
                    tracing::error!(%error, "the log of traces was not closed");
                }
                return;
            }
            if was_empty {
                tokio::select! {
                    () = reader.grew() => {}
                    () = stop.cancelled() => {}
                    () = time::sleep(ADOPT_EVERY) => {}
                }
            }
            if !is_full {
                tokio::select! {
                    () = time::sleep(GATHERING) => {}
                    () = self.hurry.notified() => {}
                    () = stop.cancelled() => {}
                }
            }
        }
    }

    /// Tries until the database takes it. False when the process ends before that.
    async fn write_until_done(
        &self,
        mut reports: Vec<Placed>,
        pace: Pace,
        stop: &CancellationToken,
    ) -> bool {
        if reports.is_empty() {
            return true;
        }
        let mut patience = Patience::new(stop);
        while let Err(error) = self.sink.place(&mut reports).await {
            if !patience.goes_on(&error).await {
                return false;
            }
        }
        let gathering = move || Arc::new(gather(reports.into_iter().inspect(|_| pace.step())));
        let Ok(changes) = task::spawn_blocking(gathering).await else {
            return false;
        };
        loop {
            match self.sink.write(&changes, pace).await {
                Ok(traces) => {
                    self.announce(traces);
                    return true;
                }
                Err(error) if !patience.goes_on(&error).await => return false,
                Err(_) => {}
            }
        }
    }

    fn announce(&self, changed: Vec<(ProjectId, TraceId)>) {
        if !changed.is_empty() && self.changed.receiver_count() > 0 {
            // Nobody may be listening any more.
            let _listeners = self.changed.send(ChangedTraces::new(changed));
        }
    }

    async fn write_queue(&self, mut source: DirectQueue, stop: CancellationToken) {
        let mut batch = Vec::with_capacity(BATCH_SENDS);
        loop {
            tokio::select! {
                biased;
                received = source.queue.recv_many(&mut batch, BATCH_SENDS) => {
                    if received == 0 {
                        // Nobody is left to record; that is no reason to end early.
                        return stop.cancelled().await;
                    }
                    self.commit(std::mem::take(&mut batch), &source, &stop).await;
                }
                () = stop.cancelled(), if !source.queue.is_closed() => source.queue.close(),
            }
        }
    }

    async fn commit(&self, batch: Vec<Pending>, source: &DirectQueue, stop: &CancellationToken) {
        let (mut reports, mut waiting, mut held) = (Vec::new(), Vec::new(), Vec::new());
        for pending in batch {
            let project = pending.project;
            let placed = pending
                .reports
                .into_iter()
                .map(|report| Placed::inline(project, report));
            reports.extend(placed);
            waiting.push(pending.committed);
            held.push(pending.memory);
        }
        let (count, started) = (reports.len(), Instant::now());
        let mut changes = None;
        loop {
            let error = match self.try_commit(&mut reports, &mut changes).await {
                Ok(()) => {
                    source.database_answers.store(true, Ordering::Relaxed);
                    for committed in waiting {
                        // A sender that waited too long is not there any more.
                        let _gone = committed.send(());
                    }
                    return;
                }
                Err(error) => error,
            };
            // Nobody is held up by a database that is away.
            source.database_answers.store(false, Ordering::Relaxed);
            waiting.clear();
            if started.elapsed() >= RETRY_FOR || stop.is_cancelled() {
                return lost(count, &error_chain(&error));
            }
            time::sleep(RETRY_PAUSE).await;
        }
    }

    async fn try_commit(
        &self,
        reports: &mut Vec<Placed>,
        changes: &mut Option<Arc<Changes>>,
    ) -> Result<(), SinkError> {
        self.sink.place(reports).await?;
        let changes = changes.get_or_insert_with(|| Arc::new(gather(std::mem::take(reports))));
        // Those who report wait for it.
        let traces = self.sink.write(changes, Pace::Hurried).await?;
        self.announce(traces);
        Ok(())
    }
}

/// Reads and decodes what comes next, after what was handed out before is done with.
fn read(reader: &mut LogReader, adopts: bool, pace: Pace) -> io::Result<Read> {
    reader.release();
    if adopts {
        reader.adopt()?;
    }
    let mut end = reader.next(BATCH_BYTES)?;
    let bytes = end.entries.iter().map(Vec::len).sum();
    let mut reports = Vec::with_capacity(end.entries.len());
    for entry in end.entries.drain(..) {
        match serde_json::from_slice::<(ProjectId, Vec<Report>)>(&entry) {
            Ok((project, sent)) => {
                reports.extend(
                    sent.into_iter()
                        .map(|report| Placed::inline(project, report)),
                );
            }
            Err(error) => lost(1, &error.to_string()),
        }
        pace.step();
    }
    Ok(Read {
        reports,
        bytes,
        end,
    })
}

struct Read {
    reports: Vec<Placed>,
    /// Of the log.
    bytes: usize,
    end: LogBatch,
}

/// Does something with the reader on a thread that may block.
async fn with<T: Send + 'static>(
    mut reader: LogReader,
    work: impl FnOnce(&mut LogReader) -> T + Send + 'static,
) -> Result<(LogReader, T), task::JoinError> {
    task::spawn_blocking(move || {
        let outcome = work(&mut reader);
        (reader, outcome)
    })
    .await
}

/// Waits between attempts, and says once that it does.
struct Patience<'a> {
    stop: &'a CancellationToken,
    is_told: bool,
}

impl<'a> Patience<'a> {
    const fn new(stop: &'a CancellationToken) -> Self {
        Self {
            stop,
            is_told: false,
        }
    }

    async fn goes_on(&mut self, error: &SinkError) -> bool {
        if !self.is_told {
            let error = error_chain(error);
            tracing::warn!(error, "traces wait in the log until they can be written");
        }
        self.is_told = true;
        if self.stop.is_cancelled() {
            return false;
        }
        time::sleep(RETRY_PAUSE).await;
        true
    }
}
