//! Puts documents into the index of their project, and takes them out.
//!
//! A document is written in small transactions, since SQLite has one writer; it is found when the last of them commits,
//! and from then on nothing of what was there before is. What a process leaves that is killed between two of them is
//! never found, and the next attempt removes it.

use std::{collections::HashSet, sync::Arc};

use tokio::task;

use super::{matrices::Matrices, nearness::Graph};
use crate::{
    document::{
        chunking::Chunk,
        model::{DocumentId, VersionId},
        search::{
            SearchError, SearchSettings,
            analysis::{ChunkTerms, postings, searchable},
            analyzer::{Analyzer, AnalyzerSettings},
            model::{IndexNumber, IndexTarget},
            store::{self, NewChunk, Owner, Removable},
        },
    },
    kernel::{Clock, ProjectId},
    llm_integration::inference::Inference,
    platform::db::{Conn, Db, DbError},
};

/// Chunks of one transaction: few enough that nobody waits long for SQLite's one writer.
const CHUNKS_AT_ONCE: usize = 64;

/// The search index of every project. Cheap to clone.
#[derive(Clone)]
pub struct SearchIndex {
    pub(super) db: Db,
    pub(super) clock: Clock,
    pub(super) inference: Inference,
    pub(super) matrices: Matrices,
    pub(super) graph: Graph,
}

impl SearchIndex {
    pub fn new(db: Db, clock: Clock, inference: Inference, settings: &SearchSettings) -> Self {
        Self {
            db,
            clock,
            inference,
            matrices: Matrices::new(settings.vector_memory_bytes),
            graph: Graph {
                from_chunks: settings.hnsw_from_chunks,
                ef_search: settings.hnsw_ef_search,
            },
        }
    }

    /// The generations that a document of the project belongs into: the one that serves, and one that is being built.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn targets(&self, project: ProjectId) -> Result<Vec<IndexTarget>, SearchError> {
        let clock = self.clock.clone();
        self.db
            .write(move |conn| {
                let settings = store::promoted(conn, project)?.1.index;
                store::ensure_serving(conn, project, &settings, clock.now())?;
                let target = |row: store::IndexRow| IndexTarget {
                    number: row.number,
                    settings: row.settings,
                };
                let rows = store::indexes(conn, project)?;
                Ok(rows.into_iter().map(target).collect())
            })
            .await
    }

    /// Puts a version's chunks into a generation, in place of whatever it has of the document. May be repeated.
    ///
    /// # Errors
    /// When the database fails, or somebody removes the document meanwhile.
    pub async fn put(
        &self,
        document: DocumentId,
        version: VersionId,
        target: &IndexTarget,
        chunks: Vec<Chunk>,
    ) -> Result<(), SearchError> {
        let index = target.number;
        self.tidy(index, document, target.settings.analyzer).await?;
        let owner = Owner {
            document,
            version,
            entry: self.clock.new_id(),
        };
        let count = i64::try_from(chunks.len()).unwrap_or(i64::MAX);
        let mut found = searchable(&chunks).into_iter();
        let mut chunks = chunks.into_iter();
        loop {
            let batch: Vec<Chunk> = chunks.by_ref().take(CHUNKS_AT_ONCE).collect();
            if batch.is_empty() {
                break;
            }
            let found: Vec<bool> = found.by_ref().take(CHUNKS_AT_ONCE).collect();
            let analysed = analyse(batch, found, target.settings.analyzer).await?;
            self.db
                .write(move |conn| insert(conn, index, owner, analysed))
                .await?;
        }
        let completed = self
            .db
            .write(move |conn| store::complete(conn, index, owner, count))
            .await?;
        if !completed {
            return Err(SearchError::Disturbed);
        }
        self.tidy(index, document, target.settings.analyzer).await
    }

    /// Removes everything of a document from every generation.
    ///
    /// # Errors
    /// When the database fails; it may be repeated.
    pub async fn remove(
        &self,
        project: ProjectId,
        document: DocumentId,
    ) -> Result<(), SearchError> {
        let indexes = self
            .db
            .write(move |conn| {
                store::hide(conn, project, document)?;
                store::indexes(conn, project)
            })
            .await?;
        for index in indexes {
            let settings = index.settings.analyzer;
            self.tidy(index.number, document, settings).await?;
        }
        Ok(())
    }

    /// Removes the chunks of a document that are not found.
    pub(super) async fn tidy(
        &self,
        index: IndexNumber,
        document: DocumentId,
        settings: AnalyzerSettings,
    ) -> Result<(), SearchError> {
        loop {
            let limit = i64::try_from(CHUNKS_AT_ONCE).unwrap_or(i64::MAX);
            let some = self
                .db
                .read(move |conn| {
                    let kept = store::visible_entry(conn, index, document)?;
                    store::removable(conn, index, document, kept.as_slice(), limit)
                })
                .await?;
            if some.is_empty() {
                return Ok(());
            }
            let (some, terms) = task::spawn_blocking(move || {
                let terms = terms_of(&some, settings);
                (some, terms)
            })
            .await?;
            self.db
                .write(move |conn| delete(conn, index, &some, &terms))
                .await?;
        }
    }
}

/// A chunk and its terms; none where it is only read.
type Analysed = (Chunk, Option<ChunkTerms>);

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

fn terms_of(chunks: &[Removable], settings: AnalyzerSettings) -> Arc<[String]> {
    let analyzer = Analyzer::new(settings);
    let found = chunks.iter().filter(|chunk| chunk.tokens > 0);
    let terms = found
        .flat_map(|chunk| ChunkTerms::of(&analyzer, chunk.prefix.as_deref(), &chunk.text).terms());
    let terms: HashSet<String> = terms.collect();
    let mut terms: Vec<String> = terms.into_iter().collect();
    terms.sort_unstable();
    terms.into()
}

/// Deletes those of `chunks` that are still there, and counts them out.
fn delete(
    conn: &mut Conn,
    index: IndexNumber,
    chunks: &[Removable],
    terms: &[String],
) -> Result<(), DbError> {
    // The lock comes first: who counts in and who counts out then wait for each other, in the same order.
    store::lock_index(conn, index, 0, (0, 0))?;
    let numbers: Vec<i32> = chunks.iter().map(|chunk| chunk.number).collect();
    let deleted = store::delete_chunks(conn, index, &numbers)?;
    let deleted: HashSet<u32> = deleted.into_iter().map(i32::unsigned_abs).collect();
    let found = chunks
        .iter()
        .filter(|chunk| deleted.contains(&chunk.number.unsigned_abs()) && chunk.tokens > 0);
    let (mut count, mut tokens) = (0_i64, 0_i64);
    for chunk in found {
        count += 1;
        tokens += i64::from(chunk.tokens);
    }
    store::lock_index(conn, index, 0, (-count, -tokens))?;
    let spaces = store::spaces(conn, index)?;
    store::delete_vectors(conn, &spaces, &numbers)?;
    store::remove_postings(conn, index, &deleted, terms)
}
