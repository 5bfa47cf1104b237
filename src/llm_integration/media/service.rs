//! Announces media and shows them; their contents go through `transfer`.

use std::{sync::Arc, time::Duration};

use tokio::sync::Semaphore;

use super::{
    Announced, Media, MediaId, MediaLink, MediaSettings, NewMedia, UploadReport,
    store::{self, StoredMedia},
    ticket::{Purpose, Signer, Ticket, Upload},
    transfer::{LookAfterUpload, UPLOADS_AT_ONCE},
};
use crate::{
    kernel::{Actor, Clock, Id, Permission, ProjectId, Timestamp},
    llm_integration::{
        LlmError, TraceId,
        traces::{Standing, standing},
    },
    platform::{
        db::{Conn, Db},
        jobs::{self, NewJob},
        objects::Objects,
    },
};

/// How long after its address has run out an upload is looked after.
const LOOK_AFTER: Duration = Duration::from_hours(1);
const MAX_ERROR_CHARS: usize = 2000;
/// What signed addresses begin with.
const UPLOADS: &str = "/api/v1/media/uploads";
const CONTENTS: &str = "/api/v1/media/contents";
/// Below it lie contents, by project and medium.
const OBJECTS: &str = "media";

/// The media of every project. Cheap to clone.
#[derive(Clone)]
pub struct MediaStore {
    pub(super) db: Db,
    pub(super) clock: Clock,
    pub(super) objects: Objects,
    settings: MediaSettings,
    pub(super) signer: Signer,
    pub(super) turns: Arc<Semaphore>,
}

impl MediaStore {
    /// `key` signs addresses; every process on this database has the same.
    pub fn new(
        (db, clock): (Db, Clock),
        objects: Objects,
        settings: MediaSettings,
        key: [u8; 32],
    ) -> Self {
        Self {
            db,
            clock,
            objects,
            settings,
            signer: Signer::new(key),
            turns: Arc::new(Semaphore::new(UPLOADS_AT_ONCE)),
        }
    }

    /// Notes what refers to a medium, and says where to put its content if it is not here yet.
    pub async fn announce(&self, actor: &Actor, new: NewMedia) -> Result<Announced, LlmError> {
        actor.require(Permission::TracesWrite)?;
        new.check(self.settings.size_limit_bytes)?;
        if !self.objects.outlives_process() {
            return Err(LlmError::MediaOff);
        }
        let (project, now) = (actor.project, self.clock.now());
        let upload: Id<Upload> = self.clock.new_id();
        let (media, clock) = (new.sha256.media_id(), self.clock.clone());
        let expires_at = now.plus(self.settings.url_lives());
        let look_after = LookAfterUpload {
            project,
            media: media.clone(),
            key: object_key(&media, project, upload),
        };
        let wanted_since = self.db.write(move |conn| {
            let wanted_since = enter(conn, project, &new, now)?;
            if wanted_since.is_some() {
                let at = expires_at.plus(LOOK_AFTER);
                jobs::enqueue(conn, &clock, NewJob::system(look_after).run_at(at))?;
            }
            Ok::<_, LlmError>(wanted_since)
        });
        let upload = wanted_since.await?.map(|since| {
            let purpose = Purpose::Upload {
                id: upload,
                // The clock of whoever announced it first may be ahead.
                issued_at: now.max(since),
            };
            let ticket = Ticket {
                project,
                media: media.clone(),
                purpose,
                expires_at,
            };
            let path = format!("{UPLOADS}/{}", self.signer.sign(&ticket));
            (path, expires_at)
        });
        Ok(Announced { id: media, upload })
    }

    /// Notes what a sender says of an upload that failed.
    pub async fn report(
        &self,
        actor: &Actor,
        id: MediaId,
        report: UploadReport,
    ) -> Result<(), LlmError> {
        actor.require(Permission::TracesWrite)?;
        let project = actor.project;
        self.db
            .write(move |conn| {
                store::hold(conn, project, &id)?.ok_or_else(|| missing(&id))?;
                let UploadReport { status, error } = report;
                let error: Option<String> = error.map(|text| {
                    let text = text.chars().filter(|c| *c != '\0');
                    text.take(MAX_ERROR_CHARS).collect()
                });
                Ok(store::note_failure(
                    conn,
                    project,
                    &id,
                    status,
                    error.as_deref(),
                )?)
            })
            .await
    }

    pub async fn get(&self, actor: &Actor, id: MediaId) -> Result<Media, LlmError> {
        actor.require(Permission::TracesRead)?;
        let media = self.known(actor.project, id.clone()).await?;
        let failure = media.failure.clone();
        self.shown(actor.project, media)
            .ok_or_else(|| LlmError::MediaNotHere {
                why: failure.map_or_else(
                    || format!("the medium `{id}` is not uploaded yet"),
                    |(status, error)| {
                        let error = error.unwrap_or_default();
                        format!(
                            "the upload of the medium `{id}` failed with status {status}: {error}"
                        )
                    },
                ),
            })
    }

    /// The media of a trace and its observations that are here.
    pub async fn of_trace(
        &self,
        actor: &Actor,
        trace: TraceId,
    ) -> Result<Vec<MediaLink>, LlmError> {
        actor.require(Permission::TracesRead)?;
        let project = actor.project;
        let reading = self
            .db
            .read(move |conn| store::of_trace(conn, project, &trace));
        let found = reading.await?.into_iter();
        let shown = found.filter_map(|(media, observation, field)| {
            Some(MediaLink {
                media: self.shown(project, media)?,
                observation,
                field,
            })
        });
        Ok(shown.collect())
    }

    pub(super) async fn known(
        &self,
        project: ProjectId,
        id: MediaId,
    ) -> Result<StoredMedia, LlmError> {
        self.db
            .read(move |conn| store::media(conn, project, &id)?.ok_or_else(|| missing(&id)))
            .await
    }

    /// `None` when its content is not here.
    fn shown(&self, project: ProjectId, media: StoredMedia) -> Option<Media> {
        let (_, uploaded_at) = media.content?;
        let expires_at = self.clock.now().plus(self.settings.url_lives());
        let ticket = Ticket {
            project,
            media: media.id.clone(),
            purpose: Purpose::Download,
            expires_at,
        };
        let path = format!("{CONTENTS}/{}", self.signer.sign(&ticket));
        Some(Media {
            id: media.id,
            content_type: media.content_type,
            bytes: media.bytes,
            uploaded_at,
            download: (path, expires_at),
        })
    }
}

/// Enters a medium and what refers to it. Since when its content is wanted: it is not when it is
/// here, nor when its trace was deleted.
fn enter(
    conn: &mut Conn,
    project: ProjectId,
    new: &NewMedia,
    now: Timestamp,
) -> Result<Option<Timestamp>, LlmError> {
    if let Some(trace) = new.owner.trace()
        && standing(conn, project, trace.as_str())? == Standing::Deleted
    {
        return Ok(None);
    }
    store::insert(conn, project, new, now)?;
    let id = new.sha256.media_id();
    let known = store::hold(conn, project, &id)?.ok_or_else(|| missing(&id))?;
    if known.sha256 != new.sha256 || (known.content.is_some() && known.bytes != new.bytes) {
        return Err(LlmError::InvalidRequest {
            what: format!("the medium `{id}` has another hash or length"),
        });
    }
    if known.content_type != new.content_type || known.bytes != new.bytes {
        store::describe(conn, project, new)?;
    }
    store::link(conn, project, &id, (&new.owner, new.field), now)?;
    Ok(known.content.is_none().then_some(known.announced_at))
}

pub(super) fn object_key(media: &MediaId, project: ProjectId, upload: Id<Upload>) -> String {
    format!("{OBJECTS}/{project}/{media}/{upload}")
}

fn missing(id: &MediaId) -> LlmError {
    LlmError::Missing {
        what: "medium",
        id: id.to_string(),
    }
}
