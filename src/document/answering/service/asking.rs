//! An answer on its way: each sentence is told when its proof was found, and the whole is stored at the end.

use std::collections::{BTreeMap, VecDeque};

use super::{Answers, passages::Shortlist};
use crate::{
    document::{
        DocumentError, VersionId,
        answering::{
            model::{AnswerBody, Answered, Ask, Mode, Outcome, Thread, ThreadId, Unsupported},
            store,
        },
        model::StoredPage,
        proving::{Checker, Citation, Reply, ReplyReader, Sentence},
        store as documents,
        trace::WorkTrace,
    },
    kernel::{ErrorCode, Failure},
    llm_integration::Completion,
};

/// Pages of a citation whose words are placed: a quote runs over two at most, and its passage may be longer.
const PAGES_LOOKED_AT: u32 = 40;
const NOTHING_TO_SEARCH: &str =
    "No document in the scope of the question is indexed yet, so nothing could be searched.";
const NOTHING_FOUND: &str = "Nothing in the documents in scope matches the question.";
const NOTHING_PROVED: &str = "The documents in scope hold no passage that proves an answer.";

/// What an asker hears.
#[derive(Clone, Debug)]
pub enum Told {
    /// What the model is shown: comes first.
    Plan {
        thread: ThreadId,
        trace: String,
        mode: Mode,
        passages: usize,
        searched_for: Option<String>,
    },
    Sentence(Sentence),
    /// The whole, as it is stored: comes last.
    Answer(Box<Answered>),
}

/// What is known of a question before its answer begins.
pub(super) struct Preface {
    pub ask: Ask,
    pub thread: Thread,
    pub is_new: bool,
    pub by: String,
}

/// An answer that has begun; without a model's where there is nothing to show one.
pub(super) struct Begun {
    pub shortlist: Shortlist,
    pub searched_for: Option<String>,
    pub completion: Option<Completion>,
}

/// An answer on its way.
pub struct Asking {
    answers: Answers,
    preface: Preface,
    /// `None` once the answer has ended.
    trace: Option<WorkTrace>,
    begun: Begun,
    checker: Checker,
    reader: Option<ReplyReader>,
    waiting: VecDeque<Reply>,
    plan: Option<Told>,
    body: AnswerBody,
    pages: BTreeMap<(VersionId, i32), Vec<StoredPage>>,
}

impl Asking {
    pub(super) fn new(answers: Answers, preface: Preface, trace: WorkTrace, begun: Begun) -> Self {
        let shortlist = &begun.shortlist;
        let texts = shortlist
            .passages
            .iter()
            .map(|passage| passage.text.clone());
        let mode = shortlist.mode;
        let plan = Told::Plan {
            thread: preface.thread.id,
            trace: trace.id.to_string(),
            mode,
            passages: shortlist.passages.len(),
            searched_for: begun.searched_for.clone(),
        };
        let body = AnswerBody {
            searched_for: begun.searched_for.clone(),
            mode,
            passages: shortlist.passages.len(),
            trace_id: Some(trace.id.to_string()),
            ..AnswerBody::default()
        };
        Self {
            checker: Checker::new(preface.ask.question.as_str(), texts.collect()),
            reader: Some(ReplyReader::default()),
            waiting: VecDeque::new(),
            plan: Some(plan),
            trace: Some(trace),
            pages: BTreeMap::new(),
            answers,
            preface,
            begun,
            body,
        }
    }

    /// What is to be told next; `None` after the answer.
    ///
    /// # Errors
    /// When the model or its provider fails in the middle, or the answer can not be stored. What was told stands, and is
    /// stored as failed.
    pub async fn next(&mut self) -> Result<Option<Told>, Failure> {
        if let Some(plan) = self.plan.take() {
            return Ok(Some(plan));
        }
        if self.trace.is_none() {
            return Ok(None);
        }
        loop {
            while let Some(reply) = self.waiting.pop_front() {
                if let Some(sentence) = self.take(reply).await? {
                    return Ok(Some(Told::Sentence(sentence)));
                }
            }
            match self.listen().await {
                Ok(true) => {}
                Ok(false) => return self.conclude().await.map(Some),
                Err(failure) => return Err(self.fail(failure).await),
            }
        }
    }

    /// The whole answer.
    ///
    /// # Errors
    /// As [`Asking::next`].
    pub async fn whole(mut self) -> Result<Answered, Failure> {
        loop {
            match self.next().await? {
                Some(Told::Answer(answer)) => return Ok(*answer),
                Some(Told::Plan { .. } | Told::Sentence(_)) => {}
                None => return Err(Failure::of(ErrorCode::Internal)),
            }
        }
    }

    /// Takes in what the model says next; `false` when there is nothing more to wait for.
    async fn listen(&mut self) -> Result<bool, Failure> {
        let Some(reader) = self.reader.as_mut() else {
            return Ok(false);
        };
        let piece = match self.begun.completion.as_mut() {
            Some(completion) => completion.next_text().await?,
            None => None,
        };
        let mut replies = Vec::new();
        match piece {
            Some(piece) => reader.push(&piece, &mut replies),
            None => {
                if let Some(reader) = self.reader.take() {
                    reader.finish(&mut replies);
                }
            }
        }
        self.waiting.extend(replies);
        Ok(true)
    }

    /// What a reply adds to the answer, and whether it is told.
    async fn take(&mut self, reply: Reply) -> Result<Option<Sentence>, Failure> {
        let claim = match reply {
            Reply::Missing(missing) => {
                self.body.missing = Some(missing);
                return Ok(None);
            }
            Reply::Claim(claim) => claim,
        };
        let checked = self.checker.check(claim);
        if checked.doubt.is_some() && self.preface.ask.unsupported == Unsupported::Remove {
            self.body.removed += 1;
            return Ok(None);
        }
        let mut sentence = Sentence::of(checked, &self.checker, &self.begun.shortlist.passages);
        for citation in &mut sentence.citations {
            self.place(citation).await?;
        }
        self.body.sentences.push(sentence.clone());
        Ok(Some(sentence))
    }

    /// Finds where a citation's words stand.
    async fn place(&mut self, citation: &mut Citation) -> Result<(), Failure> {
        let (version, first) = (citation.version, citation.pages.0);
        let key = (version, i32::try_from(first).unwrap_or(i32::MAX));
        if !self.pages.contains_key(&key) {
            let count = (citation.pages.1 - first).min(PAGES_LOOKED_AT) + 1;
            let pages = self
                .answers
                .0
                .db
                .read(move |conn| documents::pages(conn, version, key.1 - 1, count.into()));
            self.pages.insert(key, pages.await?);
        }
        if let Some(pages) = self.pages.get(&key) {
            citation.place(pages);
        }
        Ok(())
    }

    async fn conclude(&mut self) -> Result<Told, Failure> {
        let outcome = self.body.outcome();
        if outcome == Outcome::Refused && self.body.missing.is_none() {
            let shortlist = &self.begun.shortlist;
            let missing = match (shortlist.documents, shortlist.passages.len()) {
                (0, _) => NOTHING_TO_SEARCH,
                (_, 0) => NOTHING_FOUND,
                _ => NOTHING_PROVED,
            };
            self.body.missing = Some(missing.to_owned());
        }
        let answer = self.store(outcome).await?;
        if let Some(trace) = self.trace.take() {
            let output = serde_json::to_value(&answer.body).map_err(Failure::internal)?;
            trace.end(&output, None).await?;
        }
        Ok(Told::Answer(Box::new(answer)))
    }

    /// Keeps what was told before `failure`.
    async fn fail(&mut self, failure: Failure) -> Failure {
        if let Err(error) = self.store(Outcome::Failed).await {
            tracing::error!(%error, "an answer that broke off could not be stored");
        }
        if let Some(trace) = self.trace.take() {
            // The failure is what the asker hears, whatever becomes of its trace.
            let _stored = trace.end(&serde_json::Value::Null, Some(&failure)).await;
        }
        failure
    }

    async fn store(&mut self, outcome: Outcome) -> Result<Answered, Failure> {
        if let Some(completion) = &self.begun.completion {
            self.body.model.clone_from(&completion.model);
            self.body.tokens = completion.usage().map(|usage| usage.total);
        }
        let parts = &self.answers.0;
        let mut answer = Answered {
            id: parts.clock.new_id(),
            thread: self.preface.thread.id,
            project: self.preface.thread.project,
            number: 0,
            question: self.preface.ask.question.clone(),
            body: self.body.clone(),
            outcome,
            created_by: self.preface.by.clone(),
            created_at: parts.clock.now(),
        };
        let (thread, is_new) = (self.preface.thread.clone(), self.preface.is_new);
        let write = parts.db.write(move |conn| {
            if is_new {
                store::insert_thread(conn, &thread)?;
            } else if !store::touch_thread(conn, thread.id, answer.created_at)? {
                return Err(DocumentError::ThreadNotFound(thread.id));
            }
            answer.number = store::insert_answer(conn, &answer)?;
            Ok(answer)
        });
        Ok(write.await?)
    }
}
