//! Watching a version while it is read: whoever reads it, in whichever process.

use std::time::Duration;

use tokio::{
    sync::broadcast::{self, error::RecvError},
    time,
};
use tokio_util::sync::CancellationToken;

use super::{
    Documents,
    documents::{existing, version_of},
};
use crate::{
    document::{
        DocumentError,
        model::{DocumentId, DocumentVersion, VersionId, VersionNumber},
        store,
    },
    kernel::{Actor, Failure, Permission, ProjectId},
};

/// How many times less often a version is looked at where news comes from every process.
const SELDOM: u32 = 10;

/// Somebody who watches a version.
pub struct Watch {
    documents: Documents,
    project: ProjectId,
    document: DocumentId,
    version: VersionId,
    number: VersionNumber,
    news: broadcast::Receiver<VersionId>,
    interval: Duration,
    ending: CancellationToken,
}

impl Documents {
    /// Watches a version: the one that is named, or the latest.
    ///
    /// # Errors
    /// `forbidden`, or `not_found`.
    pub async fn watch(
        &self,
        actor: &Actor,
        id: DocumentId,
        number: Option<VersionNumber>,
    ) -> Result<Watch, Failure> {
        actor.require(Permission::DocumentsRead)?;
        let project = actor.project;
        // Listens before it looks, so that nothing is missed in between.
        let news = self.news.listen();
        let version = self
            .db
            .read(move |conn| {
                let document = existing(conn, project, id)?;
                version_of(conn, &document, number)
            })
            .await?;
        Ok(Watch {
            documents: self.clone(),
            project,
            document: id,
            version: version.id,
            number: version.number,
            news,
            interval: if self.news.reaches_far() {
                self.settings.progress_interval() * SELDOM
            } else {
                self.settings.progress_interval()
            },
            ending: self.ending.clone(),
        })
    }

    /// Nobody is told anything more: the process ends, and its connections have to.
    pub async fn end_watches(self, stop: CancellationToken) {
        stop.cancelled().await;
        self.ending.cancel();
    }
}

impl Watch {
    /// The version as it is now; `None` when it was deleted.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn look(&self) -> Result<Option<DocumentVersion>, Failure> {
        let (project, document, number) = (self.project, self.document, self.number);
        let found = self
            .documents
            .db
            .read(move |conn| {
                let is_there = store::find(conn, project, document)?.is_some();
                let version = if is_there {
                    store::find_version(conn, document, number)?
                } else {
                    None
                };
                Ok::<_, DocumentError>(version)
            })
            .await?;
        Ok(found.filter(|version| version.id == self.version))
    }

    /// Waits until it may have changed; `false` when there is nothing more to wait for.
    pub async fn changed(&mut self) -> bool {
        let (version, news) = (self.version, &mut self.news);
        let told = async {
            loop {
                match news.recv().await {
                    Ok(of) if of != version => {}
                    Ok(_) | Err(RecvError::Lagged(_)) => return,
                    Err(RecvError::Closed) => return std::future::pending().await,
                }
            }
        };
        tokio::select! {
            () = self.ending.cancelled() => false,
            () = told => true,
            () = time::sleep(self.interval) => true,
        }
    }
}
