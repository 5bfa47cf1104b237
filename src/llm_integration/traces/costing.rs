//! What ingested observations cost whose sender told usage and no cost.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use super::{
    merge::{Changes, ObservationState},
    store::ObservationCost,
};
use crate::{
    kernel::ProjectId,
    llm_integration::{JsonText, PriceTable, PricedCall, Prices},
    platform::db::DbError,
};

/// The price tables of the projects whose traces are written.
pub(super) struct Costs(HashMap<ProjectId, Arc<PriceTable>>);

impl Costs {
    pub async fn of(prices: &Prices, changes: &Changes) -> Result<Self, Arc<DbError>> {
        let projects: BTreeSet<ProjectId> = changes.keys().map(|(project, _)| *project).collect();
        let mut tables = HashMap::new();
        for project in projects {
            tables.insert(project, prices.table(project).await?);
        }
        Ok(Self(tables))
    }

    /// The cost of an observation's usage; nothing where its model or a class has no price.
    pub fn cost(&self, project: ProjectId, state: &ObservationState) -> ObservationCost {
        let priced = || {
            let models = [state.model.get()?.as_str()];
            let (_, usage) = state.usage.get()?;
            let usage = usage.iter().map(|(class, units)| (class.as_str(), *units));
            let call = PricedCall {
                model_parameters: state.model_parameters.get().map(JsonText::get),
                ..PricedCall::of(&models, state.start.at())
            };
            self.0.get(&project)?.cost_of(&call, &usage.collect())
        };
        priced().map_or_else(ObservationCost::default, |cost| {
            ObservationCost::of(cost.by_class)
        })
    }
}
