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
    llm_integration::{PriceTable, Prices, Usage},
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
            let model = state.model.get()?;
            let (_, usage) = state.usage.get()?;
            let price = self.0.get(&project)?.price(&[model])?;
            Usage::of_details(usage)?.cost(price)
        };
        priced().map_or_else(ObservationCost::default, |cost| {
            ObservationCost::of(cost.by_class)
        })
    }
}
