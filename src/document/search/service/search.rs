//! A search: two rankings, put together, put in order, and read.

use std::{
    collections::{HashMap, HashSet},
    time::Instant,
};

use super::{
    SearchIndex,
    candidates::{Lexical, lexical},
    hits::read,
    nearness::{Near, QueryVector, nearest},
};
use crate::{
    document::search::{
        SearchError,
        analyzer::Analyzer,
        model::{
            Explained, Found, FoundVectors, LexicalPart, Mode, RankingSettings, RequestError,
            SearchRequest, SearchSetup, Took, VectorPart, fuse,
        },
        query::{LexicalQuery, Marks},
        store::{self, IndexRow},
    },
    kernel::{Actor, Failure, Permission},
    platform::db::Conn,
};

/// What both rankings say together, the best first.
pub(super) struct Fused {
    pub index: IndexRow,
    pub items: Vec<Item>,
    pub matched: usize,
    pub marks: Marks,
    pub vectors: FoundVectors,
    pub took: Took,
}

/// A chunk that was found, and why.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub chunk: u32,
    pub score: f32,
    pub explained: Explained,
}

/// What is asked of which generation, and how.
#[derive(Clone, Debug)]
pub(super) struct Question {
    /// The serving one when absent.
    pub index: Option<IndexRow>,
    pub setup: SearchSetup,
    pub request: SearchRequest,
}

impl SearchIndex {
    /// Searches the documents of the actor's project.
    ///
    /// # Errors
    /// `forbidden`, or `search_invalid` for a query that can not be asked.
    pub async fn search(&self, actor: &Actor, request: SearchRequest) -> Result<Found, Failure> {
        actor.require(Permission::DocumentsRead)?;
        let request = request.checked().map_err(SearchError::from)?;
        let project = actor.project;
        let (index, (_, setup)) = self
            .db
            .read(move |conn| {
                let index = store::serving(conn, project)?;
                Ok::<_, SearchError>((index, store::promoted(conn, project)?))
            })
            .await?;
        let question = Question {
            index,
            setup,
            request,
        };
        let request = question.request.clone();
        let found = match request.rerank {
            None => {
                self.found_chunks(&question, move |conn, fused| read(conn, fused, &request))
                    .await?
            }
            Some(depth) => self.reranked(&question, depth).await?,
        };
        Ok(found.unwrap_or_default())
    }

    /// What both rankings find, and what `then` makes of it: all queries see the index as it was at the first, so that a
    /// document which is put in anew meanwhile is neither missing nor there twice. `None` while nothing is indexed.
    pub(super) async fn found_chunks<T: Send + 'static>(
        &self,
        question: &Question,
        then: impl FnOnce(&mut Conn, Fused) -> Result<T, SearchError> + Send + 'static,
    ) -> Result<Option<T>, SearchError> {
        let Some(index) = question.index.clone() else {
            // Words that can not be asked are refused also while there is nothing to find.
            let analyzer = Analyzer::new(question.setup.index.analyzer);
            LexicalQuery::new(&question.request.words, &analyzer, 1.0)
                .map_err(RequestError::from)?;
            return Ok(None);
        };
        let began = Instant::now();
        let vector = match question.request.mode {
            Mode::Lexical => Err(FoundVectors::NotAsked),
            Mode::Vector | Mode::Hybrid => self.query_vector(&index, question).await?,
        };
        let embedding = began.elapsed();
        let (this, asked) = (self.clone(), question.clone());
        let found = self.db.snapshot(move |conn| {
            let mut fused = this.fused(conn, index, &asked, vector)?;
            fused.took.embedding = embedding;
            then(conn, fused)
        });
        Ok(Some(found.await?))
    }

    fn fused(
        &self,
        conn: &mut Conn,
        index: IndexRow,
        question: &Question,
        vector: Result<QueryVector, FoundVectors>,
    ) -> Result<Fused, SearchError> {
        let (request, settings) = (&question.request, &question.setup.ranking);
        let began = Instant::now();
        let ranks = request.mode != Mode::Vector || vector.is_err();
        let words = (&request.words, &request.filter, ranks);
        let Lexical {
            ranked,
            matched,
            constraints,
            marks,
        } = lexical(conn, &index, words, settings)?;
        let words = began.elapsed();
        let began = Instant::now();
        let (near, vectors) = match vector {
            Err(why) => (Vec::new(), why),
            Ok(vector) => {
                let Near { ranked, exact } = nearest(
                    conn,
                    (index.number, index.collection.chunks),
                    &vector,
                    (&request.filter, &constraints),
                    (
                        &self.matrices,
                        self.graph,
                        request.exact,
                        settings.candidates,
                    ),
                )?;
                let model = model_name(vector.space.model);
                let near = with_phrases(conn, &index, ranked, &marks)?;
                (near, FoundVectors::Compared { model, exact })
            }
        };
        let took = Took {
            words,
            vectors: began.elapsed(),
            ..Took::default()
        };
        let ranked: Vec<(u32, f32)> = ranked
            .iter()
            .map(|found| (found.chunk, found.score))
            .collect();
        Ok(Fused {
            items: together(&ranked, &near, settings),
            index,
            matched,
            marks,
            vectors,
            took,
        })
    }
}

/// Those in whose texts every phrase stands: what is near in meaning has to have the exact words too.
fn with_phrases(
    conn: &mut Conn,
    index: &IndexRow,
    ranked: Vec<(u32, f32)>,
    marks: &Marks,
) -> Result<Vec<(u32, f32)>, SearchError> {
    if !marks.wants_phrases() {
        return Ok(ranked);
    }
    let chunks: Vec<u32> = ranked.iter().map(|(chunk, _)| *chunk).collect();
    let rows = store::hits(conn, index.number, &chunks)?;
    let having: HashSet<u32> = rows
        .iter()
        .filter(|row| marks.has_phrases(&row.text))
        .map(|row| row.number)
        .collect();
    let kept = ranked
        .into_iter()
        .filter(|(chunk, _)| having.contains(chunk));
    Ok(kept.collect())
}

fn together(words: &[(u32, f32)], near: &[(u32, f32)], settings: &RankingSettings) -> Vec<Item> {
    let chunks =
        |ranking: &[(u32, f32)]| -> Vec<u32> { ranking.iter().map(|(chunk, _)| *chunk).collect() };
    let ranks = |ranking: &[(u32, f32)]| -> HashMap<u32, (usize, f32)> {
        let ranked = (1..).zip(ranking);
        ranked
            .map(|(rank, (chunk, score))| (*chunk, (rank, *score)))
            .collect()
    };
    let (of_words, of_near) = (ranks(words), ranks(near));
    let fused = fuse(
        &[
            (&chunks(words), settings.lexical_weight),
            (&chunks(near), settings.vector_weight),
        ],
        settings.rrf_k,
    );
    let item = |(chunk, score): (u32, f32)| Item {
        chunk,
        score,
        explained: Explained {
            lexical: of_words.get(&chunk).map(|(rank, score)| LexicalPart {
                rank: *rank,
                score: *score,
                terms: Vec::new(),
            }),
            vector: of_near.get(&chunk).map(|(rank, similarity)| VectorPart {
                rank: *rank,
                similarity: *similarity,
            }),
            fused: score,
            reranked: None,
        },
    };
    fused.into_iter().map(item).collect()
}

/// The model without the fingerprint of its files.
fn model_name(model: String) -> String {
    let name = model.rsplit_once('@').map(|(name, _)| name.to_owned());
    name.unwrap_or(model)
}
