//! What comes of a reading, piece by piece.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use futures::Stream;
use tokio::sync::mpsc;
use tokio_util::sync::DropGuard;

use crate::document::extraction::{ExtractionError, FileMetadata, Page};

#[derive(Clone, Debug, PartialEq)]
pub enum Frame {
    /// The file is open. `pages`: where that is known before all of them are read. Of a file that holds its text as
    /// such it comes once more, after the last page, with what is known by then.
    Opened {
        pages: Option<u32>,
        metadata: FileMetadata,
    },
    /// In order, from the page that was asked for.
    Page(Page),
    /// The last one: everything was read.
    Done,
}

/// The frames of one reading. Dropped, the reading ends, and its children with it.
pub struct Frames {
    pub(super) frames: mpsc::Receiver<Result<Frame, ExtractionError>>,
    pub(super) _reading: DropGuard,
}

impl Stream for Frames {
    type Item = Result<Frame, ExtractionError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.frames.poll_recv(context)
    }
}
