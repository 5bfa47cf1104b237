//! Labelled queries asked with a version of the settings, and beside it with those in force.

use std::collections::HashSet;

use super::{SearchIndex, search::Question};
use crate::{
    document::{
        model::DocumentId,
        search::{
            SearchError,
            jobs::EvaluateSearch,
            model::{
                LabelledQuery, LabelledQueryId, Mode, QueryResult, Relevant, RunId, SearchRequest,
                SearchRun, SearchSetup, compare, measure, report,
            },
            query::Words,
            store::{self, IndexRow},
        },
    },
    kernel::{Actor, Cursor, Failure, Page, PageLimit, Permission, ProjectId},
    platform::{
        db::Conn,
        jobs::{self, JobContext, JobError, JobId, NewJob},
    },
};

/// Labelled queries of a project.
pub const QUERIES_MAX: usize = 5_000;
const RUNS_SHOWN: i64 = 50;
const GRADE_MAX: u8 = 3;
const RELEVANT_MAX: usize = 100;
/// Documents that a query's ranking is judged to.
const DEPTH: usize = 100;

/// A labelled query as somebody gives it.
#[derive(Clone, Debug)]
pub struct NewLabelledQuery {
    pub text: String,
    pub language: Option<String>,
    pub relevant: Vec<Relevant>,
}

impl SearchIndex {
    /// Adds labelled queries: all, or none when one is not valid.
    ///
    /// # Errors
    /// `search_invalid`, which names the query by its position from 1.
    pub async fn add_queries(
        &self,
        actor: &Actor,
        new: Vec<NewLabelledQuery>,
    ) -> Result<Vec<LabelledQuery>, Failure> {
        actor.require(Permission::DocumentsManage)?;
        let (project, clock) = (actor.project, self.clock.clone());
        for (number, query) in (1..).zip(&new) {
            check(number, query)?;
        }
        let added = self
            .db
            .write(move |conn| {
                let count = store::count_queries(conn, project)? + new.len();
                if count > QUERIES_MAX {
                    let why = format!("would be {count}; a project may have {QUERIES_MAX}");
                    return Err(SearchError::invalid("queries", why));
                }
                require_known(conn, project, &new)?;
                let query = |new: NewLabelledQuery| LabelledQuery {
                    id: clock.new_id(),
                    text: new.text,
                    language: new.language,
                    relevant: new.relevant,
                    created_at: clock.now(),
                };
                let queries: Vec<LabelledQuery> = new.into_iter().map(query).collect();
                store::insert_queries(conn, project, &queries)?;
                Ok(queries)
            })
            .await?;
        Ok(added)
    }

    /// # Errors
    /// `forbidden`, or `invalid_request` for a cursor of another list.
    pub async fn queries(
        &self,
        actor: &Actor,
        (cursor, limit): (Option<Cursor>, PageLimit),
    ) -> Result<Page<LabelledQuery>, Failure> {
        actor.require(Permission::DocumentsRead)?;
        let after = cursor.map(|cursor| cursor.position()).transpose()?;
        let (project, rows) = (actor.project, limit.with_lookahead());
        let queries = self
            .db
            .read(move |conn| store::queries(conn, project, after, rows))
            .await?;
        let position = |query: &LabelledQuery| (query.created_at, query.id);
        Ok(Page::from_lookahead(queries, limit, position))
    }

    /// # Errors
    /// `forbidden`, or `not_found`.
    pub async fn delete_query(&self, actor: &Actor, id: LabelledQueryId) -> Result<(), Failure> {
        actor.require(Permission::DocumentsManage)?;
        let project = actor.project;
        let deleted = self
            .db
            .write(move |conn| store::delete_query(conn, project, id))
            .await?;
        if deleted {
            return Ok(());
        }
        Err(SearchError::NotFound(format!("no labelled query {id} exists in this project")).into())
    }

    /// Has all labelled queries asked with a version of the settings, 0 for the default ones.
    ///
    /// # Errors
    /// `not_found`, or `search_setting_busy` while its index is not complete.
    pub async fn start_evaluation(&self, actor: &Actor, version: i32) -> Result<JobId, Failure> {
        actor.require(Permission::DocumentsManage)?;
        let project = actor.project;
        let (setup, index) = self.generation_of(project, version).await?;
        self.require_complete(project, (&setup, index.as_ref()))
            .await?;
        let (clock, actor) = (self.clock.clone(), actor.clone());
        let job = self
            .db
            .write(move |conn| {
                let job = EvaluateSearch { project, version };
                let job = NewJob::requested_by(&actor, job).unique(format!("evaluate {version}"));
                jobs::enqueue(conn, &clock, job)
            })
            .await?;
        Ok(job)
    }

    pub(in crate::document::search) async fn evaluate(
        &self,
        job: EvaluateSearch,
        context: JobContext,
    ) -> Result<(), JobError> {
        let (project, version) = (job.project, job.version);
        let (in_force, queries) = self
            .db
            .read(move |conn| {
                let limit = i64::try_from(QUERIES_MAX).unwrap_or(i64::MAX);
                let queries = store::queries(conn, project, None, limit)?;
                Ok::<_, SearchError>((store::promoted(conn, project)?.0, queries))
            })
            .await?;
        let results = self.asked(project, version, (&queries, &context)).await?;
        let comparison = if in_force == version {
            None
        } else {
            let baseline = self.asked(project, in_force, (&queries, &context)).await?;
            Some(compare(&baseline, &results))
        };
        let run = SearchRun {
            id: self.clock.new_id(),
            setting: version,
            report: report(&results),
            results,
            comparison,
            requested_by: context.requested_by().to_owned(),
            created_at: self.clock.now(),
        };
        context
            .complete_with(move |conn| Ok(store::insert_run(conn, project, &run)?))
            .await
    }

    /// Asks every query with a version of the settings.
    async fn asked(
        &self,
        project: ProjectId,
        version: i32,
        (queries, context): (&[LabelledQuery], &JobContext),
    ) -> Result<Vec<QueryResult>, SearchError> {
        let (setup, index) = self.generation_of(project, version).await?;
        let mut results = Vec::with_capacity(queries.len());
        for (done, query) in (1..).zip(queries) {
            if context.cancellation().is_cancelled() {
                break;
            }
            let found = self.ranked((&setup, index.as_ref()), &query.text).await?;
            results.push(measure(query, &found));
            let total = i64::try_from(queries.len()).ok();
            context.progress(done, total, Some("queries asked"));
        }
        Ok(results)
    }

    /// The documents that a query finds, the best first.
    async fn ranked(
        &self,
        (setup, index): (&SearchSetup, Option<&IndexRow>),
        text: &str,
    ) -> Result<Vec<DocumentId>, SearchError> {
        let Ok(words) = Words::verbatim(text) else {
            return Ok(Vec::new());
        };
        let request = SearchRequest {
            mode: Mode::Hybrid,
            ..SearchRequest::new(words)
        };
        let question = Question {
            index: index.cloned(),
            setup: setup.clone(),
            request,
        };
        let cards = self.found_chunks(&question, |conn, fused| {
            let chunks: Vec<u32> = fused.items.iter().map(|item| item.chunk).collect();
            Ok(store::cards(conn, fused.index.number, &chunks)?)
        });
        let cards = match cards.await {
            Ok(Some(cards)) => cards,
            // Nothing is indexed, or the text has no word in it.
            Ok(None) | Err(SearchError::Request(_)) => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut seen = HashSet::new();
        let documents = cards.into_iter().map(|card| card.document);
        Ok(documents
            .filter(|document| seen.insert(*document))
            .take(DEPTH)
            .collect())
    }

    /// # Errors
    /// `forbidden`.
    pub async fn runs(&self, actor: &Actor) -> Result<Vec<SearchRun>, Failure> {
        actor.require(Permission::DocumentsRead)?;
        let project = actor.project;
        let runs = self
            .db
            .read(move |conn| store::runs(conn, project, RUNS_SHOWN))
            .await?;
        Ok(runs)
    }

    /// # Errors
    /// `forbidden`, or `not_found`.
    pub async fn run(&self, actor: &Actor, id: RunId) -> Result<SearchRun, Failure> {
        actor.require(Permission::DocumentsRead)?;
        let project = actor.project;
        let run = self
            .db
            .read(move |conn| store::run(conn, project, id))
            .await?;
        run.ok_or_else(|| {
            SearchError::NotFound(format!("no run {id} exists in this project")).into()
        })
    }
}

fn check(number: usize, query: &NewLabelledQuery) -> Result<(), SearchError> {
    let wrong = |why: String| SearchError::invalid("queries", format!("{why}, in query {number}"));
    if let Err(error) = Words::verbatim(&query.text) {
        return Err(wrong(format!("has a text that {error}")));
    }
    let count = query.relevant.len();
    if !(1..=RELEVANT_MAX).contains(&count) {
        let why = format!("has {count} relevant documents; it must have 1 to {RELEVANT_MAX}");
        return Err(wrong(why));
    }
    let mut seen = HashSet::new();
    for Relevant { document, grade } in &query.relevant {
        if !(1..=GRADE_MAX).contains(grade) {
            return Err(wrong(format!(
                "has the grade {grade}; it must be 1 to {GRADE_MAX}"
            )));
        }
        if !seen.insert(*document) {
            return Err(wrong(format!("has the document {document} twice")));
        }
    }
    Ok(())
}

fn require_known(
    conn: &mut Conn,
    project: ProjectId,
    new: &[NewLabelledQuery],
) -> Result<(), SearchError> {
    for (number, query) in (1_usize..).zip(new) {
        let documents: Vec<DocumentId> = query
            .relevant
            .iter()
            .map(|relevant| relevant.document)
            .collect();
        let known = store::known_documents(conn, project, &documents)?;
        if let Some(unknown) = documents.iter().find(|document| !known.contains(document)) {
            let why =
                format!("has {unknown}, which is no document of this project, in query {number}");
            return Err(SearchError::invalid("queries", why));
        }
    }
    Ok(())
}
