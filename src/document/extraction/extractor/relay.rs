//! One child that reads a range of pages: its words, its wishes, its limits, its end.

use std::{
    fmt,
    fs::File,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, copy, sink},
    net::UnixStream,
    sync::mpsc,
    task::JoinHandle,
    time::{Instant, timeout, timeout_at},
};

use super::engines::{self, Binary, reopened};
use crate::document::extraction::{
    EngineSettings, ExtractionError, ExtractionSettings, FileMetadata, Page,
    error::Limit,
    kind::FileKind,
    layout::Typography,
    sandbox::{Child, Stdio},
    wire::{Answer, Order, PageMode, PageRange, Said},
};

/// What a child has found and somebody waits for.
pub(super) enum Found {
    Opened {
        pages: Option<u32>,
        metadata: FileMetadata,
        typography: Typography,
    },
    Page(Page),
}

/// Why a range was not read to its end.
pub(super) enum Broken {
    /// The file is at fault, or the machine: no other child would do better.
    Failed(ExtractionError),
    /// A child broke on a page; another may read the others.
    OnPage { number: u32, how: String },
    /// Nobody waits for it any more.
    Unwanted,
}

impl From<ExtractionError> for Broken {
    fn from(error: ExtractionError) -> Self {
        Self::Failed(error)
    }
}

/// What is the same for all children of one reading.
pub(super) struct Reading {
    pub binary: Binary,
    pub engines: EngineSettings,
    pub limits: ExtractionSettings,
    pub file: File,
    pub kind: FileKind,
    pub deadline: Instant,
    /// What all children together may still say.
    pub output_left: AtomicU64,
}

/// A child at work.
struct Session<'a> {
    reading: &'a Reading,
    output: BufReader<UnixStream>,
    /// What poppler reads of the same pages, under way.
    poppler: Option<JoinHandle<Result<Vec<u8>, String>>>,
    found: &'a mpsc::Sender<Found>,
    touched: Option<u32>,
}

/// Has one child carry out an order, of which what it has found is taken out: another child can carry out the rest.
pub(super) async fn relay(
    reading: &Arc<Reading>,
    order: &mut Order,
    found: &mpsc::Sender<Found>,
) -> Result<(), Broken> {
    let child = start(reading).await?;
    let (child, output) = child.into_parts();
    let mut session = Session {
        reading,
        output: BufReader::new(output),
        poppler: matches!(reading.kind, FileKind::Pdf)
            .then(|| read_by_poppler(reading, order.pages)),
        found,
        touched: None,
    };
    let listened = session.listen(order).await;
    if let Some(poppler) = session.poppler.take() {
        poppler.abort();
    }
    match listened {
        Ok(()) => {
            // It has said its last word; what it does afterwards is of no interest.
            child
                .ended(true)
                .await
                .map_err(|error| unavailable(&error))?;
            Ok(())
        }
        Err(Heard::Nothing(why)) => {
            let ended = child
                .ended(true)
                .await
                .map_err(|error| unavailable(&error))?;
            let how = why.unwrap_or_else(|| ended.to_string());
            let memory = ended.for_want_of_memory();
            Err(session.broken(how, memory))
        }
        Err(Heard::Silence) => {
            let ended = child.ended(true).await;
            ended.map_err(|error| unavailable(&error))?;
            Err(session.too_slow())
        }
        Err(Heard::Broken(broken)) => Err(broken),
    }
}

/// What ends listening early.
enum Heard {
    /// The child has ended without a last word, or must be ended; in words, why.
    Nothing(Option<String>),
    /// The child has said nothing for as long as a page may take.
    Silence,
    Broken(Broken),
}

impl From<ExtractionError> for Heard {
    fn from(error: ExtractionError) -> Self {
        Self::Broken(Broken::Failed(error))
    }
}

async fn start(reading: &Reading) -> Result<Child, Broken> {
    let file = reopened(&reading.file).map_err(|error| unavailable(&error))?;
    let child = Child::start(reading.binary.command("read"), Stdio::File(file)).await;
    child.map_err(|error| unavailable(&error).into())
}

fn unavailable(error: &dyn fmt::Display) -> ExtractionError {
    ExtractionError::Sandbox {
        why: error.to_string(),
    }
}

impl Session<'_> {
    async fn listen(&mut self, order: &mut Order) -> Result<(), Heard> {
        let mut line = serde_json::to_vec(&*order).map_err(|error| unavailable(&error))?;
        line.push(b'\n');
        let told = self.output.get_mut().write_all(&line).await;
        told.map_err(|_| Heard::Nothing(None))?;
        loop {
            match self.next().await? {
                Said::Done => return Ok(()),
                Said::Failed { error } => return Err(error.into()),
                Said::Touching { page } => self.touched = Some(page),
                Said::Picture { .. } => {
                    let how = "it drew a picture that nobody wanted".to_owned();
                    return Err(ExtractionError::Crashed { how }.into());
                }
                Said::Opened {
                    pages,
                    metadata,
                    typography,
                } => {
                    order.typography = Some(typography.clone());
                    self.give(Found::Opened {
                        pages,
                        metadata,
                        typography,
                    })
                    .await?;
                }
                Said::Page { page } => {
                    order.pages.first = page.number.saturating_add(1);
                    self.give(Found::Page(page)).await?;
                }
                Said::WantPoppler => {
                    let answer = self.poppler().await;
                    self.answer(answer).await?;
                }
                Said::WantOcr {
                    image_bytes,
                    languages,
                    mode,
                } => {
                    let answer = self.ocr(image_bytes, (&languages, mode)).await;
                    self.answer(answer).await?;
                }
            }
        }
    }

    /// Its next word, within the limits of time and length.
    async fn next(&mut self) -> Result<Said, Heard> {
        let limits = &self.reading.limits;
        let most = limits
            .page_bytes
            .min(self.reading.output_left.load(Ordering::Relaxed));
        let until = self
            .reading
            .deadline
            .min(Instant::now() + limits.page_time());
        let mut line = Vec::new();
        let mut within = (&mut self.output).take(most);
        let read = timeout_at(until, within.read_until(b'\n', &mut line)).await;
        let taken = u64::try_from(line.len()).unwrap_or(u64::MAX);
        self.reading.output_left.fetch_sub(taken, Ordering::Relaxed);
        match read {
            Err(_) if Instant::now() >= self.reading.deadline => Err(ExtractionError::TimedOut {
                seconds: limits.seconds_per_document,
            }
            .into()),
            Err(_) => Err(Heard::Silence),
            Ok(Err(error)) => Err(Heard::Nothing(Some(error.to_string()))),
            Ok(Ok(_)) if !line.ends_with(b"\n") && taken >= most => {
                Err(ExtractionError::TooLarge {
                    limit: Limit::OutputBytes,
                    allowed: limits.page_bytes.min(limits.output_bytes),
                }
                .into())
            }
            Ok(Ok(_)) if !line.ends_with(b"\n") => Err(Heard::Nothing(None)),
            Ok(Ok(_)) => serde_json::from_slice(&line).map_err(|error| {
                let how = format!("its words make no sense: {error}");
                ExtractionError::Crashed { how }.into()
            }),
        }
    }

    async fn give(&self, found: Found) -> Result<(), Heard> {
        let given = self.found.send(found).await;
        given.map_err(|_| Heard::Broken(Broken::Unwanted))
    }

    async fn poppler(&mut self) -> Result<Vec<u8>, String> {
        let task = self.poppler.take().ok_or("it was asked before")?;
        task.await.map_err(|error| error.to_string())?
    }

    async fn ocr(&mut self, image_bytes: u64, how: (&str, PageMode)) -> Result<Vec<u8>, String> {
        let Reading {
            binary,
            engines,
            limits,
            ..
        } = self.reading;
        if image_bytes > limits.pixels.saturating_mul(4) {
            return Err("the image is larger than asked".to_owned());
        }
        let mut image = (&mut self.output).take(image_bytes);
        let read = engines::tesseract(binary, engines, limits, how, &mut image).await;
        // What nobody took of the image would be taken for words.
        let rest = timeout(limits.page_time(), copy(&mut image, &mut sink())).await;
        rest.map_err(|_| "the image does not end".to_owned())?
            .map_err(|error| error.to_string())?;
        read
    }

    async fn answer(&mut self, answer: Result<Vec<u8>, String>) -> Result<(), Heard> {
        let (line, output) = match answer {
            Ok(output) => (
                Answer::Output {
                    bytes: output.len() as u64,
                },
                output,
            ),
            Err(why) => (Answer::Failed { why }, Vec::new()),
        };
        let mut bytes = serde_json::to_vec(&line).map_err(|error| unavailable(&error))?;
        bytes.push(b'\n');
        bytes.extend(output);
        let limits = &self.reading.limits;
        match timeout(limits.page_time(), self.output.get_mut().write_all(&bytes)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(Heard::Nothing(Some(error.to_string()))),
            Err(_) => Err(Heard::Nothing(Some(
                "it does not take an answer".to_owned(),
            ))),
        }
    }

    /// A page that is too slow is left out; what has no pages, or none yet, is too slow as a whole.
    fn too_slow(&self) -> Broken {
        let seconds = self.reading.limits.seconds_per_page;
        match self.touched {
            Some(number) => Broken::OnPage {
                number,
                how: format!("it took longer than {seconds} s"),
            },
            None => Broken::Failed(ExtractionError::TimedOut { seconds }),
        }
    }

    fn broken(&self, how: String, memory: bool) -> Broken {
        let how = if memory {
            format!(
                "it needs more than {} MiB of memory",
                self.reading.limits.memory_mib
            )
        } else {
            how
        };
        match self.touched {
            Some(number) => Broken::OnPage { number, how },
            None if memory => Broken::Failed(ExtractionError::OutOfMemory {
                mebibytes: self.reading.limits.memory_mib,
            }),
            None => Broken::Failed(ExtractionError::Crashed { how }),
        }
    }
}

fn read_by_poppler(
    reading: &Arc<Reading>,
    pages: PageRange,
) -> JoinHandle<Result<Vec<u8>, String>> {
    let reading = reading.clone();
    tokio::spawn(async move {
        let file = reopened(&reading.file).map_err(|error| error.to_string())?;
        engines::poppler(
            &reading.binary,
            &reading.engines,
            &reading.limits,
            file,
            pages,
        )
        .await
    })
}
