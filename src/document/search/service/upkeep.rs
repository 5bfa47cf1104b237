//! Generations that are built, and what is removed of those that no longer serve.

use super::{SearchIndex, embedding::enqueue_embedding};
use crate::{
    document::search::{
        SearchError,
        jobs::{self, BuildIndex},
        model::{IndexState, IndexTarget},
        store::{self, IndexRow},
    },
    kernel::ProjectId,
    platform::{
        db::{Conn, DbError},
        jobs::{JobContext, JobError},
    },
};

/// Documents that are looked up at once.
const DOCUMENTS_AT_ONCE: i64 = 100;

impl SearchIndex {
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
                IndexState::Retired => self.remove_index(project, &row).await?,
                IndexState::Building | IndexState::Serving => {
                    self.settle(project, &row).await?;
                }
            }
        }
        Ok(())
    }

    /// Removes what is left of documents that are gone, and has new titles and new chunks read.
    async fn settle(&self, project: ProjectId, row: &IndexRow) -> Result<(), SearchError> {
        let (index, says_titles) = (row.number, row.settings.says_titles());
        let (gone, retitled, spaces) = self
            .db
            .read(move |conn| {
                let gone = store::abandoned(conn, index, DOCUMENTS_AT_ONCE)?;
                let retitled = if says_titles {
                    store::retitled(conn, index, DOCUMENTS_AT_ONCE)?
                } else {
                    Vec::new()
                };
                Ok::<_, SearchError>((gone, retitled, store::spaces(conn, index)?))
            })
            .await?;
        for document in gone {
            self.remove(project, document).await?;
        }
        if !retitled.is_empty() {
            let clock = self.clock.clone();
            let enqueue = move |conn: &mut Conn| {
                let again = |document| jobs::put_again(conn, &clock, project, document);
                retitled.into_iter().try_for_each(again)
            };
            self.db.write(enqueue).await.map_err(SearchError::Db)?;
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
    async fn remove_index(&self, project: ProjectId, row: &IndexRow) -> Result<(), SearchError> {
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
            .write(move |conn| {
                store::delete_retired(conn, index)?;
                let left = store::indexes(conn, project)?;
                let ways = left.iter().filter_map(|row| row.settings.way_of_contexts());
                let ways: Vec<String> = ways.collect();
                store::delete_contexts_of_other_ways(conn, project, &ways)
            })
            .await?;
        Ok(())
    }
}
