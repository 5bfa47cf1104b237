//! A search: two rankings, put together, put in order, and read.

use std::collections::{HashMap, HashSet};

use super::{
    SearchIndex,
    candidates::{Lexical, lexical},
    nearness::{Near, QueryVector, nearest},
};
use crate::{
    document::search::{
        SearchError,
        analyzer::Analyzer,
        model::{
            Explained, Found, FoundVectors, LexicalPart, Mode, RankingSettings, RequestError,
            SearchRequest, SearchSetup, VectorPart, fuse,
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
        let Some((fused, vectors)) = self.found_chunks(&question).await? else {
            return Ok(Found::default());
        };
        let found = self.read_hits(question, fused).await?;
        Ok(Found { vectors, ..found })
    }

    /// What both rankings find; `None` while nothing is indexed.
    pub(super) async fn found_chunks(
        &self,
        question: &Question,
    ) -> Result<Option<(Fused, FoundVectors)>, SearchError> {
        let Some(index) = question.index.clone() else {
            // Words that can not be asked are refused also while there is nothing to find.
            let analyzer = Analyzer::new(question.setup.index.analyzer);
            LexicalQuery::new(&question.request.words, &analyzer, 1.0)
                .map_err(RequestError::from)?;
            return Ok(None);
        };
        let vector = match question.request.mode {
            Mode::Lexical => Err(FoundVectors::NotAsked),
            Mode::Vector | Mode::Hybrid => self.query_vector(&index, question).await?,
        };
        let (vector, unavailable) = match vector {
            Ok(vector) => (Some(vector), None),
            Err(why) => (None, Some(why)),
        };
        let model = vector.as_ref().map(|vector| vector.space.model.clone());
        let (this, asked) = (self.clone(), question.clone());
        let (fused, exact) = self
            .db
            .read(move |conn| this.fused(conn, index, &asked, vector))
            .await?;
        let vectors = unavailable.unwrap_or(FoundVectors::Compared {
            model: model_name(model),
            exact,
        });
        Ok(Some((fused, vectors)))
    }

    fn fused(
        &self,
        conn: &mut Conn,
        index: IndexRow,
        question: &Question,
        vector: Option<QueryVector>,
    ) -> Result<(Fused, bool), SearchError> {
        let (request, settings) = (&question.request, &question.setup.ranking);
        let Lexical {
            mut ranked,
            matched,
            constraints,
            marks,
        } = lexical(conn, &index, (&request.words, &request.filter), settings)?;
        if request.mode == Mode::Vector && vector.is_some() {
            ranked.clear();
        }
        let near = match vector {
            None => Near {
                ranked: Vec::new(),
                exact: true,
            },
            Some(vector) => nearest(
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
            )?,
        };
        let near_allowed = with_phrases(conn, &index, near.ranked, &marks)?;
        let words: Vec<(u32, f32)> = ranked
            .iter()
            .map(|found| (found.chunk, found.score))
            .collect();
        let items = together(&words, &near_allowed, settings);
        let fused = Fused {
            index,
            items,
            matched,
            marks,
        };
        Ok((fused, near.exact))
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
fn model_name(model: Option<String>) -> String {
    let model = model.unwrap_or_default();
    let name = model.rsplit_once('@').map(|(name, _)| name.to_owned());
    name.unwrap_or(model)
}
