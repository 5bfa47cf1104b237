//! Has models read chunks and queries. Vectors of a new model are made beside those that serve, and take their place when
//! they are complete.

use half::f16;

use super::{SearchIndex, nearness::QueryVector, search::Question};
use crate::{
    document::{
        model::DocumentId,
        search::{
            SearchError,
            jobs::EmbedChunks,
            model::{EntryId, FoundVectors, IndexNumber, IndexState, SpaceNumber, VectorModel},
            store::{self, IndexRow, SpaceRow, Unread},
            vectors::{to_halves, unit},
        },
    },
    kernel::{Clock, Failure, ProjectId},
    llm_integration::inference::{InferenceError, ModelInfo, Purpose},
    platform::{
        db::{Conn, DbError},
        jobs::{self, JobContext, JobError, NewJob},
    },
};

/// Chunks that a model is given at once.
const CHUNKS_AT_ONCE: i64 = 32;
/// Vectors that one transaction removes.
const REMOVED_AT_ONCE: i64 = 1_000;

/// Vectors, and the numbers of their chunks.
type NewVectors = Vec<(i32, Vec<f16>)>;

/// A model as a space remembers it.
fn key(model: &ModelInfo) -> String {
    format!("{}@{}", model.name, model.fingerprint)
}

/// The name of a model that a space remembers.
fn name_of(key: &str) -> &str {
    key.rsplit_once('@').map_or(key, |(name, _)| name)
}

/// Has an index's chunks read, when the transaction commits.
pub fn enqueue_embedding(
    conn: &mut Conn,
    clock: &Clock,
    (project, index): (ProjectId, IndexNumber),
) -> Result<(), DbError> {
    let job = NewJob::in_project(project, "system", EmbedChunks { project, index });
    jobs::enqueue(conn, clock, job.unique(format!("embed {index}"))).map(drop)
}

impl SearchIndex {
    /// The query as the model sees it whose vectors serve; else why there are none to compare.
    pub(super) async fn query_vector(
        &self,
        index: &IndexRow,
        question: &Question,
    ) -> Result<Result<QueryVector, FoundVectors>, SearchError> {
        let unavailable = |why: String| Ok(Err(FoundVectors::Unavailable(why)));
        if index.settings.vectors == VectorModel::Off {
            return unavailable("the project's settings compare words only".to_owned());
        }
        let number = index.number;
        let spaces = self
            .db
            .read(move |conn| store::spaces(conn, number))
            .await?;
        let serving = |space: &SpaceRow| space.state == IndexState::Serving;
        let Some(space) = spaces.into_iter().find(serving) else {
            let why = match self.inference.default_model().await {
                Some(model) => format!("{} has not read every document yet", model.name),
                None => "the server has no embedding model".to_owned(),
            };
            return unavailable(why);
        };
        let text = question.request.words.meaning();
        let embedded = self
            .inference
            .embed(Some(name_of(&space.model)), vec![text], Purpose::Query)
            .await;
        match embedded {
            Err(error) => unavailable(error.to_string()),
            Ok(embedded) if key(&embedded.model) != space.model => unavailable(format!(
                "the files of {} are others than those that read the documents, which are being read again",
                embedded.model.name
            )),
            Ok(embedded) => {
                let vector = embedded.vectors.into_iter().next().unwrap_or_default();
                let halves = to_halves(&unit(vector));
                Ok(Ok(QueryVector { space, halves }))
            }
        }
    }

    /// The model that is to read a project's documents; `None` where there is none.
    pub(super) async fn wanted_model(
        &self,
        wanted: &VectorModel,
    ) -> Result<Option<(String, usize)>, SearchError> {
        let named = match wanted {
            VectorModel::Off => return Ok(None),
            VectorModel::Default => {
                let model = self.inference.default_model().await;
                return Ok(model.map(|model| (key(&model), model.dimension)));
            }
            VectorModel::Named(name) => name,
        };
        let probe = vec![String::from("?")];
        let embedded = self.inference.embed(Some(named), probe, Purpose::Passage);
        let model = embedded.await.map_err(Failure::from)?.model;
        Ok(Some((key(&model), model.dimension)))
    }

    pub(in crate::document::search) async fn embed(
        &self,
        job: EmbedChunks,
        context: JobContext,
    ) -> Result<(), JobError> {
        let (project, index) = (job.project, job.index);
        let row = self.db.read(move |conn| store::index(conn, index)).await?;
        let Some(row) = row else {
            return Ok(());
        };
        let Some((model, dimension)) = self.wanted_model(&row.settings.vectors).await? else {
            return Ok(());
        };
        let name = name_of(&model).to_owned();
        let clock = self.clock.clone();
        let space = context
            .checkpoint(move |conn| {
                let wanted = (model.as_str(), dimension);
                Ok(space_of(conn, &clock, (project, index), wanted)?)
            })
            .await?;
        loop {
            self.fill(&context, (index, space), &name).await?;
            if context.cancellation().is_cancelled() {
                return Ok(());
            }
            let done = context
                .checkpoint(move |conn| {
                    let complete = store::unread(conn, (index, space), -1, 1)?.is_empty();
                    if complete {
                        store::promote_space(conn, index, space)?;
                    }
                    Ok(complete)
                })
                .await?;
            if done {
                break;
            }
        }
        Ok(self.remove_retired_spaces(index).await?)
    }

    /// Has the model read what it has not read, from the first chunk to the last.
    async fn fill(
        &self,
        context: &JobContext,
        (index, space): (IndexNumber, SpaceNumber),
        model: &str,
    ) -> Result<(), JobError> {
        let (mut after, mut done) = (-1, 0_i64);
        while !context.cancellation().is_cancelled() {
            let some = self
                .db
                .read(move |conn| store::unread(conn, (index, space), after, CHUNKS_AT_ONCE))
                .await?;
            let Some(last) = some.last() else {
                return Ok(());
            };
            after = last.number;
            done += i64::try_from(some.len()).unwrap_or(i64::MAX);
            let read = self.vectors_of(model, some).await;
            let (_, vectors) = read.map_err(|error| JobError::Retry(Box::new(error)))?;
            context
                .checkpoint(move |conn| Ok(keep_vectors(conn, (index, space), vectors)?))
                .await?;
            context.progress(done, None, Some("chunks read by the embedding model"));
        }
        Ok(())
    }

    /// Has the model whose vectors serve read an entry that is about to replace another one, so that it is found by its
    /// meaning from the beginning. Where the model can not, the job that reads what is left does it later.
    pub(super) async fn read_ahead(
        &self,
        index: IndexNumber,
        entry: (DocumentId, EntryId),
    ) -> Result<(), SearchError> {
        let spaces = self.db.read(move |conn| store::spaces(conn, index)).await?;
        let mut spaces = spaces.into_iter();
        let Some(space) = spaces.find(|space| space.state == IndexState::Serving) else {
            return Ok(());
        };
        let (number, name) = (space.number, name_of(&space.model));
        loop {
            let some = self.db.read(move |conn| {
                store::unread_of_entry(conn, (index, number), entry, CHUNKS_AT_ONCE)
            });
            let some = some.await?;
            if some.is_empty() {
                return Ok(());
            }
            match self.vectors_of(name, some).await {
                Ok((model, vectors)) if model == space.model => {
                    self.db
                        .write(move |conn| keep_vectors(conn, (index, number), vectors))
                        .await?;
                }
                Ok(_) => return Ok(()),
                Err(error) => {
                    tracing::warn!(%error, %index, "a document is found by its words only until a model reads it");
                    return Ok(());
                }
            }
        }
    }

    /// What a model makes of chunks, and which model it was.
    async fn vectors_of(
        &self,
        model: &str,
        chunks: Vec<Unread>,
    ) -> Result<(String, NewVectors), InferenceError> {
        let (numbers, texts): (Vec<i32>, Vec<String>) = chunks
            .into_iter()
            .map(|Unread { number, text }| (number, text))
            .unzip();
        let embedded = self
            .inference
            .embed(Some(model), texts, Purpose::Passage)
            .await?;
        let vectors = embedded.vectors.into_iter();
        let vectors = vectors.map(|vector| to_halves(&unit(vector)));
        Ok((
            key(&embedded.model),
            numbers.into_iter().zip(vectors).collect(),
        ))
    }

    pub(super) async fn remove_retired_spaces(
        &self,
        index: IndexNumber,
    ) -> Result<(), SearchError> {
        let spaces = self.db.read(move |conn| store::spaces(conn, index)).await?;
        let retired = spaces
            .into_iter()
            .filter(|space| space.state == IndexState::Retired);
        for space in retired {
            let number = space.number;
            while !self
                .db
                .write(move |conn| store::delete_space(conn, number, REMOVED_AT_ONCE))
                .await?
            {}
        }
        Ok(())
    }
}

/// Writes vectors. Who removes chunks waits meanwhile, so that no vector outlives its chunk.
fn keep_vectors(
    conn: &mut Conn,
    (index, space): (IndexNumber, SpaceNumber),
    vectors: NewVectors,
) -> Result<(), DbError> {
    store::lock_index(conn, index, 0, (0, 0))?;
    store::insert_vectors(conn, (index, space), vectors)
}

/// The space of a model, made if there is none. Others that were being built are given up.
fn space_of(
    conn: &mut Conn,
    clock: &Clock,
    (project, index): (ProjectId, IndexNumber),
    (model, dimension): (&str, usize),
) -> Result<SpaceNumber, DbError> {
    let spaces = store::spaces(conn, index)?;
    let live = |space: &&SpaceRow| space.state != IndexState::Retired;
    let mut found = None;
    for space in spaces.iter().filter(live) {
        if space.model == model {
            found = Some(space.number);
        } else if space.state == IndexState::Building {
            store::retire_space(conn, space.number)?;
        }
    }
    match found {
        Some(space) => Ok(space),
        None => store::create_space(conn, (project, index), (model, dimension), clock.now()),
    }
}
