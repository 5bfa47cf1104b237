//! The index of every project: which generations there are, and how a document leaves them.

use std::{collections::HashSet, sync::Arc};

use tokio::task;

use super::{matrices::Matrices, nearness::Graph};
use crate::{
    document::{
        model::DocumentId,
        search::{
            SearchError, SearchSettings,
            analysis::ChunkTerms,
            analyzer::{Analyzer, AnalyzerSettings},
            model::{IndexNumber, IndexState, IndexTarget},
            store::{self, Removable},
        },
    },
    identity::Identity,
    kernel::{Clock, ProjectId},
    llm_integration::{Gateway, Recorder, inference::Inference},
    platform::db::{Conn, Db, DbError},
};

/// Chunks of one transaction: few enough that nobody waits long for SQLite's one writer.
pub(super) const CHUNKS_AT_ONCE: usize = 64;

/// The search index of every project. Cheap to clone.
#[derive(Clone)]
pub struct SearchIndex {
    pub(super) db: Db,
    pub(super) clock: Clock,
    pub(super) inference: Inference,
    pub(super) writer: Arc<Writer>,
    pub(super) matrices: Matrices,
    pub(super) graph: Graph,
}

/// What the index stands on.
pub struct SearchParts {
    pub db: Db,
    pub clock: Clock,
    pub inference: Inference,
    pub writer: Writer,
}

/// What contexts are written with: in whose name, by which model, told to which traces.
pub struct Writer {
    pub identity: Identity,
    pub gateway: Gateway,
    pub recorder: Recorder,
}

impl SearchIndex {
    pub fn new(parts: SearchParts, settings: &SearchSettings) -> Self {
        let SearchParts {
            db,
            clock,
            inference,
            writer,
        } = parts;
        Self {
            db,
            clock,
            inference,
            writer: Arc::new(writer),
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
        let there = self
            .db
            .read(move |conn| store::indexes(conn, project))
            .await?;
        let is_serving = |row: &store::IndexRow| row.state == IndexState::Serving;
        let rows = if there.iter().any(is_serving) {
            there
        } else {
            self.made_serving(project).await?
        };
        let target = |row: store::IndexRow| IndexTarget {
            number: row.number,
            settings: row.settings,
        };
        Ok(rows.into_iter().map(target).collect())
    }

    async fn made_serving(&self, project: ProjectId) -> Result<Vec<store::IndexRow>, SearchError> {
        let clock = self.clock.clone();
        self.db
            .write(move |conn| {
                let settings = store::promoted(conn, project)?.1.index;
                store::ensure_serving(conn, project, &settings, clock.now())?;
                Ok(store::indexes(conn, project)?)
            })
            .await
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
                store::delete_contexts(conn, document, None)?;
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
