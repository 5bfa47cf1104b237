//! One child that draws a page for people to look at.

use std::fs::File;

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::UnixStream,
    time::timeout,
};

use super::{
    engines::reopened,
    run::{Extractor, Inner},
};
use crate::document::extraction::{
    ExtractionError, Limit,
    kind::FileKind,
    sandbox::{Child, Process, Stdio},
    wire::{Order, PageRange, Said},
};

/// Of what a child says before its picture.
const LINE_BYTES: u64 = 64 * 1024;
/// Of one picture.
const PICTURE_BYTES: u64 = 64 * 1024 * 1024;

impl Extractor {
    /// A page, from 1, as a PNG that is about `width` pixels wide; narrower where it would have too many pixels.
    ///
    /// # Errors
    /// The file can not be opened, the page can not be drawn, or it takes too long.
    pub async fn draw(
        &self,
        file: File,
        kind: FileKind,
        (page, width): (u32, u32),
    ) -> Result<Vec<u8>, ExtractionError> {
        let inner = &self.0;
        let _permit = inner
            .drawing
            .acquire()
            .await
            .map_err(|error| broken(&error))?;
        let order = Order {
            kind,
            engines: inner.engines.clone(),
            limits: inner.limits.clone(),
            pages: PageRange {
                first: page,
                last: page,
            },
            typography: None,
            broken: Vec::new(),
            ocr: false,
            picture: Some(width),
        };
        let file = reopened(&file).map_err(|error| broken(&error))?;
        let child = Child::start(inner.binary.command("read"), Stdio::File(file)).await;
        let (process, mut output) = child.map_err(|error| broken(&error))?.into_parts();
        match timeout(inner.limits.page_time(), picture(&order, &mut output)).await {
            Err(_) => Err(ExtractionError::TimedOut {
                seconds: inner.limits.seconds_per_page,
            }),
            Ok(Ok(picture)) => Ok(picture),
            Ok(Err(Some(error))) => Err(error),
            Ok(Err(None)) => Err(end(inner, process).await),
        }
    }
}

/// What the child draws; an error of `None` when it ended without a word.
async fn picture(
    order: &Order,
    output: &mut UnixStream,
) -> Result<Vec<u8>, Option<ExtractionError>> {
    let mut line = serde_json::to_vec(order).map_err(|error| Some(broken(&error)))?;
    line.push(b'\n');
    output.write_all(&line).await.map_err(|_| None)?;
    let mut output = BufReader::new(output);
    let mut said = Vec::new();
    let mut line = (&mut output).take(LINE_BYTES);
    let heard = line.read_until(b'\n', &mut said).await;
    heard.map_err(|_| None)?;
    if !said.ends_with(b"\n") {
        return Err(None);
    }
    match serde_json::from_slice(&said) {
        Ok(Said::Picture { bytes }) if bytes > PICTURE_BYTES => {
            Err(Some(ExtractionError::TooLarge {
                limit: Limit::OutputBytes,
                allowed: PICTURE_BYTES,
            }))
        }
        Ok(Said::Picture { bytes }) => {
            let mut picture = Vec::new();
            let read = output.take(bytes).read_to_end(&mut picture).await;
            let is_whole = read.is_ok() && picture.len() as u64 == bytes;
            is_whole.then_some(picture).ok_or(None)
        }
        Ok(Said::Failed { error }) => Err(Some(error)),
        Ok(other) => Err(Some(crashed(format!(
            "it said {other:?} instead of a picture"
        )))),
        Err(error) => Err(Some(crashed(format!("its words make no sense: {error}")))),
    }
}

/// Why a child ended that said nothing of it.
async fn end(inner: &Inner, process: Process) -> ExtractionError {
    match process.ended(true).await {
        Ok(ended) if ended.for_want_of_memory() => ExtractionError::OutOfMemory {
            mebibytes: inner.limits.memory_mib,
        },
        Ok(ended) => crashed(ended.to_string()),
        Err(error) => broken(&error),
    }
}

const fn crashed(how: String) -> ExtractionError {
    ExtractionError::Crashed { how }
}

fn broken(error: &dyn std::fmt::Display) -> ExtractionError {
    ExtractionError::Sandbox {
        why: error.to_string(),
    }
}
