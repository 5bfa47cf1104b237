//! Reads the pages of a version, a few at a time, from the page on that was reached.
//!
//! Each step commits under the lease of its job, with the pages that it adds and how far that comes: whatever happens
//! in between, the next attempt goes on there, and no page is read into the version twice.

use std::{error::Error, fs::File, time::Duration};

use futures::StreamExt;
use tokio::time::{self, Instant};

use super::{enqueue_indexing, kinds::ProcessDocument};
use crate::{
    document::{
        Documents,
        extraction::{ExtractionError, FileMetadata, Frame, Page, TextSource},
        model::{Attempt, DocumentVersion, VersionState},
        service::{Milestone, announce},
        store,
    },
    kernel::Clock,
    platform::{
        db::{Conn, DbError},
        jobs::{JobContext, JobError, JobId},
        objects::ObjectError,
    },
};

/// Pages of one commit.
const PAGES_AT_ONCE: usize = 16;
/// The longest that a page waits for others before it is committed.
const LONGEST_WAIT: Duration = Duration::from_secs(1);
/// The longest until a job hears that it was cancelled.
const HEARS_WITHIN: Duration = Duration::from_secs(5);
/// Numbers of pages that a reason names.
const PAGES_NAMED: usize = 20;

/// What an attempt found out since its last step.
#[derive(Default)]
struct Found {
    opened: Option<(Option<u32>, FileMetadata)>,
    pages: Vec<Page>,
}

impl Found {
    fn is_empty(&self) -> bool {
        self.opened.is_none() && self.pages.is_empty()
    }
}

/// Whether the version is still this attempt's to read.
enum Step {
    Done { pages: i32, of: Option<i32> },
    NotOurs,
}

/// One attempt at reading a version.
struct Reading {
    documents: Documents,
    job: ProcessDocument,
    context: JobContext,
}

impl Documents {
    pub(super) async fn process(
        &self,
        job: ProcessDocument,
        context: JobContext,
    ) -> Result<(), JobError> {
        let reading = Reading {
            documents: self.clone(),
            job,
            context,
        };
        reading.run().await
    }
}

impl Reading {
    async fn run(&self) -> Result<(), JobError> {
        let Some((version, first_page)) = self.begin().await? else {
            return Ok(());
        };
        let key = &version.content.object_key;
        let ended = match self.documents.objects.file(key, u64::MAX).await {
            Ok(file) => self.read(file, &version, first_page).await?,
            Err(ObjectError::NotFound { .. }) => Some(ExtractionError::Io {
                why: "the file is not in the object store".to_owned(),
            }),
            Err(error) => return Err(JobError::Retry(Box::new(error))),
        };
        match ended {
            Some(error) => self.end(error).await,
            None => Ok(()),
        }
    }

    /// The version, and the page to begin with; `None` when there is nothing to do.
    async fn begin(&self) -> Result<Option<(DocumentVersion, u32)>, JobError> {
        let (id, job, clock) = (
            self.job.version,
            self.context.id(),
            self.documents.clock.clone(),
        );
        let is_first = self.context.attempt() == 1;
        let begun = self.context.checkpoint(move |conn| {
            let Some(mut version) = store::open_version(conn, id, clock.now())? else {
                return Ok(None);
            };
            let attempt = version.begin_reading(job, is_first);
            if attempt == Attempt::GivenUp {
                let why = version.reason.take();
                version.give_up(why.as_deref().unwrap_or("the process that read it ended"));
            }
            if attempt != Attempt::Nothing {
                store::save_version(conn, &version)?;
            }
            Ok(Some((version, attempt)))
        });
        let begun = begun.await?;
        self.documents.news.tell(id);
        match begun {
            Some((version, Attempt::From(page))) => Ok(Some((version, page))),
            Some((version, Attempt::GivenUp)) => {
                let why = version.reason.unwrap_or_default();
                Err(JobError::Fatal(why.into()))
            }
            Some((_, Attempt::Nothing)) | None => Ok(None),
        }
    }

    /// Reads to the end, or to what keeps it from there.
    async fn read(
        &self,
        file: File,
        version: &DocumentVersion,
        first_page: u32,
    ) -> Result<Option<ExtractionError>, JobError> {
        let cancel = self.context.cancellation();
        let kind = version.content.kind;
        let mut frames = self
            .documents
            .extractor
            .read(file, kind, first_page, cancel);
        let (mut found, mut deadline) = (Found::default(), Instant::now());
        loop {
            let is_waiting = !found.is_empty();
            let frame = tokio::select! {
                frame = frames.next() => frame,
                () = time::sleep_until(deadline), if is_waiting => {
                    if let Step::NotOurs = self.step(std::mem::take(&mut found)).await? {
                        return self.leave().await;
                    }
                    continue;
                }
            };
            if !is_waiting {
                deadline = Instant::now() + LONGEST_WAIT;
            }
            match frame {
                Some(Ok(Frame::Opened { pages, metadata })) => {
                    found.opened = Some((pages, metadata));
                    deadline = Instant::now();
                }
                Some(Ok(Frame::Page(page))) => found.pages.push(page),
                Some(Ok(Frame::Done)) => return self.finish(found).await.map(|()| None),
                Some(Err(error)) => {
                    self.step(found).await?;
                    return Ok(Some(error));
                }
                None => {
                    let how = "it ended without a word".to_owned();
                    return Ok(Some(ExtractionError::Crashed { how }));
                }
            }
            if found.pages.len() >= PAGES_AT_ONCE
                && let Step::NotOurs = self.step(std::mem::take(&mut found)).await?
            {
                return self.leave().await;
            }
        }
    }

    /// Somebody cancelled the reading, or deleted the document. The job is cancelled too, and ends as such.
    async fn leave(&self) -> Result<Option<ExtractionError>, JobError> {
        let told = time::timeout(HEARS_WITHIN, self.context.cancellation().cancelled()).await;
        Ok(told.is_ok().then_some(ExtractionError::Cancelled))
    }

    /// Commits what was found, and tells how far that comes.
    async fn step(&self, found: Found) -> Result<Step, JobError> {
        if found.is_empty() || self.context.is_lost() {
            return Ok(Step::NotOurs);
        }
        let (job, clock) = (self.job, self.documents.clock.clone());
        let id = self.context.id();
        let step = self.context.checkpoint(move |conn| {
            let Some(version) = open_ours(conn, &clock, (job, id), &found)? else {
                return Ok(Step::NotOurs);
            };
            let version = store_found(conn, version, found)?;
            store::save_version(conn, &version)?;
            Ok(Step::Done {
                pages: version.pages_done,
                of: version.page_count,
            })
        });
        let step = step.await?;
        self.documents.news.tell(job.version);
        if let Step::Done { pages, of } = &step {
            self.context
                .progress((*pages).into(), of.map(Into::into), None);
        }
        Ok(step)
    }

    /// Every page is read: commits the rest, the end of the job, and the job that indexes the version.
    async fn finish(&self, found: Found) -> Result<(), JobError> {
        let (job, clock) = (self.job, self.documents.clock.clone());
        let id = self.context.id();
        let completed = self.context.complete_with(move |conn| {
            let Some(version) = open_ours(conn, &clock, (job, id), &found)? else {
                return Ok(None);
            };
            let mut version = store_found(conn, version, found)?;
            version.finish_reading(clock.now());
            version.reason = unreadable(conn, &version)?;
            version.job = Some(enqueue_indexing(conn, &clock, &version)?);
            store::save_version(conn, &version)?;
            announce(conn, &clock, &version, &Milestone::Read)?;
            Ok(Some(version.pages_done))
        });
        if let Some(pages) = completed.await? {
            self.documents.news.tell(job.version);
            tracing::info!(version = %self.job.version, pages, "a document was read");
        }
        Ok(())
    }

    /// Reading did not come to its end.
    async fn end(&self, error: ExtractionError) -> Result<(), JobError> {
        if self.context.is_lost() {
            // Others go on with it; nothing is to be said of it here.
            return Err(JobError::Retry(Box::new(error)));
        }
        let is_cancelled = self.context.cancellation().is_cancelled();
        let (version, why) = (self.job.version, error.clone());
        let (job, clock) = (self.context.id(), self.documents.clock.clone());
        let is_over = self.context.checkpoint(move |conn| {
            let found = store::open_version(conn, version, clock.now())?;
            let Some(mut version) = found.filter(|version| is_ours(version, job)) else {
                return Ok(true);
            };
            let is_over = if is_cancelled {
                version.cancel("its job was cancelled");
                true
            } else if why.may_pass() {
                version.note_failed_attempt(&why.to_string())
            } else {
                version.fail(&why.to_string());
                true
            };
            store::save_version(conn, &version)?;
            Ok(is_over)
        });
        let is_over = is_over.await?;
        self.documents.news.tell(version);
        match is_over {
            _ if is_cancelled => Err(JobError::Retry(Box::new(error))),
            true if error.may_pass() => Err(JobError::Fatal(Box::new(error))),
            true => {
                // That the file can not be read is what reading it found out.
                tracing::info!(%version, error = &error as &dyn Error, "a document can not be read");
                Ok(())
            }
            false => Err(JobError::Retry(Box::new(error))),
        }
    }
}

fn is_ours(version: &DocumentVersion, job: JobId) -> bool {
    version.state == VersionState::Reading && version.job == Some(job)
}

/// The version, if it is still this attempt's to read. What the file says of itself is taken over into the document:
/// that is opened first, as everybody does.
fn open_ours(
    conn: &mut Conn,
    clock: &Clock,
    (job, id): (ProcessDocument, JobId),
    found: &Found,
) -> Result<Option<DocumentVersion>, DbError> {
    let document = match &found.opened {
        Some(_) => store::open(conn, job.project, job.document)?,
        None => None,
    };
    let version = store::open_version(conn, job.version, clock.now())?;
    let Some(mut version) = version.filter(|version| is_ours(version, id)) else {
        return Ok(None);
    };
    if let Some((pages, metadata)) = &found.opened {
        version.page_count = pages.map(u32::cast_signed);
        if *metadata == FileMetadata::default() {
            return Ok(Some(version)); // not known yet, or not at all
        }
        version.metadata = metadata.clone();
        if let Some(mut document) = document.filter(|document| document.latest == version.number) {
            document.take_in(&version.metadata, &version.file_name);
            store::save(conn, &document)?;
        }
    }
    Ok(Some(version))
}

/// Stores the pages that are new, and how far that comes.
fn store_found(
    conn: &mut Conn,
    mut version: DocumentVersion,
    found: Found,
) -> Result<DocumentVersion, JobError> {
    let mut pages = Vec::with_capacity(found.pages.len());
    for page in found.pages {
        let placed = version.take(page);
        pages.extend(placed.map_err(|error| JobError::Retry(Box::new(error)))?);
    }
    store::insert_pages(conn, version.id, pages)?;
    Ok(version)
}

/// Says which pages no engine could read.
fn unreadable(conn: &mut Conn, version: &DocumentVersion) -> Result<Option<String>, DbError> {
    let pages = store::pages_of_source(conn, version.id, TextSource::Unreadable)?;
    if pages.is_empty() {
        return Ok(None);
    }
    let named: Vec<String> = pages.iter().take(PAGES_NAMED).map(i32::to_string).collect();
    let more = if pages.len() > PAGES_NAMED {
        " and more"
    } else {
        ""
    };
    Ok(Some(format!(
        "{} of {} pages could not be read: {}{more}",
        pages.len(),
        version.pages_done,
        named.join(", "),
    )))
}
