//! Contents on their way in and out, by signed addresses.

use std::{error::Error, time::Duration};

use bytes::Bytes;
use futures::Stream;
use serde::{Deserialize, Serialize};
use tokio::time;

use super::{
    ContentType, MediaId, MediaStore,
    service::object_key,
    store::{self, StoredMedia},
    ticket::Purpose,
    upload::{self, Expected, mismatch},
};
use crate::{
    kernel::{ErrorCode, Failure, ProjectId},
    llm_integration::LlmError,
    platform::{
        db::DbError,
        jobs::{Backoff, Job, JobError, JobPolicy, JobRegistry},
        objects::ObjectStream,
    },
};

/// Uploads that a process takes in at once: each gathers up to two parts of an object (10 MiB).
pub(super) const UPLOADS_AT_ONCE: usize = 16;
/// How long an upload waits for its turn.
const TURN: Duration = Duration::from_secs(10);

/// Removes what an upload left that did not come to its end.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct LookAfterUpload {
    pub project: ProjectId,
    pub media: MediaId,
    pub key: String,
}

impl Job for LookAfterUpload {
    const KIND: &'static str = "llm.look_after_upload";
    const QUEUE: &'static str = "traces";
    const POLICY: JobPolicy = JobPolicy {
        max_attempts: 10,
        backoff: Backoff {
            first: Duration::from_secs(5),
            factor: 4,
            max: Duration::from_hours(1),
        },
        timeout: Duration::from_mins(5),
    };
}

/// What an upload says of itself before its body.
#[derive(Clone, Debug, Default)]
pub struct UploadHead {
    pub content_type: Option<String>,
    pub bytes: Option<u64>,
}

/// A content on its way to a reader.
pub struct Download {
    pub id: MediaId,
    pub content_type: ContentType,
    pub bytes: u64,
    pub body: ObjectStream,
}

impl MediaStore {
    /// Takes in a content that was announced. The same again changes nothing.
    pub async fn receive<E: Error>(
        &self,
        address: &str,
        head: UploadHead,
        body: impl Stream<Item = Result<Bytes, E>>,
    ) -> Result<(), LlmError> {
        let ticket = self.signer.open(address, self.clock.now())?;
        let Purpose::Upload {
            id: upload,
            issued_at,
        } = ticket.purpose
        else {
            return Err(LlmError::AddressNotValid);
        };
        let (project, id) = (ticket.project, ticket.media);
        let media = self.known(project, id.clone()).await?;
        if issued_at < media.announced_at {
            return Err(LlmError::AddressNotValid);
        }
        check_head(&head, &media)?;
        let turn = time::timeout(TURN, self.turns.acquire()).await;
        let Ok(Ok(_turn)) = turn else {
            return Err(LlmError::UploadsBusy);
        };
        let key = object_key(&id, project, upload);
        let expected = Expected {
            bytes: media.bytes,
            sha256: media.sha256,
        };
        upload::receive(&self.objects, &key, &expected, body).await?;
        let (now, object) = (self.clock.now(), key.clone());
        let outcome = self.db.write(move |conn| {
            let kept = store::keep(conn, project, &id, (&object, issued_at), now)?;
            let media = if kept {
                None
            } else {
                store::media(conn, project, &id)?
            };
            Ok::<_, DbError>((kept, media))
        });
        let (kept, media) = outcome.await?;
        if kept {
            return Ok(());
        }
        let here = media.and_then(|media| media.content);
        let is_this = here.as_ref().is_some_and(|(at, _)| *at == key);
        if !is_this {
            self.objects.delete(vec![key]).await?;
        }
        // It was there before, by this address or by another; or else it is not wanted any more.
        here.map(drop).ok_or_else(gone)
    }

    /// The content behind a signed address.
    pub async fn open(&self, address: &str) -> Result<Download, LlmError> {
        let ticket = self.signer.open(address, self.clock.now())?;
        if ticket.purpose != Purpose::Download {
            return Err(LlmError::AddressNotValid);
        }
        let media = self.known(ticket.project, ticket.media).await?;
        let (key, _) = media.content.ok_or_else(gone)?;
        let (bytes, body) = self.objects.stream(&key, media.bytes).await?;
        Ok(Download {
            id: media.id,
            content_type: media.content_type,
            bytes,
            body,
        })
    }

    /// Adds the jobs that look after uploads to a process's registry.
    #[must_use]
    pub fn register(&self, registry: JobRegistry) -> JobRegistry {
        let this = self.clone();
        registry.on::<LookAfterUpload, _, _>(move |job, _| {
            let this = this.clone();
            async move {
                this.look_after(job)
                    .await
                    .map_err(|error| JobError::Retry(Box::new(error)))
            }
        })
    }

    async fn look_after(&self, upload: LookAfterUpload) -> Result<(), LlmError> {
        let LookAfterUpload {
            project,
            media,
            key,
        } = upload;
        let reading = self
            .db
            .read(move |conn| store::media(conn, project, &media));
        let content = reading.await?.and_then(|media| media.content);
        if content.is_some_and(|(kept, _)| kept == key) {
            return Ok(());
        }
        Ok(self.objects.delete(vec![key]).await?)
    }
}

fn check_head(head: &UploadHead, media: &StoredMedia) -> Result<(), LlmError> {
    let named = head.content_type.as_deref();
    if named.and_then(|name| name.parse().ok()) != Some(media.content_type) {
        let announced = media.content_type.as_str();
        return Err(mismatch(format!(
            "its `Content-Type` must be {announced}, as it was announced"
        )));
    }
    match head.bytes {
        Some(bytes) if bytes != media.bytes => Err(mismatch(format!(
            "its `Content-Length` is {bytes}, not {}, which was announced",
            media.bytes
        ))),
        _ => Ok(()),
    }
}

fn gone() -> LlmError {
    LlmError::Refused(Failure::new(
        ErrorCode::NotFound,
        "the medium was deleted in the meantime",
    ))
}
