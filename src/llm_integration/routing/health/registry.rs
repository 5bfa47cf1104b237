//! The state of every provider's model that was called, found by name.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use super::{BreakerState, Endpoint};

/// Models that a state is kept of. Callers choose models' names, so there must be an end to it.
const MAX_ENDPOINTS: usize = 4096;

/// Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Health(Arc<RwLock<Providers>>);

/// By provider, then by model.
type Providers = HashMap<String, HashMap<String, Arc<Endpoint>>>;

impl Health {
    /// `provider` tells providers of different projects apart.
    pub fn endpoint(&self, provider: &str, model: &str) -> Arc<Endpoint> {
        if let Some(known) = self.known(provider, model) {
            return known;
        }
        let mut providers = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if providers.values().map(HashMap::len).sum::<usize>() >= MAX_ENDPOINTS {
            forget_idle(&mut providers);
        }
        let models = providers.entry(provider.to_owned()).or_default();
        Arc::clone(models.entry(model.to_owned()).or_default())
    }

    /// The state of one that was called before.
    pub fn known(&self, provider: &str, model: &str) -> Option<Arc<Endpoint>> {
        let providers = self.0.read().unwrap_or_else(PoisonError::into_inner);
        providers.get(provider)?.get(model).cloned()
    }

    /// Models of each provider whose breaker is not closed, and calls under way to it.
    pub fn by_provider(&self) -> Vec<(String, usize, usize)> {
        let providers = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let told = providers.iter().map(|(name, models)| {
            let broken = |endpoint: &&Arc<Endpoint>| endpoint.breaker() != BreakerState::Closed;
            let open = models.values().filter(broken).count();
            let in_flight = models.values().map(|endpoint| endpoint.in_flight()).sum();
            (name.clone(), open, in_flight)
        });
        told.collect()
    }
}

/// Makes room: what has no call under way and a closed breaker is as good as new.
fn forget_idle(providers: &mut Providers) {
    for models in providers.values_mut() {
        models.retain(|_, endpoint| {
            endpoint.in_flight() > 0 || endpoint.breaker() != BreakerState::Closed
        });
    }
    providers.retain(|_, models| !models.is_empty());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::llm_integration::routing::BreakerPolicy;

    #[test]
    fn one_model_has_one_state_and_names_without_end_do_not_fill_the_memory() {
        let health = Health::default();
        let endpoint = health.endpoint("openai", "gpt-4o");
        let _under_way = endpoint.enter(BreakerPolicy::default()).unwrap();
        for at in 0..2 * MAX_ENDPOINTS {
            health.endpoint("openai", &format!("model-{at}"));
        }
        assert!(Arc::ptr_eq(&endpoint, &health.endpoint("openai", "gpt-4o")));
        let models: usize = health.0.read().unwrap().values().map(HashMap::len).sum();
        assert!(models <= MAX_ENDPOINTS, "{models}");
    }
}
