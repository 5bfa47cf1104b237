//! Reports, for those who may read traces.

use super::{Report, ReportRow, ReportView, store};
use crate::{
    kernel::{Actor, Permission},
    llm_integration::{
        LlmError,
        query::{Filter, OfObservations, OfScores, OfTraces, ScoreColumn, Test, TextTest},
    },
    platform::db::Db,
};

/// Reports of every project. Cheap to clone.
#[derive(Clone)]
pub struct Analytics {
    db: Db,
}

impl Analytics {
    pub fn new(db: Db) -> Self {
        Self { db }
    }

    pub async fn report(&self, actor: &Actor, report: Report) -> Result<Vec<ReportRow>, LlmError> {
        actor.require(Permission::TracesRead)?;
        report.check()?;
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
