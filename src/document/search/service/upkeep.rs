//! Generations that are built, and what is removed of those that no longer serve.

use super::{SearchIndex, embedding::enqueue_embedding};
use crate::{
    document::{
        chunking::{self, Version},
        model::{DocumentId, Title, VersionId},
        search::{
            SearchError,
            jobs::BuildIndex,
            model::{IndexNumber, IndexState, IndexTarget},
            store::{self, IndexRow},
        },
        store as documents,
    },
    kernel::ProjectId,
    platform::{
        db::DbError,
        jobs::{JobContext, JobError},
    },
};

/// Documents that are looked up at once.
const DOCUMENTS_AT_ONCE: i64 = 100;

impl SearchIndex {
    /// Cuts the text of a version and puts it into one generation, or into all that take documents.
    ///
    /// # Errors
    /// As for [`SearchIndex::put`].
    pub async fn put_version(
        &self,
        (project, document, version): (ProjectId, DocumentId, VersionId),
        targets: &[IndexTarget],
    ) -> Result<(), SearchError> {
        let (title, pages) = self
            .db
            .read(move |conn| {
                let title = documents::find(conn, project, document)?.map(|found| found.title);
                Ok::<_, SearchError>((title, documents::all_pages(conn, version)?))
            })
            .await?;
        for target in targets {
            let (title, pages) = (title.clone(), pages.clone());
            let settings = target.settings.chunking.clone();
            let chunks = tokio::task::spawn_blocking(move || {
                let version = Version {
                    id: version.as_uuid(),
                    title: title.as_ref().map(Title::as_str),
                    pages: &pages,
                };
                chunking::chunks(&version, &settings)
            });
            self.put(document, version, target, chunks.await?).await?;
        }
        let (clock, numbers) = (
            self.clock.clone(),
            targets.iter().map(|target| target.number),
        );
        let numbers: Vec<IndexNumber> = numbers.collect();
        if self.inference.is_on() {
            self.db
                .write(move |conn| {
                    numbers
                        .into_iter()
                        .try_for_each(|index| enqueue_embedding(conn, &clock, (project, index)))
                })
                .await?;
        }
        Ok(())
    }

    /// Puts what the serving generation has, and the one that is being built has not, into that one.
    pub(in crate::document::search) async fn build(
        &self,
        job: BuildIndex,
        context: JobContext,
    ) -> Result<(), JobError> {
        let (project, index) = (job.project, job.index);
        let mut done = 0;
        while !context.cancellation().is_cancelled() {
            let rows = self
                .db
                .read(move |conn| store::indexes(conn, project))
                .await?;
            let building =
                |row: &&IndexRow| row.number == index && row.state == IndexState::Building;
            let serving = rows.iter().find(|row| row.state == IndexState::Serving);
            let (Some(target), Some(serving)) = (rows.iter().find(building), serving) else {
                return Ok(());
            };
            let serving = serving.number;
            let missing = self
                .db
                .read(move |conn| store::missing(conn, serving, index, DOCUMENTS_AT_ONCE))
                .await?;
            if missing.is_empty() {
                return Ok(());
            }
            let target = IndexTarget {
                number: index,
                settings: target.settings.clone(),
            };
            for (document, version) in missing {
                let of = (project, document, version);
                self.put_version(of, std::slice::from_ref(&target)).await?;
                done += 1;
                context.progress(done, None, Some("documents put into the new index"));
            }
        }
        Ok(())
    }

    pub(in crate::document::search) async fn keep_up(&self) -> Result<(), SearchError> {
        let rows = self.db.read(store::every_index).await?;
        for (project, row) in rows {
            match row.state {
                IndexState::Retired => self.remove_index(&row).await?,
                IndexState::Building | IndexState::Serving => {
                    self.settle(project, &row).await?;
                }
            }
        }
        Ok(())
    }

    /// Removes what is left of documents that are gone, and has new chunks read.
    async fn settle(&self, project: ProjectId, row: &IndexRow) -> Result<(), SearchError> {
        let index = row.number;
        let (gone, spaces) = self
            .db
            .read(move |conn| {
                let gone = store::abandoned(conn, index, DOCUMENTS_AT_ONCE)?;
                Ok::<_, SearchError>((gone, store::spaces(conn, index)?))
            })
            .await?;
        for document in gone {
            self.remove(project, document).await?;
        }
        self.remove_retired_spaces(index).await?;
        let Some((model, _)) = self.wanted_model(&row.settings.vectors).await? else {
            return Ok(());
        };
        let serving = spaces
            .iter()
            .find(|space| space.state == IndexState::Serving && space.model == model)
            .map(|space| space.number);
        let clock = self.clock.clone();
        self.db
            .write(move |conn| {
                let unread = match serving {
                    Some(space) => !store::unread(conn, (index, space), -1, 1)?.is_empty(),
                    None => true,
                };
                if unread {
                    enqueue_embedding(conn, &clock, (project, index))?;
                }
                Ok::<_, DbError>(())
            })
            .await?;
        Ok(())
    }

    /// Empties a generation that no longer serves, document by document, and deletes it.
    async fn remove_index(&self, row: &IndexRow) -> Result<(), SearchError> {
        let index = row.number;
        loop {
            let some = self
                .db
                .write(move |conn| store::empty_some(conn, index, DOCUMENTS_AT_ONCE))
                .await?;
            if !some {
                break;
            }
        }
        self.db
            .write(move |conn| {
                for space in store::spaces(conn, index)? {
                    store::retire_space(conn, space.number)?;
                }
                Ok::<_, SearchError>(())
            })
            .await?;
        self.remove_retired_spaces(index).await?;
        self.db
            .write(move |conn| store::delete_retired(conn, index))
            .await?;
        Ok(())
    }
}
