//! Has a model write what chunks leave unsaid, and puts the document again with it: until then, and where the model fails,
//! it is found by what its text, its title and its headings say.

use std::collections::HashMap;

use serde_json::json;
use uuid::Uuid;

use super::{
    SearchIndex,
    putting::{Analysed, Putting},
};
use crate::{
    document::{
        chunking::Chunk,
        model::DocumentId,
        search::{
            SearchError,
            contexts::{OUTPUT_TOKENS, Question, Untold, batches},
            jobs::WriteContexts,
            model::{EntryId, IndexNumber, IndexSettings, IndexState, IndexTarget},
            store::{self, Standing, Told},
        },
        trace::{Beginning, WorkTrace},
    },
    identity::Identity,
    kernel::{Actor, Clock, ErrorCode, Failure, ProjectId},
    llm_integration::CompletionRequest,
    platform::{
        db::{Conn, DbError},
        jobs::{self, JobContext, JobError, NewJob},
    },
};

/// What the trace of writing contexts is called.
const NAME: &str = "chunk contexts";

/// What was written about the chunks of a document.
pub(super) struct Contexts {
    /// By chunk; `None` where nobody is to write anything.
    told: Option<HashMap<Uuid, Option<String>>>,
}

impl Contexts {
    /// Adds to the prefix of every chunk that is found what was written about it.
    pub fn say_in(&self, chunks: &mut [Chunk], found: &[bool]) {
        let Some(told) = &self.told else { return };
        for (chunk, _) in chunks.iter_mut().zip(found).filter(|(_, found)| **found) {
            if let Some(Some(told)) = told.get(&chunk.id) {
                let prefix = chunk.prefix.as_deref();
                let lines: Vec<&str> = prefix.into_iter().chain([told.as_str()]).collect();
                chunk.prefix = Some(lines.join("\n"));
            }
        }
    }

    /// How many of these chunks are found, and nothing was written about them yet.
    pub fn missing(&self, analysed: &[Analysed]) -> i32 {
        let Some(told) = &self.told else { return 0 };
        let is_missing = |(chunk, terms): &&Analysed| {
            let is_found = terms.as_ref().is_some_and(|terms| terms.length > 0);
            is_found && !told.contains_key(&chunk.id)
        };
        i32::try_from(analysed.iter().filter(is_missing).count()).unwrap_or(i32::MAX)
    }
}

/// Has contexts written for a document, when the transaction commits.
pub(super) fn enqueue_contexts(
    conn: &mut Conn,
    clock: &Clock,
    (project, document): (ProjectId, DocumentId),
    index: IndexNumber,
) -> Result<(), DbError> {
    let job = WriteContexts {
        project,
        document,
        index,
    };
    let job = NewJob::in_project(project, "system", job);
    jobs::enqueue(
        conn,
        clock,
        job.unique(format!("contexts {index} {document}")),
    )
    .map(drop)
}

/// A document whose chunks wait for their contexts.
struct Waiting {
    told: Told,
    title: String,
    entry: EntryId,
    target: IndexTarget,
    model: String,
    way: String,
    /// All by which it is found, in the order of the text.
    chunks: Vec<Untold>,
}

/// Who asks the model, and about what.
struct Asking<'a> {
    actor: Actor,
    waiting: &'a Waiting,
    trace: &'a WorkTrace,
}

impl SearchIndex {
    pub(super) async fn contexts(
        &self,
        document: DocumentId,
        settings: &IndexSettings,
    ) -> Result<Contexts, SearchError> {
        let Some(way) = settings.way_of_contexts() else {
            return Ok(Contexts { told: None });
        };
        let told = self
            .db
            .read(move |conn| store::contexts(conn, document, &way))
            .await?;
        Ok(Contexts { told: Some(told) })
    }

    /// Writes what is missing of one document, and puts it again. What an attempt before this one wrote is kept.
    pub(in crate::document::search) async fn write_contexts(
        &self,
        job: WriteContexts,
        context: JobContext,
    ) -> Result<(), JobError> {
        let WriteContexts {
            project: _,
            document,
            index,
        } = job;
        if let Some(waiting) = self.waiting(job).await? {
            let trace = self.trace_of(&waiting);
            let written = self.write_missing(&waiting, &trace, &context).await;
            let output = json!({ "chunks": written.as_ref().ok() });
            let told = trace.end(&output, written.as_ref().err()).await;
            written?;
            told.map_err(Failure::from)?;
            if context.cancellation().is_cancelled() {
                return Ok(());
            }
            self.put_with_contexts(waiting).await?;
        }
        context
            .complete_with(move |conn| {
                let Some(standing) = store::standing_entry(conn, index, document)? else {
                    return Ok(());
                };
                // Put again meanwhile, of another version or by another title.
                if standing.contexts_missing > 0 {
                    return Err(SearchError::Disturbed.into());
                }
                Ok(store::delete_contexts(
                    conn,
                    document,
                    Some(standing.version),
                )?)
            })
            .await
    }

    async fn waiting(&self, job: WriteContexts) -> Result<Option<Waiting>, DbError> {
        let WriteContexts {
            project,
            document,
            index,
        } = job;
        let read = self.db.snapshot(move |conn| {
            let row = store::index(conn, index)?.filter(|row| row.state != IndexState::Retired);
            let Some(settings) = row.map(|row| row.settings) else {
                return Ok(None);
            };
            let standing = store::standing_entry(conn, index, document)?;
            let Some(standing) = standing.filter(|standing| standing.contexts_missing > 0) else {
                return Ok(None);
            };
            let (Some(model), Some(way)) = (settings.context_model(), settings.way_of_contexts())
            else {
                return Ok(None);
            };
            let Standing {
                entry,
                version,
                title,
                contexts_missing: _,
            } = standing;
            Ok::<_, DbError>(Some(Waiting {
                told: Told {
                    project,
                    document,
                    version,
                },
                title,
                entry,
                model: model.to_owned(),
                way,
                chunks: store::found_chunks(conn, index, document, entry)?,
                target: IndexTarget {
                    number: index,
                    settings,
                },
            }))
        });
        read.await
    }

    fn trace_of(&self, waiting: &Waiting) -> WorkTrace {
        let beginning = Beginning {
            project: waiting.told.project,
            name: NAME,
            session: None,
            input: json!({
                "document": waiting.told.document.to_string(),
                "version": waiting.told.version.to_string(),
            }),
        };
        WorkTrace::begin((&self.writer.recorder, &self.clock), beginning)
    }

    /// Asks about every chunk of which nothing is kept. Returns of how many there is something by now.
    async fn write_missing(
        &self,
        waiting: &Waiting,
        trace: &WorkTrace,
        context: &JobContext,
    ) -> Result<usize, Failure> {
        let project = self
            .writer
            .identity
            .choose_project(Some(waiting.told.project));
        let asking = Asking {
            actor: Identity::system_actor(&project.await?),
            waiting,
            trace,
        };
        let (document, way) = (waiting.told.document, waiting.way.clone());
        let kept = self
            .db
            .read(move |conn| store::contexts(conn, document, &way))
            .await?;
        let is_open = |chunk: &&Untold| !kept.contains_key(&chunk.id);
        let open: Vec<Untold> = waiting.chunks.iter().filter(is_open).cloned().collect();
        let (mut done, mut said) = (0, kept.values().flatten().count());
        let total = i64::try_from(open.len()).ok();
        for batch in batches(&open) {
            if context.cancellation().is_cancelled() {
                break;
            }
            let batch = &open[batch];
            let told = self.told(&asking, batch).await?;
            said += told.iter().flatten().count();
            let told: Vec<_> = batch.iter().map(|chunk| chunk.id).zip(told).collect();
            keep(context, waiting, told).await?;
            done += i64::try_from(batch.len()).unwrap_or(i64::MAX);
            context.progress(done, total, Some("chunks that the model was asked about"));
        }
        Ok(said)
    }

    /// What the model says of some chunks. Those that it leaves out are asked about once more, each alone.
    async fn told(
        &self,
        asking: &Asking<'_>,
        batch: &[Untold],
    ) -> Result<Vec<Option<String>>, Failure> {
        let mut told = self.ask(asking, batch).await?;
        for (chunk, told) in batch.iter().zip(&mut told).filter(|_| batch.len() > 1) {
            if told.is_none() {
                let alone = self.ask(asking, std::slice::from_ref(chunk)).await?;
                *told = alone.into_iter().flatten().next();
            }
        }
        Ok(told)
    }

    async fn ask(
        &self,
        asking: &Asking<'_>,
        chunks: &[Untold],
    ) -> Result<Vec<Option<String>>, Failure> {
        let waiting = asking.waiting;
        let first = waiting.chunks.first();
        let question = Question {
            title: &waiting.title,
            opening: first.filter(|first| chunks.iter().all(|chunk| chunk.id != first.id)),
            chunks,
        };
        let request = CompletionRequest {
            model: waiting.model.clone(),
            system: question.task(),
            turns: question.turns(),
            max_output_tokens: OUTPUT_TOKENS,
            links: asking.trace.links(),
        };
        let reply = match self.writer.gateway.complete(&asking.actor, &request).await {
            Ok(mut completion) => completion.text().await,
            Err(failure) => Err(failure),
        };
        match reply {
            Ok(reply) => Ok(question.told(&reply)),
            // These chunks are what is refused, and others need not be.
            Err(failure) if is_about_the_text(&failure) => Ok(vec![None; chunks.len()]),
            Err(failure) => Err(failure),
        }
    }

    /// Puts the document again, with what was written, in place of the chunks that waited for it.
    async fn put_with_contexts(&self, waiting: Waiting) -> Result<(), SearchError> {
        let Told {
            project,
            document,
            version,
        } = waiting.told;
        let Some((title, pages)) = self.text_of(project, document, version).await? else {
            return Ok(());
        };
        let putting = Putting {
            project,
            document,
            version,
            title,
            instead_of: Some(waiting.entry),
        };
        self.put(putting, &waiting.target, pages).await
    }
}

/// Keeps what was written, as long as the document is found by the chunks it was written about.
async fn keep(
    context: &JobContext,
    waiting: &Waiting,
    told: Vec<(Uuid, Option<String>)>,
) -> Result<(), Failure> {
    let (of, entry, index) = (waiting.told, waiting.entry, waiting.target.number);
    let way = waiting.way.clone();
    let kept = context.checkpoint(move |conn| {
        if store::visible_entry(conn, index, of.document)? != Some(entry) {
            return Err(SearchError::Disturbed.into());
        }
        Ok(store::insert_contexts(conn, of, &way, &told)?)
    });
    kept.await.map_err(Failure::internal)
}

/// Whether a call was refused for what it says, rather than for who asks whom.
fn is_about_the_text(failure: &Failure) -> bool {
    matches!(
        failure.code,
        ErrorCode::GuardrailBlocked | ErrorCode::InvalidRequest | ErrorCode::PayloadTooLarge
    )
}
