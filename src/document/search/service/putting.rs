//! Puts documents into the index of their project.
//!
//! A document is written in small transactions, since SQLite has one writer; it is found when the last of them commits,
//! and from then on nothing of what was there before is. What a process leaves that is killed between two of them is
//! never found, and the next attempt removes it.

use std::sync::Arc;

use tokio::task;

use super::{
    SearchIndex, contexts::enqueue_contexts, embedding::enqueue_embedding, index::CHUNKS_AT_ONCE,
};
use crate::{
    document::{
        chunking::{self, Chunk, Version},
        extraction::Page,
        model::{DocumentId, Title, VersionId},
        search::{
            SearchError,
            analysis::{ChunkTerms, postings, searchable},
            analyzer::{Analyzer, AnalyzerSettings},
            jobs::PutAgain,
            model::{EntryId, IndexNumber, IndexTarget},
            store::{self, Counted, NewChunk, Owner},
        },
        store as documents,
    },
    kernel::ProjectId,
    platform::{
        db::Conn,
        jobs::{JobContext, JobError},
    },
};

/// What is put into a generation.
#[derive(Clone, Debug)]
pub(super) struct Putting {
    pub project: ProjectId,
    pub document: DocumentId,
    pub version: VersionId,
    /// As prefixes of chunks say it.
    pub title: Title,
    /// Only in place of this entry; of whatever there is when absent.
    pub instead_of: Option<EntryId>,
}

impl SearchIndex {
    /// Cuts the text of a version and puts it into one generation, or into all that take documents, in place of whatever
    /// they have of the document. May be repeated.
    ///
    /// # Errors
    /// When the database fails, or somebody removes the document meanwhile.
    pub async fn put_version(
        &self,
        (project, document, version): (ProjectId, DocumentId, VersionId),
        targets: &[IndexTarget],
    ) -> Result<(), SearchError> {
        let Some((title, pages)) = self.text_of(project, document, version).await? else {
            return Ok(());
        };
        for target in targets {
            let putting = Putting {
                project,
                document,
                version,
                title: title.clone(),
                instead_of: None,
            };
            self.put(putting, target, Arc::clone(&pages)).await?;
        }
        Ok(())
    }

    /// Puts a document again whose title is another by now.
    pub(in crate::document::search) async fn put_again(
        &self,
        job: PutAgain,
        context: JobContext,
    ) -> Result<(), JobError> {
        let PutAgain { project, document } = job;
        for target in self.targets(project).await? {
            if context.cancellation().is_cancelled() {
                break;
            }
            if !target.settings.says_titles() {
                continue;
            }
            let index = target.number;
            let standing = self
                .db
                .read(move |conn| store::standing_entry(conn, index, document))
                .await?;
            let Some(standing) = standing else {
                continue;
            };
            let version = standing.version;
            let Some((title, pages)) = self.text_of(project, document, version).await? else {
                return Ok(());
            };
            if title.as_str() == standing.title {
                continue;
            }
            let putting = Putting {
                project,
                document,
                version,
                title,
                instead_of: Some(standing.entry),
            };
            self.put(putting, &target, pages).await?;
        }
        Ok(())
    }

    /// The title and the pages; `None` for a document that is no more.
    pub(super) async fn text_of(
        &self,
        project: ProjectId,
        document: DocumentId,
        version: VersionId,
    ) -> Result<Option<(Title, Arc<[Page]>)>, SearchError> {
        self.db
            .read(move |conn| {
                let Some(found) = documents::find(conn, project, document)? else {
                    return Ok(None);
                };
                let pages = documents::all_pages(conn, version)?;
                Ok(Some((found.title, pages.into())))
            })
            .await
    }

    pub(super) async fn put(
        &self,
        putting: Putting,
        target: &IndexTarget,
        pages: Arc<[Page]>,
    ) -> Result<(), SearchError> {
        let (index, document) = (target.number, putting.document);
        let analyzer = target.settings.analyzer;
        self.tidy(index, document, analyzer).await?;
        let mut chunks = cut(&putting, target, pages).await?;
        let contexts = self.contexts(document, &target.settings).await?;
        let found = searchable(&chunks);
        contexts.say_in(&mut chunks, &found);
        let owner = Owner {
            document,
            version: putting.version,
            entry: self.clock.new_id(),
        };
        let mut counted = Counted {
            chunks: i64::try_from(chunks.len()).unwrap_or(i64::MAX),
            contexts_missing: 0,
        };
        let (mut left, mut found) = (chunks.into_iter(), found.into_iter());
        while left.len() > 0 {
            let batch: Vec<Chunk> = left.by_ref().take(CHUNKS_AT_ONCE).collect();
            let found: Vec<bool> = found.by_ref().take(CHUNKS_AT_ONCE).collect();
            let analysed = analyse(batch, found, analyzer).await?;
            counted.contexts_missing += contexts.missing(&analysed);
            self.db
                .write(move |conn| insert(conn, index, owner, analysed))
                .await?;
        }
        if putting.instead_of.is_some() {
            self.read_ahead(index, (document, owner.entry)).await?;
        }
        self.complete(putting, (index, owner), counted).await?;
        self.tidy(index, document, analyzer).await
    }

    /// From the commit on the document is found by all of its chunks, and what is to be made of them is.
    async fn complete(
        &self,
        putting: Putting,
        (index, owner): (IndexNumber, Owner),
        counted: Counted,
    ) -> Result<(), SearchError> {
        let (clock, has_models) = (self.clock.clone(), self.inference.is_on());
        self.db
            .write(move |conn| {
                // Who removes chunks waits meanwhile, so that those that are counted are there.
                store::lock_index(conn, index, 0, (0, 0))?.ok_or(SearchError::Disturbed)?;
                let standing = store::visible_entry(conn, index, owner.document)?;
                if putting.instead_of.is_some() && putting.instead_of != standing {
                    return Err(SearchError::Disturbed);
                }
                if !store::complete(conn, index, (owner, &putting.title), counted)? {
                    return Err(SearchError::Disturbed);
                }
                if has_models {
                    enqueue_embedding(conn, &clock, (putting.project, index))?;
                }
                if counted.contexts_missing > 0 {
                    let of = (putting.project, putting.document);
                    enqueue_contexts(conn, &clock, of, index)?;
                }
                Ok(())
            })
            .await
    }
}

async fn cut(
    putting: &Putting,
    target: &IndexTarget,
    pages: Arc<[Page]>,
) -> Result<Vec<Chunk>, SearchError> {
    let (version, title) = (putting.version.as_uuid(), putting.title.clone());
    let settings = target.settings.chunking.clone();
    let cut = task::spawn_blocking(move || {
        let version = Version {
            id: version,
            title: Some(title.as_str()),
            pages: &pages,
        };
        chunking::chunks(&version, &settings)
    });
    Ok(cut.await?)
}

/// A chunk and its terms; none where it is only read.
pub(super) type Analysed = (Chunk, Option<ChunkTerms>);

async fn analyse(
    chunks: Vec<Chunk>,
    found: Vec<bool>,
    settings: AnalyzerSettings,
) -> Result<Vec<Analysed>, SearchError> {
    let analysed = task::spawn_blocking(move || {
        let analyzer = Analyzer::new(settings);
        let terms = |(chunk, found): (Chunk, bool)| {
            let terms =
                found.then(|| ChunkTerms::of(&analyzer, chunk.prefix.as_deref(), &chunk.text));
            (chunk, terms)
        };
        chunks.into_iter().zip(found).map(terms).collect()
    });
    Ok(analysed.await?)
}

fn insert(
    conn: &mut Conn,
    index: IndexNumber,
    owner: Owner,
    analysed: Vec<Analysed>,
) -> Result<(), SearchError> {
    let lengths: Vec<u16> = analysed
        .iter()
        .map(|(_, terms)| terms.as_ref().map_or(0, |terms| terms.length))
        .collect();
    let found = analysed.iter().filter(|(_, terms)| terms.is_some()).count();
    let tokens = lengths.iter().copied().map(i64::from).sum();
    let numbers = i32::try_from(analysed.len()).unwrap_or(i32::MAX);
    let counted = (i64::try_from(found).unwrap_or(i64::MAX), tokens);
    let first = store::lock_index(conn, index, numbers, counted)?;
    let first = first.ok_or(SearchError::Disturbed)?;
    let (chunks, terms): (Vec<Chunk>, Vec<Option<ChunkTerms>>) = analysed.into_iter().unzip();
    let new = chunks.iter().zip(lengths);
    let new: Vec<NewChunk<'_>> = new
        .map(|(chunk, tokens)| NewChunk { chunk, tokens })
        .collect();
    store::insert_chunks(conn, (index, first), owner, &new)?;
    store::append_postings(conn, index, &postings(terms, first.unsigned_abs()))?;
    Ok(())
}
