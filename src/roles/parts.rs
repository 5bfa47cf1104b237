//! The parts that roles share: built once a process, in the order in which they depend on each other.

use super::Settings;
use crate::{
    identity::{Identity, KeyHasher},
    kernel::Clock,
    llm_integration::{Gateway, Prices, Recorder, TraceWriter, Traces},
    platform::{config::ConfigError, db::Db, sizing::Sizing, wakeup::Wakeups},
};

/// The contexts' services and the technical parts below them. Cheap to clone.
#[derive(Clone)]
pub(super) struct Parts {
    pub clock: Clock,
    pub db: Db,
    pub identity: Identity,
    pub gateway: Gateway,
    pub prices: Prices,
    pub traces: Traces,
}

impl Parts {
    pub fn build(settings: &Settings, sizing: Sizing) -> Result<(Self, TraceWriter), ConfigError> {
        let clock = Clock::system();
        let db = Db::new(&settings.database, sizing, Wakeups::default())?;
        let hasher = KeyHasher::from_settings(&settings.identity.key_hash_secret, db.url())?;
        let identity = Identity::new(db.clone(), clock.clone(), hasher, &settings.identity);
        let prices = Prices::new(db.clone(), clock.clone());
        let (recorder, trace_writer) = Recorder::new(db.clone(), settings.gateway.trace_timeout());
        let gateway = Gateway::new(&settings.gateway, prices.clone(), recorder, clock.clone())?;
        let parts = Self {
            clock,
            identity,
            gateway,
            prices,
            traces: Traces::new(db.clone()),
            db,
        };
        Ok((parts, trace_writer))
    }
}
