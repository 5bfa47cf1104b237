//! The parts that roles share: built once a process, in the order in which they depend on each other.

use super::Settings;
use crate::{
    identity::{Identity, KeyHasher},
    kernel::Clock,
    platform::{config::ConfigError, db::Db, sizing::Sizing, wakeup::Wakeups},
    prompt::Prompts,
};

/// The contexts' services and the technical parts below them. Cheap to clone.
#[derive(Clone)]
pub(super) struct Parts {
    pub clock: Clock,
    pub db: Db,
    pub identity: Identity,
    pub prompts: Prompts,
}

impl Parts {
    pub fn build(settings: &Settings, sizing: Sizing) -> Result<Self, ConfigError> {
        let clock = Clock::system();
        let db = Db::new(&settings.database, sizing, Wakeups::default())?;
        let hasher = KeyHasher::from_settings(&settings.identity.key_hash_secret, db.url())?;
        let identity = Identity::new(db.clone(), clock.clone(), hasher, &settings.identity);
        let prompts = Prompts::new(db.clone(), clock.clone(), &settings.prompts);
        Ok(Self {
            clock,
            db,
            identity,
            prompts,
        })
    }
}
