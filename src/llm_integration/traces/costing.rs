//! What ingested observations cost whose sender told usage and no cost.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use serde::Deserialize;

use super::{
    merge::{Changes, ObservationState},
    store::ObservationCost,
};
use crate::{
    kernel::ProjectId,
    llm_integration::{JsonText, PriceTable, PricedCall, Prices},
    platform::db::DbError,
};

/// What decides on the price among a call's parameters.
#[derive(Deserialize)]
struct Parameters {
    service_tier: Option<String>,
}

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
            let parameters = state.model_parameters.get().map(JsonText::get);
            let service_tier = parameters
                .and_then(|json| serde_json::from_str::<Parameters>(json).ok())
                .and_then(|parameters| parameters.service_tier);
            let call = PricedCall {
                service_tier: service_tier.as_deref(),
                model_parameters: parameters,
                ..PricedCall::of(&models, state.start.at())
            };
            let usage = usage.iter().map(|(name, units)| (name.as_str(), *units));
            self.0.get(&project)?.cost_of(&call, &usage.collect())
        };
        priced().map_or_else(ObservationCost::default, |cost| {
            ObservationCost::of(cost.by_class)
        })
    }
}
