//! Takes scores in, reads and deletes them, and keeps their configs.

use std::collections::HashMap;

use super::{NewScoreConfig, Score, ScoreConfig, ScoreConfigChange, ScoreReport, store};
use crate::{
    kernel::{Actor, Clock, Cursor, Failure, Page, PageLimit, Permission, ProjectId},
    llm_integration::{
        LlmError, Paged, TraceId,
        query::{self, After, Cut, Filter, Key, OfScores, ScoreColumn},
    },
    platform::db::{Db, DbError},
};

/// The scores of every project. Cheap to clone.
#[derive(Clone)]
pub struct Scores {
    db: Db,
    clock: Clock,
}

pub type ScoreFilter = Filter<ScoreColumn>;

/// The id of a score that was taken in, or why it was not.
type Outcome = Result<String, Failure>;

impl Scores {
    pub fn new(db: Db, clock: Clock) -> Self {
        Self { db, clock }
    }

    /// Stores those reports that are right, in one transaction, and says for each what became of
    /// it, in their order. Of two with one id the later counts. Who may do this was asked before.
    pub async fn record(
        &self,
        project: ProjectId,
        reports: Vec<ScoreReport>,
    ) -> Result<Vec<Outcome>, LlmError> {
        let clock = self.clock.clone();
        self.db
            .write(move |conn| {
                let named = reports
                    .iter()
                    .filter_map(|report| report.config_id.as_deref());
                let mut named: Vec<&str> = named.collect();
                named.sort_unstable();
                named.dedup();
                let configs: HashMap<String, ScoreConfig> = if named.is_empty() {
                    HashMap::new()
                } else {
                    let found = store::configs_among(conn, project, &named)?.into_iter();
                    found.map(|config| (config.id.clone(), config)).collect()
                };
                let mut accepted = Vec::with_capacity(reports.len());
                let mut outcomes = Vec::with_capacity(reports.len());
                for report in reports {
                    match accept(report, &configs, &clock) {
                        Ok(score) => {
                            outcomes.push(Ok(score.id.clone()));
                            accepted.push(score);
                        }
                        Err(error) => outcomes.push(Err(error.into())),
                    }
                }
                store::put(conn, project, accepted)?;
                Ok(outcomes)
            })
            .await
    }

    pub async fn get(&self, actor: &Actor, id: String) -> Result<Score, LlmError> {
        actor.require(Permission::TracesRead)?;
        let project = actor.project;
        self.db
            .read(move |conn| {
                store::score(conn, project, &id)?.ok_or(LlmError::Missing { what: "score", id })
            })
            .await
    }

    pub async fn delete(&self, actor: &Actor, id: String) -> Result<(), LlmError> {
        actor.require(Permission::TracesWrite)?;
        let project = actor.project;
        self.db
            .write(move |conn| {
                if store::delete(conn, project, &id)? {
                    return Ok(());
                }
                Err(LlmError::Missing { what: "score", id })
            })
            .await
    }

    /// The scores of these traces and of their observations, oldest first.
    pub async fn of_traces(
        &self,
        actor: &Actor,
        traces: Vec<TraceId>,
    ) -> Result<Vec<Score>, LlmError> {
        actor.require(Permission::TracesRead)?;
        let project = actor.project;
        let read = self
            .db
            .read(move |conn| store::of_traces(conn, project, &traces));
        read.await.map_err(|error: DbError| error.into())
    }

    /// A numbered page of the scores that match, newest first.
    pub async fn list(
        &self,
        actor: &Actor,
        filter: ScoreFilter,
        page: u32,
        limit: PageLimit,
    ) -> Result<Paged<Score>, LlmError> {
        actor.require(Permission::TracesRead)?;
        let project = actor.project;
        self.db
            .read(move |conn| {
                let total = query::count::<OfScores>(conn, project, &filter)?;
                let offset = i64::from(page.saturating_sub(1)) * i64::from(limit.get());
                let cut = Cut {
                    order: None,
                    ascending: false,
                    after: After::Offset(offset),
                    limit: i64::from(limit.get()),
                };
                let keys = query::page::<OfScores>(conn, project, &filter, &cut)?;
                Ok::<_, DbError>(Paged {
                    items: store::by_keys(conn, project, &keys)?,
                    total: total.unsigned_abs(),
                })
            })
            .await
            .map_err(LlmError::from)
    }

    /// The scores that match, newest first.
    pub async fn page(
        &self,
        actor: &Actor,
        filter: ScoreFilter,
        limit: PageLimit,
        cursor: Option<Cursor>,
    ) -> Result<Page<Score>, LlmError> {
        actor.require(Permission::TracesRead)?;
        let project = actor.project;
        let after: Option<Key> = cursor.map(|cursor| cursor.position()).transpose()?;
        self.db
            .read(move |conn| {
                let cut = Cut {
                    order: None,
                    ascending: false,
                    after: After::Key(after),
                    limit: limit.with_lookahead(),
                };
                let keys = query::page::<OfScores>(conn, project, &filter, &cut)?;
                let page = Page::from_lookahead(keys, limit, Clone::clone);
                Ok::<_, DbError>(Page {
                    items: store::by_keys(conn, project, &page.items)?,
                    next: page.next,
                })
            })
            .await
            .map_err(LlmError::from)
    }

    pub async fn create_config(
        &self,
        actor: &Actor,
        new: NewScoreConfig,
    ) -> Result<ScoreConfig, LlmError> {
        actor.require(Permission::TracesWrite)?;
        let id = self.clock.new_id::<ScoreConfig>().to_string();
        let config = ScoreConfig::create(new, id, self.clock.now())?;
        let (project, stored) = (actor.project, config.clone());
        self.db
            .write(move |conn| store::put_config(conn, project, stored))
            .await?;
        Ok(config)
    }

    pub async fn change_config(
        &self,
        actor: &Actor,
        id: String,
        change: ScoreConfigChange,
    ) -> Result<ScoreConfig, LlmError> {
        actor.require(Permission::TracesWrite)?;
        let (project, now) = (actor.project, self.clock.now());
        self.db
            .write(move |conn| {
                let found = store::config(conn, project, &id)?;
                let config = found.ok_or_else(|| missing_config(id))?;
                let config = config.change(change, now)?;
                store::put_config(conn, project, config.clone())?;
                Ok(config)
            })
            .await
    }

    pub async fn config(&self, actor: &Actor, id: String) -> Result<ScoreConfig, LlmError> {
        actor.require(Permission::TracesRead)?;
        let project = actor.project;
        self.db
            .read(move |conn| store::config(conn, project, &id)?.ok_or_else(|| missing_config(id)))
            .await
    }

    /// Page `page` (the first is 1) of the configs, newest first, and how many there are.
    pub async fn configs(
        &self,
        actor: &Actor,
        page: u32,
        limit: PageLimit,
    ) -> Result<(Vec<ScoreConfig>, u64), LlmError> {
        actor.require(Permission::TracesRead)?;
        let project = actor.project;
        let offset = i64::from(page.saturating_sub(1)) * i64::from(limit.get());
        self.db
            .read(move |conn| {
                let total = store::count_configs(conn, project)?;
                let items = store::configs(conn, project, offset, i64::from(limit.get()))?;
                Ok::<_, DbError>((items, total.unsigned_abs()))
            })
            .await
            .map_err(LlmError::from)
    }
}

fn accept(
    report: ScoreReport,
    configs: &HashMap<String, ScoreConfig>,
    clock: &Clock,
) -> Result<Score, LlmError> {
    let config = match &report.config_id {
        Some(id) => {
            let found = configs.get(id);
            Some(found.ok_or_else(|| missing_config(id.clone()))?)
        }
        None => None,
    };
    report.accept(config, || clock.new_id::<Score>().to_string(), clock.now())
}

fn missing_config(id: String) -> LlmError {
    LlmError::Missing {
        what: "score config",
        id,
    }
}
