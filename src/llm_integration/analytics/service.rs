//! Reports, for those who may read traces.

use super::{DailyFigures, Report, ReportRow, ReportView, store};
use crate::{
    kernel::{Actor, PageLimit, Permission},
    llm_integration::{
        LlmError, Paged, Recorder, TraceFilter,
        query::{Filter, OfObservations, OfScores, OfTraces, ScoreColumn, Test, TextTest},
    },
    platform::db::Db,
};

/// Reports of every project. Cheap to clone.
#[derive(Clone)]
pub struct Analytics {
    db: Db,
    recorder: Recorder,
}

impl Analytics {
    pub fn new(db: Db, recorder: Recorder) -> Self {
        Self { db, recorder }
    }

    /// Page `page` (the first is 1) of the days on which something began, newest first.
    pub async fn daily(
        &self,
        actor: &Actor,
        filter: TraceFilter,
        page: u32,
        limit: PageLimit,
    ) -> Result<Paged<DailyFigures>, LlmError> {
        actor.require(Permission::TracesRead)?;
        self.recorder.applied().await;
        let project = actor.project;
        let reading = self
            .db
            .read(move |conn| store::daily(conn, project, &filter));
        let days = reading.await?;
        let size = limit.get() as usize;
        let before = (page as usize).saturating_sub(1).saturating_mul(size);
        Ok(Paged {
            total: days.len() as u64,
            items: days.into_iter().skip(before).take(size).collect(),
        })
    }

    pub async fn report(&self, actor: &Actor, report: Report) -> Result<Vec<ReportRow>, LlmError> {
        actor.require(Permission::TracesRead)?;
        report.check()?;
        self.recorder.applied().await;
        let project = actor.project;
        let filters = report.filters.clone();
        match report.view {
            ReportView::Traces => {
                let plan = store::Plan::<OfTraces>::new(report, Filter::from_value(filters)?)?;
                self.db
                    .read(move |conn| store::run(conn, project, &plan))
                    .await
            }
            ReportView::Observations => {
                let plan =
                    store::Plan::<OfObservations>::new(report, Filter::from_value(filters)?)?;
                self.db
                    .read(move |conn| store::run(conn, project, &plan))
                    .await
            }
            view => {
                let filter = Filter::from_value(filters)?;
                let types: &[&str] = match view {
                    ReportView::ScoresBoolean => &["BOOLEAN"],
                    ReportView::ScoresCategorical => &["CATEGORICAL"],
                    _ => &["NUMERIC", "BOOLEAN"],
                };
                let test = if let [one] = types {
                    Test::Text(TextTest::Equals, (*one).to_owned())
                } else {
                    Test::AnyOf(types.iter().map(|name| (*name).to_owned()).collect())
                };
                let filter = filter.with(ScoreColumn::DataType, test);
                let plan = store::Plan::<OfScores>::new(report, filter)?;
                self.db
                    .read(move |conn| store::run(conn, project, &plan))
                    .await
            }
        }
    }
}
