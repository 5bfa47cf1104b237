//! Writing a note: part by part of its documents, each sentence proved, and at the end chosen among.

use serde_json::json;

use super::Notes;
use crate::{
    document::{
        DocumentError, DocumentId,
        answering::{Answerable, Scope, answerable},
        model::StoredPage,
        notes::{
            jobs::WriteNote,
            model::{Note, NoteContent, NoteId, NoteKind, NoteState, NoteVersion, Origin, render},
            prompt,
            store::{self, Part},
        },
        proving::{Checker, Passage, Reply, ReplyReader, Sentence, pieces},
        store as documents,
        trace::{Beginning, WorkTrace},
    },
    kernel::{Actor, ErrorCode, Failure, ProjectId},
    llm_integration::{CompletionRequest, estimate_text},
    platform::{
        db::{Conn, DbError},
        jobs::{JobContext, JobError},
    },
};

/// What the trace of a note is called.
const NAME: &str = "note";
/// Pages of one document that a note is written of.
const PAGES_MAX: i64 = 2_000;
/// Parts of one note: with more, its documents are too long for a note.
const PARTS_MAX: usize = 200;
/// Tokens of a choice.
const CHOICE_TOKENS: u64 = 1_000;

/// What a note is written of.
struct Material {
    note: Note,
    documents: Vec<Answerable>,
    /// Passages that the model is shown at once.
    batches: Vec<Vec<Passage>>,
}

impl Notes {
    /// Writes a note's next version. What an attempt before this one has written of it is not asked for again.
    pub(in crate::document) async fn perform(
        &self,
        job: WriteNote,
        context: &JobContext,
    ) -> Result<(), JobError> {
        let id = job.note;
        let Some(project) = context.project() else {
            return Ok(());
        };
        let Some(note) = self.writing(project, id, context).await? else {
            return Ok(());
        };
        match self
            .write_version(note, &job.actor(project, context.requested_by()), context)
            .await
        {
            Ok(()) => Ok(()),
            Err(failure) if failure.may_be_retried() => Err(JobError::Retry(Box::new(failure))),
            Err(failure) => self.give_up(project, id, context, failure).await,
        }
    }

    /// The note, if this job is the one that writes it.
    async fn writing(
        &self,
        project: ProjectId,
        id: NoteId,
        context: &JobContext,
    ) -> Result<Option<Note>, DbError> {
        let found = self
            .0
            .db
            .read(move |conn| store::find_note(conn, project, id));
        let is_ours =
            |note: &Note| note.state == NoteState::Writing && note.job == Some(context.id());
        Ok(found.await?.filter(is_ours))
    }

    async fn write_version(
        &self,
        note: Note,
        actor: &Actor,
        context: &JobContext,
    ) -> Result<(), Failure> {
        let model = self.model(&note.request)?;
        let material = self.material(note, &model).await?;
        let trace = self.trace(&material);
        let written = self
            .write_parts(actor, (&material, &model), &trace, context)
            .await;
        let made = match written {
            Ok(parts) => {
                self.assemble(actor, (&material, &model), parts, &trace)
                    .await
            }
            Err(failure) => Err(failure),
        };
        let output = made
            .as_ref()
            .map_or_else(|_| json!(null), |content| json!(content.markdown));
        trace.end(&output, made.as_ref().err()).await?;
        self.complete(&material.note, made?, context).await
    }

    fn trace(&self, material: &Material) -> WorkTrace {
        let request = &material.note.request;
        let documents: Vec<_> = request.documents.iter().map(ToString::to_string).collect();
        let beginning = Beginning {
            project: material.note.project,
            name: NAME,
            session: None,
            input: json!({
                "note": material.note.id.to_string(),
                "kind": request.kind,
                "documents": documents,
                "wish": request.wish,
            }),
        };
        WorkTrace::begin((&self.0.recorder, &self.0.clock), beginning)
    }

    async fn material(&self, note: Note, model: &str) -> Result<Material, Failure> {
        let (window, model) = (self.0.settings.context_tokens, model.to_owned());
        let read = self.0.db.read(move |conn| {
            let scope = Scope {
                documents: note.request.documents.clone(),
                ..Scope::default()
            };
            let mut documents = answerable(conn, note.project, &scope, i64::MAX)?;
            let order = |found: &Answerable| {
                note.request
                    .documents
                    .iter()
                    .position(|wanted| *wanted == found.document)
            };
            documents.sort_by_key(order);
            let mut batches = Vec::new();
            for found in &documents {
                let passages = passages(conn, found)?;
                batches.extend(in_batches(passages, (window, &model)));
            }
            if batches.len() > PARTS_MAX {
                let why = format!(
                    "would be written in {} parts; at most {PARTS_MAX}",
                    batches.len()
                );
                return Err(DocumentError::invalid("documents", why));
            }
            Ok(Material {
                note,
                documents,
                batches,
            })
        });
        Ok(read.await?)
    }

    async fn write_parts(
        &self,
        actor: &Actor,
        (material, model): (&Material, &str),
        trace: &WorkTrace,
        context: &JobContext,
    ) -> Result<Vec<Part>, Failure> {
        let key = (material.note.id, context.id());
        let mut parts = self.0.db.read(move |conn| store::parts(conn, key)).await?;
        let total = i64::try_from(material.batches.len()).ok();
        for (position, batch) in (0_i32..).zip(&material.batches).skip(parts.len()) {
            context.progress(position.into(), total, None);
            let part = self
                .write_part(actor, (material, model), batch, trace)
                .await?;
            let stored = part.clone();
            let kept = context
                .checkpoint(move |conn| Ok(store::insert_part(conn, key, position, &stored)?));
            kept.await.map_err(Failure::internal)?;
            parts.push(part);
        }
        Ok(parts)
    }

    async fn write_part(
        &self,
        actor: &Actor,
        (material, model): (&Material, &str),
        batch: &[Passage],
        trace: &WorkTrace,
    ) -> Result<Part, Failure> {
        let request = &material.note.request;
        let shown: Vec<_> = batch.iter().map(Passage::shown).collect();
        let asked = CompletionRequest {
            model: model.to_owned(),
            system: prompt::task(request),
            turns: prompt::turn(&shown),
            max_output_tokens: self.0.settings.max_output_tokens,
            links: trace.links(),
        };
        let mut completion = self.0.gateway.complete(actor, &asked).await?;
        let (mut reader, mut replies) = (ReplyReader::default(), Vec::new());
        while let Some(piece) = completion.next_text().await? {
            reader.push(&piece, &mut replies);
        }
        reader.finish(&mut replies);
        let texts = batch.iter().map(|passage| passage.text.clone());
        let checker = Checker::new("", texts.collect());
        let mut part = Part {
            model: completion.model.clone(),
            ..Part::default()
        };
        for reply in replies {
            let Reply::Claim(claim) = reply else { continue };
            let claim = checker.check(claim);
            let has_place = claim.title.is_some() || !request.kind.is_titled();
            if claim.doubt.is_none() && has_place {
                part.sentences.push(Sentence::of(claim, &checker, batch));
            } else {
                part.removed += 1;
            }
        }
        self.place(&mut part.sentences).await?;
        Ok(part)
    }

    /// Finds where the words of every citation stand.
    async fn place(&self, sentences: &mut Vec<Sentence>) -> Result<(), Failure> {
        let mut unplaced = std::mem::take(sentences);
        let read = self.0.db.read(move |conn| {
            for citation in unplaced
                .iter_mut()
                .flat_map(|sentence| &mut sentence.citations)
            {
                let first = i32::try_from(citation.pages.0).unwrap_or(i32::MAX);
                let count = citation.pages.1.saturating_sub(citation.pages.0) + 1;
                let pages = documents::pages(conn, citation.version, first - 1, count.into())?;
                citation.place(&pages);
            }
            Ok::<_, DbError>(unplaced)
        });
        *sentences = read.await?;
        Ok(())
    }

    /// Makes one note of its parts.
    async fn assemble(
        &self,
        actor: &Actor,
        (material, model): (&Material, &str),
        parts: Vec<Part>,
        trace: &WorkTrace,
    ) -> Result<NoteContent, Failure> {
        let request = &material.note.request;
        let removed = parts.iter().map(|part| part.removed).sum();
        let answered_by = parts.iter().find_map(|part| part.model.clone());
        let mut sentences: Vec<Sentence> =
            parts.into_iter().flat_map(|part| part.sentences).collect();
        let most = request.kind.sentences_max();
        if sentences.len() > most && request.kind != NoteKind::Comparison {
            sentences = self
                .choose(actor, (material, model), sentences, trace)
                .await?;
        }
        if sentences.is_empty() {
            return Err(Failure::of(ErrorCode::NoteUnproved));
        }
        let titles: Vec<(DocumentId, String)> = material
            .documents
            .iter()
            .map(|found| (found.document, found.title.to_string()))
            .collect();
        Ok(NoteContent {
            markdown: render(request.kind, &sentences, &titles),
            sentences,
            removed,
            model: answered_by,
            trace_id: Some(trace.id.to_string()),
        })
    }

    /// Has the model choose among proved sentences; where its answer is no choice, the first of each part of the
    /// document stay.
    async fn choose(
        &self,
        actor: &Actor,
        (material, model): (&Material, &str),
        sentences: Vec<Sentence>,
        trace: &WorkTrace,
    ) -> Result<Vec<Sentence>, Failure> {
        let request = &material.note.request;
        let most = request.kind.sentences_max();
        let lines: Vec<String> = sentences.iter().map(line).collect();
        let asked = CompletionRequest {
            model: model.to_owned(),
            system: prompt::choose(request),
            turns: prompt::candidates(&lines),
            max_output_tokens: CHOICE_TOKENS,
            links: trace.links(),
        };
        let mut completion = self.0.gateway.complete(actor, &asked).await?;
        let reply = completion.text().await?;
        let evenly = || {
            (0..most)
                .map(|place| place * sentences.len() / most)
                .collect()
        };
        let places = prompt::chosen(&reply, sentences.len(), most).unwrap_or_else(evenly);
        Ok(places
            .into_iter()
            .map(|place| sentences[place].clone())
            .collect())
    }

    async fn complete(
        &self,
        note: &Note,
        written: NoteContent,
        context: &JobContext,
    ) -> Result<(), Failure> {
        let (project, id, now) = (note.project, note.id, self.0.clock.now());
        let author = context.requested_by().to_owned();
        let done = context.complete_with(move |conn| {
            // Deleted in the meantime: there is nothing left to do.
            let Some(mut note) = store::open_note(conn, project, id, now)? else {
                return Ok(());
            };
            note.latest += 1;
            (note.state, note.reason, note.job) = (NoteState::Ready, None, None);
            let version = NoteVersion {
                note: id,
                number: note.latest,
                origin: Origin::Model,
                content: written,
                author,
                created_at: now,
            };
            store::insert_version(conn, &version)?;
            store::delete_parts(conn, id)?;
            Ok(store::save_note(conn, &note)?)
        });
        done.await.map_err(Failure::internal)
    }

    /// Another attempt would fail the same way: the note says why.
    async fn give_up(
        &self,
        project: ProjectId,
        id: NoteId,
        context: &JobContext,
        failure: Failure,
    ) -> Result<(), JobError> {
        let (now, reason) = (self.0.clock.now(), failure.message.clone());
        let written = context.checkpoint(move |conn| {
            if let Some(mut note) = store::open_note(conn, project, id, now)? {
                (note.state, note.reason, note.job) = (NoteState::Failed, Some(reason), None);
                store::save_note(conn, &note)?;
                store::delete_parts(conn, id)?;
            }
            Ok(())
        });
        written.await?;
        Err(JobError::Fatal(Box::new(failure)))
    }
}

fn line(sentence: &Sentence) -> String {
    match &sentence.title {
        Some(title) => format!("{title}: {}", sentence.text),
        None => sentence.text.clone(),
    }
}

fn passages(conn: &mut Conn, found: &Answerable) -> Result<Vec<Passage>, DbError> {
    let pages = documents::pages(conn, found.version, 0, PAGES_MAX)?;
    let blocks: Vec<_> = pages.iter().flat_map(StoredPage::placed).collect();
    Ok(pieces(
        (found.document, found.version, &found.title),
        &blocks,
    ))
}

/// Passages in groups that a model can be shown at once. A passage that is longer than that alone is a group of its own.
fn in_batches(passages: Vec<Passage>, (window, model): (u64, &str)) -> Vec<Vec<Passage>> {
    let mut batches: Vec<Vec<Passage>> = Vec::new();
    let mut room = 0;
    for passage in passages {
        let tokens = estimate_text(&passage.text, model);
        match batches.last_mut() {
            Some(batch) if tokens <= room => {
                room -= tokens;
                batch.push(passage);
            }
            _ => {
                room = window.saturating_sub(tokens);
                batches.push(vec![passage]);
            }
        }
    }
    batches
}
