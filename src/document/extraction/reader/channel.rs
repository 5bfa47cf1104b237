//! The child's end of its talk with the worker: the standard output, which is a stream both ways.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, BufWriter, Read, Write},
    os::fd::AsFd,
};

use crate::document::extraction::wire::{Answer, Order, PageMode, Said};

/// The order names paths and limits only.
const ORDER_BYTES: u64 = 1024 * 1024;
const ANSWER_LINE_BYTES: u64 = 64 * 1024;

/// Read and written as a file: the calls of sockets are refused to a child.
pub(super) struct Channel {
    from_worker: BufReader<File>,
    to_worker: BufWriter<File>,
}

impl Channel {
    pub fn over_stdout() -> io::Result<Self> {
        let stream = io::stdout().as_fd().try_clone_to_owned()?;
        let other = stream.try_clone()?;
        Ok(Self {
            from_worker: BufReader::new(stream.into()),
            to_worker: BufWriter::new(other.into()),
        })
    }

    pub fn order(&mut self) -> io::Result<Order> {
        self.line(ORDER_BYTES)
    }

    pub fn say(&mut self, said: &Said) -> io::Result<()> {
        serde_json::to_writer(&mut self.to_worker, said)?;
        self.to_worker.write_all(b"\n")?;
        self.to_worker.flush()
    }

    /// What poppler reads on the pages of the order.
    pub fn want_poppler(&mut self) -> io::Result<Result<Vec<u8>, String>> {
        self.say(&Said::WantPoppler)?;
        self.answer()
    }

    /// What tesseract reads on an image.
    pub fn want_ocr(
        &mut self,
        image: &[u8],
        languages: &str,
        mode: PageMode,
    ) -> io::Result<Result<Vec<u8>, String>> {
        self.say(&Said::WantOcr {
            image_bytes: image.len() as u64,
            languages: languages.to_owned(),
            mode,
        })?;
        self.to_worker.write_all(image)?;
        self.to_worker.flush()?;
        self.answer()
    }

    /// A picture that was wanted.
    pub fn show(&mut self, picture: &[u8]) -> io::Result<()> {
        self.say(&Said::Picture {
            bytes: picture.len() as u64,
        })?;
        self.to_worker.write_all(picture)?;
        self.to_worker.flush()
    }

    fn answer(&mut self) -> io::Result<Result<Vec<u8>, String>> {
        let length = match self.line(ANSWER_LINE_BYTES)? {
            Answer::Failed { why } => return Ok(Err(why)),
            Answer::Output { bytes } => bytes,
        };
        let mut output = Vec::new();
        (&mut self.from_worker)
            .take(length)
            .read_to_end(&mut output)?;
        Ok(Ok(output))
    }

    fn line<T: serde::de::DeserializeOwned>(&mut self, most: u64) -> io::Result<T> {
        let mut line = Vec::new();
        (&mut self.from_worker)
            .take(most)
            .read_until(b'\n', &mut line)?;
        Ok(serde_json::from_slice(&line)?)
    }
}
