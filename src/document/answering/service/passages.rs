//! Choosing what the model is shown: whole documents when they fit its window, else what search finds.

use serde_json::{Value, json};

use super::Answers;
use crate::{
    document::{
        DocumentError, Title,
        answering::{
            model::{Ask, Mode, Scope},
            store::{self, Answerable},
        },
        model::StoredPage,
        proving::{Passage, pieces},
        search::{Hit, RequestError, SearchError, SearchFilter, SearchRequest, Words},
        store as documents,
        trace::WorkTrace,
    },
    kernel::{Actor, Failure, ProjectId},
    llm_integration::estimate_text,
    platform::db::{Conn, DbError},
};

/// Versions looked at to find whether whole documents fit.
const VERSIONS_LOOKED_AT: i64 = 1_000;
/// No text has fewer tokens than one for so many characters: longer ones need not be counted.
const CHARACTERS_PER_TOKEN_MOST: u64 = 8;
/// Pages of one document that are shown whole.
const WHOLE_PAGES_MAX: i64 = 2_000;

/// What the model is shown, and how it was chosen.
pub(super) struct Shortlist {
    pub mode: Mode,
    pub passages: Vec<Passage>,
    /// Documents that could be searched at all.
    pub documents: usize,
}

impl Answers {
    /// Chooses passages for a question that stands alone.
    pub(super) async fn shortlist(
        &self,
        actor: &Actor,
        (ask, scope, model): (&Ask, &Scope, &str),
        question: &str,
        trace: &WorkTrace,
    ) -> Result<Shortlist, Failure> {
        let (project, wanted) = (actor.project, scope.clone());
        let found = self
            .0
            .db
            .read(move |conn| store::answerable(conn, project, &wanted, VERSIONS_LOOKED_AT))
            .await?;
        let documents = found.len();
        if documents > 0
            && ask.mode != Mode::Search
            && let Some(passages) = self.whole(project, found, model, trace).await?
        {
            let mode = Mode::Whole;
            return Ok(Shortlist {
                mode,
                passages,
                documents,
            });
        }
        if documents > 0 && ask.mode == Mode::Whole {
            let limit = self.0.settings.context_tokens;
            return Err(DocumentError::TooLongToShow { limit }.into());
        }
        let scope = (ask, scope, model);
        let passages = self.found(actor, scope, question, trace).await?;
        let mode = Mode::Search;
        Ok(Shortlist {
            mode,
            passages,
            documents,
        })
    }

    /// Every piece of these documents, if they fit the window together.
    async fn whole(
        &self,
        project: ProjectId,
        documents: Vec<Answerable>,
        model: &str,
        trace: &WorkTrace,
    ) -> Result<Option<Vec<Passage>>, Failure> {
        let window = self.0.settings.context_tokens;
        let characters: u64 = documents
            .iter()
            .map(|found| found.characters.unsigned_abs())
            .sum();
        if characters > window.saturating_mul(CHARACTERS_PER_TOKEN_MOST) {
            return Ok(None);
        }
        let began = self.0.clock.now();
        let passages = self
            .0
            .db
            .read(move |conn| read_whole(conn, &documents))
            .await?;
        let tokens: u64 = passages
            .iter()
            .map(|passage| estimate_text(&passage.text, model))
            .sum();
        if tokens > window {
            return Ok(None);
        }
        let input = json!({ "mode": "whole", "project": project, "tokens": tokens });
        let output: Vec<_> = passages.iter().map(|passage| told(passage, None)).collect();
        trace.retrieved(began, &input, &output.into());
        Ok(Some(passages))
    }
}

/// What a retriever tells of a passage: enough to find it again.
fn told(passage: &Passage, score: Option<f32>) -> Value {
    json!({
        "document": passage.document,
        "version": passage.version,
        "title": passage.title.as_str(),
        "pages": [passage.pages.0, passage.pages.1],
        "start": passage.start,
        "characters": passage.text.chars().count(),
        "score": score,
    })
}

impl Answers {
    /// What search finds of a question, as much of it as a model may be shown.
    async fn found(
        &self,
        actor: &Actor,
        (ask, scope, model): (&Ask, &Scope, &str),
        question: &str,
        trace: &WorkTrace,
    ) -> Result<Vec<Passage>, Failure> {
        let settings = &self.0.settings;
        let words = Words::verbatim(question).map_err(RequestError::from);
        let words = words.map_err(SearchError::from)?;
        let mut request = SearchRequest::new(words);
        request.limit = ask.passages.unwrap_or(settings.passages) as usize;
        request.filter = SearchFilter {
            documents: scope.documents.clone(),
            folder: scope.folder.clone(),
            tags: scope.tags.clone(),
            ..SearchFilter::default()
        };
        let began = self.0.clock.now();
        let found = self.0.search.search(actor, request).await?;
        let input = json!({ "mode": "search", "query": question });
        let output: Vec<_> = found
            .hits
            .iter()
            .map(|hit| told(&passage(hit), Some(hit.score)))
            .collect();
        trace.retrieved(began, &input, &output.into());
        let mut room = settings.context_tokens;
        let fits = |passage: &Passage| {
            let left = room.checked_sub(estimate_text(&passage.text, model));
            room = left.unwrap_or(room);
            left.is_some()
        };
        Ok(found.hits.iter().map(passage).filter(fits).collect())
    }
}

fn passage(hit: &Hit) -> Passage {
    Passage {
        document: hit.document,
        version: hit.version,
        title: Title::stored(hit.title.clone()),
        section: hit.section.clone(),
        pages: (hit.first_page.unsigned_abs(), hit.last_page.unsigned_abs()),
        start: hit.start as usize,
        text: hit.text.clone(),
    }
}

fn read_whole(conn: &mut Conn, documents: &[Answerable]) -> Result<Vec<Passage>, DbError> {
    let mut passages = Vec::new();
    for found in documents {
        let pages = documents::pages(conn, found.version, 0, WHOLE_PAGES_MAX)?;
        let blocks: Vec<_> = pages.iter().flat_map(StoredPage::placed).collect();
        let whose = (found.document, found.version, &found.title);
        passages.extend(pieces(whose, &blocks));
    }
    Ok(passages)
}
