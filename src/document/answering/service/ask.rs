//! Asking: from a question to an answer that begins.

use super::{
    Answers, Asking,
    asking::{Begun, Preface},
};
use crate::{
    document::{
        DocumentError,
        answering::{
            model::{Answered, Ask, EXCHANGES_MAX, Scope, Thread, ThreadId},
            prompt::{self, Exchange},
            store,
        },
        trace::{Beginning, WorkTrace},
    },
    kernel::{Actor, Failure, Permission},
    llm_integration::{Completion, CompletionRequest},
};

/// What the trace of a question is called.
const NAME: &str = "ask";
/// Tokens of a rewritten question.
const REWRITE_TOKENS: u64 = 500;

/// The thread that a question goes on, or begins.
struct Standing {
    thread: Thread,
    is_new: bool,
    before: Vec<Exchange>,
}

impl Answers {
    /// Asks, and returns when the answer begins, or when there is nothing that could answer. Dropping what it
    /// returns ends the call to the model; nothing of the answer is kept then but its trace.
    ///
    /// # Errors
    /// `forbidden`; `not_found` for a thread; `document_invalid` when no model is named, or when whole documents do not
    /// fit; and what a call to a model fails with.
    pub async fn ask(&self, actor: &Actor, ask: Ask) -> Result<Asking, Failure> {
        actor.require(Permission::DocumentsRead)?;
        let model = self.model(&ask)?;
        let standing = self.standing(actor, &ask).await?;
        let trace = self.trace(&ask, &standing);
        match self.begin(actor, &ask, (&model, &standing), &trace).await {
            Ok(begun) => {
                let by = actor.signature();
                let preface = Preface {
                    ask,
                    thread: standing.thread,
                    is_new: standing.is_new,
                    by,
                };
                Ok(Asking::new(self.clone(), preface, trace, begun))
            }
            Err(failure) => {
                // The failure is what the asker hears, whatever becomes of its trace.
                let _stored = trace.end(&serde_json::Value::Null, Some(&failure)).await;
                Err(failure)
            }
        }
    }

    fn trace(&self, ask: &Ask, standing: &Standing) -> WorkTrace {
        let beginning = Beginning {
            project: standing.thread.project,
            name: NAME,
            session: Some(standing.thread.id.to_string()),
            input: ask.question.as_str().into(),
        };
        WorkTrace::begin((&self.0.recorder, &self.0.clock), beginning)
    }

    fn model(&self, ask: &Ask) -> Result<String, DocumentError> {
        let named = ask
            .model
            .as_deref()
            .unwrap_or(&self.0.settings.model)
            .trim();
        if named.is_empty() {
            let why = "is missing: name a model or a route, or set `documents.answers.model`";
            return Err(DocumentError::invalid("model", why));
        }
        Ok(named.to_owned())
    }

    async fn begin(
        &self,
        actor: &Actor,
        ask: &Ask,
        (model, standing): (&str, &Standing),
        trace: &WorkTrace,
    ) -> Result<Begun, Failure> {
        let is_follow_up = !standing.before.is_empty();
        let searched_for = if ask.rewrite.unwrap_or(is_follow_up) {
            Some(self.rewrite(actor, ask, (model, standing), trace).await?)
        } else {
            None
        };
        let question = searched_for.as_deref().unwrap_or(ask.question.as_str());
        let scope = (ask, &standing.thread.scope, model);
        let shortlist = self.shortlist(actor, scope, question, trace).await?;
        let completion = if shortlist.passages.is_empty() {
            None
        } else {
            let shown: Vec<_> = shortlist
                .passages
                .iter()
                .map(|passage| passage.shown())
                .collect();
            let turns = prompt::turns(&standing.before, &shown, ask.question.as_str());
            let request = CompletionRequest {
                model: model.to_owned(),
                system: prompt::answer(),
                turns,
                max_output_tokens: self.0.settings.max_output_tokens,
                links: trace.links(),
            };
            Some(self.0.gateway.complete(actor, &request).await?)
        };
        let searched_for = searched_for.filter(|text| text != ask.question.as_str());
        Ok(Begun {
            shortlist,
            searched_for,
            completion,
        })
    }

    /// The question as it can be understood without its conversation.
    async fn rewrite(
        &self,
        actor: &Actor,
        ask: &Ask,
        (model, standing): (&str, &Standing),
        trace: &WorkTrace,
    ) -> Result<String, Failure> {
        let request = CompletionRequest {
            model: model.to_owned(),
            system: prompt::REWRITE.to_owned(),
            turns: prompt::turns_to_rewrite(&standing.before, ask.question.as_str()),
            max_output_tokens: REWRITE_TOKENS,
            links: trace.links(),
        };
        let mut completion: Completion = self.0.gateway.complete(actor, &request).await?;
        let text = completion.text().await?;
        let line = text.lines().map(str::trim).find(|line| !line.is_empty());
        Ok(line.unwrap_or(ask.question.as_str()).to_owned())
    }

    /// The thread that is named, or a new one.
    async fn standing(&self, actor: &Actor, ask: &Ask) -> Result<Standing, Failure> {
        let Some(id) = ask.thread else {
            return Ok(Standing {
                thread: self.new_thread(actor, ask),
                is_new: true,
                before: Vec::new(),
            });
        };
        let project = actor.project;
        let found = self.0.db.read(move |conn| {
            let thread = store::find_thread(conn, project, id)?;
            let thread = thread.ok_or(DocumentError::ThreadNotFound(id))?;
            let limit = i64::try_from(EXCHANGES_MAX).unwrap_or(i64::MAX);
            let answers = store::last_answers(conn, id, limit)?;
            Ok::<_, DocumentError>((thread, answers))
        });
        let (mut thread, answers) = found.await?;
        if ask.scope != Scope::default() {
            thread.scope = ask.scope.clone();
        }
        let before = answers.iter().map(exchange).collect();
        Ok(Standing {
            thread,
            is_new: false,
            before,
        })
    }

    fn new_thread(&self, actor: &Actor, ask: &Ask) -> Thread {
        let now = self.0.clock.now();
        let id: ThreadId = self.0.clock.new_id();
        Thread {
            id,
            project: actor.project,
            title: ask.question.as_title(),
            scope: ask.scope.clone(),
            created_by: actor.signature(),
            created_at: now,
            updated_at: now,
        }
    }
}

fn exchange(answer: &Answered) -> Exchange {
    let said = answer.body.text();
    let refusal = answer.body.missing.as_deref();
    let text = match (said.is_empty(), refusal) {
        (false, _) => said,
        (true, Some(missing)) => format!("The documents do not answer that: {missing}"),
        (true, None) => "The documents do not answer that.".to_owned(),
    };
    Exchange {
        question: answer.question.as_str().to_owned(),
        answer: text,
    }
}
