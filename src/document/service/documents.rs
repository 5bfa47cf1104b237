//! The service itself: what it is made of, and what several use cases do.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::{
    document::{
        DocumentError, DocumentSettings,
        events::{DocumentIndexed, DocumentRead, DocumentUploaded},
        extraction::Extractor,
        model::{Document, DocumentId, DocumentVersion, VersionNumber},
        news::News,
        search::SearchIndex,
        store,
    },
    kernel::{Clock, ProjectId},
    platform::{
        db::{Conn, Db, DbError},
        events::Event,
        objects::Objects,
        outbox,
        redis::Redis,
    },
};

/// The documents of projects. Cheap to clone.
#[derive(Clone)]
pub struct Documents {
    pub(in crate::document) db: Db,
    pub(in crate::document) clock: Clock,
    pub(in crate::document) objects: Objects,
    pub(in crate::document) extractor: Extractor,
    pub(in crate::document) search: SearchIndex,
    pub(in crate::document) settings: Arc<DocumentSettings>,
    pub(in crate::document) news: News,
    /// The process ends: who watches is told nothing more.
    pub(super) ending: CancellationToken,
}

impl Documents {
    pub fn new(
        (db, clock): (Db, Clock),
        (objects, extractor): (Objects, Extractor),
        (search, redis): (SearchIndex, Option<Redis>),
        settings: &DocumentSettings,
    ) -> Self {
        Self {
            db,
            objects,
            extractor,
            search,
            settings: Arc::new(settings.clone()),
            news: News::new(redis, &clock),
            ending: CancellationToken::new(),
            clock,
        }
    }

    /// The index that documents are found in.
    pub const fn search(&self) -> &SearchIndex {
        &self.search
    }

    /// Carries news of documents between the processes, until `stop`.
    pub fn carry_news(&self, stop: CancellationToken) -> impl Future<Output = ()> + use<> {
        self.news.clone().carry(stop)
    }
}

pub(in crate::document) fn existing(
    conn: &mut Conn,
    project: ProjectId,
    id: DocumentId,
) -> Result<Document, DocumentError> {
    store::find(conn, project, id)?.ok_or(DocumentError::NotFound(id))
}

/// A document that is about to change.
pub(super) fn opened(
    conn: &mut Conn,
    project: ProjectId,
    id: DocumentId,
) -> Result<Document, DocumentError> {
    store::open(conn, project, id)?.ok_or(DocumentError::NotFound(id))
}

/// A version of a document: the one that is named, or the latest.
pub(in crate::document) fn version_of(
    conn: &mut Conn,
    document: &Document,
    number: Option<VersionNumber>,
) -> Result<DocumentVersion, DocumentError> {
    let number = number.unwrap_or(document.latest);
    store::find_version(conn, document.id, number)?.ok_or(DocumentError::VersionNotFound {
        document: document.id,
        number,
    })
}

/// How far a version has come, as others are told.
pub(in crate::document) enum Milestone {
    Uploaded,
    Read,
    Indexed,
}

/// Announces what became of a version, when the transaction commits.
pub(in crate::document) fn announce(
    conn: &mut Conn,
    clock: &Clock,
    version: &DocumentVersion,
    milestone: &Milestone,
) -> Result<(), DbError> {
    macro_rules! event {
        ($event:ident) => {
            $event {
                project: version.project,
                document: version.document,
                version: version.id,
                number: version.number,
            }
        };
    }
    match milestone {
        Milestone::Uploaded => append(conn, clock, &event!(DocumentUploaded)),
        Milestone::Read => append(conn, clock, &event!(DocumentRead)),
        Milestone::Indexed => append(conn, clock, &event!(DocumentIndexed)),
    }
}

fn append<E: Event>(conn: &mut Conn, clock: &Clock, event: &E) -> Result<(), DbError> {
    outbox::append(conn, clock, event).map(drop)
}
