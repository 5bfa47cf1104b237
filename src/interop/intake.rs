//! How bodies of traces come in: as large as they are allowed to be, also after inflating, and all
//! together within one measure of memory. Who finds no room is told to come back, never an error.

use std::{io::Read, sync::Arc, time::Duration};

use actix_web::{
    HttpRequest,
    http::header::{CONTENT_ENCODING, CONTENT_LENGTH, HeaderMap},
    web::{self, Bytes, BytesMut},
};
use flate2::read::MultiGzDecoder;
use futures::StreamExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::IngestSettings;
use crate::kernel::{ErrorCode, Failure};

/// What a sender is told to wait when there is no room for its body.
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// Memory is counted in pieces of this many bytes (64 KiB).
const PIECE_BYTES: usize = 64 * 1024;
/// Work on a smaller body is done where its request is; on a larger one it would hold up others.
const INLINE_BYTES: usize = 32 * 1024;

/// Takes bodies in. Cheap to clone.
#[derive(Clone)]
pub struct Intake {
    /// In pieces.
    memory: Arc<Semaphore>,
}

/// The largest body, and the words for it.
#[derive(Clone, Copy, Debug)]
pub struct BodyLimit {
    pub bytes: usize,
    pub name: &'static str,
}

/// A body as it came, and the memory that is set aside for it.
pub struct Body {
    bytes: Bytes,
    is_gzip: bool,
    limit: BodyLimit,
    held: Held,
}

/// Memory that is set aside for one body.
struct Held {
    memory: Arc<Semaphore>,
    permit: Option<OwnedSemaphorePermit>,
}

impl Intake {
    pub fn new(settings: &IngestSettings) -> Self {
        let pieces = settings.memory_bytes.div_ceil(PIECE_BYTES);
        Self {
            memory: Arc::new(Semaphore::new(pieces.min(Semaphore::MAX_PERMITS))),
        }
    }

    /// Reads a body to its end.
    ///
    /// # Errors
    /// `payload_too_large`, `unsupported_media_type` for an encoding other than gzip, `overloaded` when
    /// the bodies that are being read leave no room.
    pub async fn receive(
        &self,
        request: &HttpRequest,
        mut payload: web::Payload,
        limit: BodyLimit,
    ) -> Result<Body, Failure> {
        let is_gzip = is_gzip(request.headers())?;
        let announced = announced_bytes(request.headers());
        if announced.is_some_and(|bytes| bytes > limit.bytes) {
            return Err(limit.exceeded());
        }
        let mut held = Held {
            memory: Arc::clone(&self.memory),
            permit: None,
        };
        let mut bytes = BytesMut::with_capacity(announced.unwrap_or(0).min(PIECE_BYTES));
        while let Some(chunk) = payload.next().await {
            let chunk = chunk.map_err(|error| {
                let what = format!("the body can not be read: {error}");
                Failure::new(ErrorCode::InvalidRequest, what)
            })?;
            let length = bytes.len() + chunk.len();
            if length > limit.bytes {
                return Err(limit.exceeded());
            }
            held.grow_to(length)?;
            bytes.extend_from_slice(&chunk);
        }
        Ok(Body {
            bytes: bytes.freeze(),
            is_gzip,
            limit,
            held,
        })
    }
}

impl BodyLimit {
    fn exceeded(self) -> Failure {
        let Self { bytes, name } = self;
        let what = format!("the body is larger than {name} ({bytes} bytes), as sent or inflated");
        Failure::new(ErrorCode::PayloadTooLarge, what)
    }
}

impl Body {
    /// Inflates the body and reads it with `read`; elsewhere when it is large.
    ///
    /// # Errors
    /// Of `read`, and `invalid_request` for what is not gzip although it is said to be.
    pub async fn read<T: Send + 'static>(
        self,
        read: impl FnOnce(&[u8]) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        if self.bytes.len() <= INLINE_BYTES {
            return self.read_here(read);
        }
        let elsewhere = web::block(move || self.read_here(read));
        elsewhere.await.map_err(Failure::internal)?
    }

    fn read_here<T>(
        mut self,
        read: impl FnOnce(&[u8]) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        if self.is_gzip {
            self.bytes = self.inflated()?;
        }
        read(&self.bytes)
    }

    /// Inflates piece by piece, so that a bomb is noticed before it has gone off.
    fn inflated(&mut self) -> Result<Bytes, Failure> {
        let mut decoder = MultiGzDecoder::new(&self.bytes[..]);
        let mut inflated = Vec::new();
        loop {
            let before = inflated.len();
            let mut piece = decoder.by_ref().take(PIECE_BYTES as u64);
            piece.read_to_end(&mut inflated).map_err(|error| {
                let what = format!("the body is not the gzip that it is said to be: {error}");
                Failure::new(ErrorCode::InvalidRequest, what)
            })?;
            if inflated.len() > self.limit.bytes {
                return Err(self.limit.exceeded());
            }
            if inflated.len() == before {
                return Ok(inflated.into());
            }
            self.held.grow_to(inflated.len())?;
        }
    }
}

impl Held {
    fn grow_to(&mut self, bytes: usize) -> Result<(), Failure> {
        let held = self
            .permit
            .as_ref()
            .map_or(0, OwnedSemaphorePermit::num_permits);
        let missing = bytes.div_ceil(PIECE_BYTES).saturating_sub(held);
        if missing == 0 {
            return Ok(());
        }
        let missing = u32::try_from(missing).unwrap_or(u32::MAX);
        let more = Arc::clone(&self.memory).try_acquire_many_owned(missing);
        let more = more.map_err(|_| {
            let what = "too many traces are being taken in at once; try again after the time given";
            Failure::new(ErrorCode::Overloaded, what).retry_after(RETRY_AFTER)
        })?;
        match &mut self.permit {
            Some(permit) => permit.merge(more),
            none => *none = Some(more),
        }
        Ok(())
    }
}

/// # Errors
/// `unsupported_media_type`, naming the encoding that is not read here.
fn is_gzip(headers: &HeaderMap) -> Result<bool, Failure> {
    let named = headers.get(CONTENT_ENCODING).map(|value| value.to_str());
    let encoding = match named {
        None => return Ok(false),
        Some(Ok(encoding)) => encoding.trim().to_ascii_lowercase(),
        Some(Err(_)) => "?".to_owned(),
    };
    match encoding.as_str() {
        "" | "identity" => Ok(false),
        "gzip" | "x-gzip" => Ok(true),
        other => Err(Failure::new(
            ErrorCode::UnsupportedMediaType,
            format!("a body with `Content-Encoding: {other}` is not read here; send gzip, or none"),
        )),
    }
}

fn announced_bytes(headers: &HeaderMap) -> Option<usize> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}
