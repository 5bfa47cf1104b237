//! One reading: the first child opens the file, then children read ranges of its pages side by side, and pages go out in order.

use std::{
    collections::VecDeque,
    fs::File,
    sync::{Arc, atomic::AtomicU64},
};

use tokio::{
    sync::{Semaphore, mpsc},
    task::JoinHandle,
    time::Instant,
};
use tokio_util::sync::CancellationToken;

use super::{
    engines::Binary,
    health::{self, Engines},
    relay::{Broken, Found, Reading, relay},
    stream::{Frame, Frames},
};
use crate::document::extraction::{
    EngineSettings, ExtractionError, ExtractionSettings,
    kind::FileKind,
    layout::Typography,
    sandbox::{SandboxState, probe},
    wire::{BrokenPage, Order, PageRange},
};

/// Pages that one child reads: many enough that its start costs little, few enough that others get something to do.
const PAGES_PER_CHILD: u32 = 24;
/// Pages that break a child before the file is given up.
const MOST_BROKEN_PAGES: usize = 20;
/// Frames that wait for whoever reads them.
const WAITING_FRAMES: usize = 4;

/// Reads files in children of this process. Cheap to clone.
#[derive(Clone)]
pub struct Extractor(pub(super) Arc<Inner>);

pub(super) struct Inner {
    pub binary: Binary,
    pub engines: EngineSettings,
    pub limits: ExtractionSettings,
    /// How many children of all readings may work at once.
    children: Arc<Semaphore>,
    /// How many draw: whoever waits for a picture does not wait for a reading.
    pub drawing: Semaphore,
    parallel: usize,
}

impl Extractor {
    /// `processors`: how many children read at once where the settings leave it open.
    pub fn new(engines: &EngineSettings, limits: &ExtractionSettings, processors: usize) -> Self {
        let parallel = if limits.children == 0 {
            processors
        } else {
            limits.children
        };
        Self(Arc::new(Inner {
            binary: Binary::of(engines),
            engines: engines.clone(),
            limits: limits.clone(),
            children: Arc::new(Semaphore::new(parallel.max(1))),
            drawing: Semaphore::new(parallel.max(1)),
            parallel: parallel.max(1),
        }))
    }

    /// How much of the sandbox is enforced here.
    pub async fn sandbox(&self) -> SandboxState {
        probe(self.0.binary.command("probe")).await
    }

    /// What is there to read with.
    pub fn engines(&self) -> Engines {
        health::engines(&self.0.engines, &self.0.limits)
    }

    /// Reads `file` from `first_page` (from 1) on. Must be called within the runtime.
    pub fn read(
        &self,
        file: File,
        kind: FileKind,
        first_page: u32,
        cancel: &CancellationToken,
    ) -> Frames {
        let (frames, receiver) = mpsc::channel(WAITING_FRAMES);
        let ours = cancel.child_token();
        let reading = Reading {
            binary: self.0.binary.clone(),
            engines: self.0.engines.clone(),
            limits: self.0.limits.clone(),
            file,
            kind,
            deadline: Instant::now() + self.0.limits.document_time(),
            output_left: AtomicU64::new(self.0.limits.output_bytes),
        };
        let run = Run {
            reading: Arc::new(reading),
            children: self.0.children.clone(),
            parallel: self.0.parallel,
            ocr: self.engines().ocr_languages.is_ok(),
            frames,
        };
        let stop = ours.clone();
        tokio::spawn(async move {
            let frames = run.frames.clone();
            let ended = match stop.run_until_cancelled(run.run(first_page.max(1))).await {
                None => Err(ExtractionError::Cancelled),
                Some(Err(Broken::Failed(error))) => Err(error),
                Some(Err(Broken::OnPage { number, how })) => Err(ExtractionError::Crashed {
                    how: format!("on page {number}: {how}"),
                }),
                Some(Ok(())) => Ok(Frame::Done),
                Some(Err(Broken::Unwanted)) => return,
            };
            // Whoever dropped the frames does not want to know.
            drop(frames.send(ended).await);
        });
        Frames {
            frames: receiver,
            _reading: ours.drop_guard(),
        }
    }
}

struct Run {
    reading: Arc<Reading>,
    children: Arc<Semaphore>,
    parallel: usize,
    ocr: bool,
    frames: mpsc::Sender<Result<Frame, ExtractionError>>,
}

/// A range that is read, and where its pages come out.
struct Ahead {
    found: mpsc::Receiver<Found>,
    task: JoinHandle<Result<(), Broken>>,
}

impl Drop for Ahead {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Run {
    async fn run(self, first: u32) -> Result<(), Broken> {
        let range = PageRange {
            first,
            last: first.saturating_add(PAGES_PER_CHILD - 1),
        };
        let mut opening = self.start(range, None);
        let Some(Found::Opened {
            pages,
            metadata,
            typography,
        }) = opening.found.recv().await
        else {
            return opening.end().await;
        };
        self.give(Frame::Opened { pages, metadata }).await?;
        let last = pages.unwrap_or(0);
        let mut ahead = VecDeque::from([opening]);
        let mut next = range.last.saturating_add(1);
        while !ahead.is_empty() {
            while ahead.len() < self.parallel && next <= last {
                let range = PageRange {
                    first: next,
                    last: (next + PAGES_PER_CHILD - 1).min(last),
                };
                ahead.push_back(self.start(range, Some(typography.clone())));
                next = range.last + 1;
            }
            if let Some(mut front) = ahead.pop_front() {
                while let Some(found) = front.found.recv().await {
                    self.give(match found {
                        Found::Page(page) => Frame::Page(page),
                        Found::Opened {
                            pages, metadata, ..
                        } => Frame::Opened { pages, metadata },
                    })
                    .await?;
                }
                front.end().await?;
            }
        }
        Ok(())
    }

    async fn give(&self, frame: Frame) -> Result<(), Broken> {
        self.frames
            .send(Ok(frame))
            .await
            .map_err(|_| Broken::Unwanted)
    }

    fn start(&self, pages: PageRange, typography: Option<Typography>) -> Ahead {
        let (sender, found) = mpsc::channel(PAGES_PER_CHILD as usize + 1);
        let order = Order {
            kind: self.reading.kind,
            engines: self.reading.engines.clone(),
            limits: self.reading.limits.clone(),
            pages,
            typography,
            broken: Vec::new(),
            ocr: self.ocr,
            picture: None,
        };
        let (reading, children) = (self.reading.clone(), self.children.clone());
        let task = tokio::spawn(async move {
            let _permit = children.acquire().await.map_err(|_| Broken::Unwanted)?;
            read_range(&reading, order, &sender).await
        });
        Ahead { found, task }
    }
}

impl Ahead {
    async fn end(mut self) -> Result<(), Broken> {
        match (&mut self.task).await {
            Ok(ended) => ended,
            Err(error) => Err(Broken::Failed(ExtractionError::Sandbox {
                why: error.to_string(),
            })),
        }
    }
}

/// Reads a range by one child, and, where it breaks on a page, by others that leave this page out.
async fn read_range(
    reading: &Arc<Reading>,
    mut order: Order,
    found: &mpsc::Sender<Found>,
) -> Result<(), Broken> {
    loop {
        match relay(reading, &mut order, found).await {
            Err(Broken::OnPage { number, how }) if order.broken.len() < MOST_BROKEN_PAGES => {
                order.broken.push(BrokenPage { number, how });
            }
            ended => return ended,
        }
    }
}
