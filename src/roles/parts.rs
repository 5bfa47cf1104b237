//! The parts that roles share: built once a process, in the order in which they depend on each other.

use std::sync::Arc;

use super::{Settings, subscriptions};
use crate::{
    identity::{Identity, KeyHasher},
    kernel::Clock,
    llm_integration::{
        Connections, Gateway, GatewayParts, Limits, Prices, Providers, Recorder, Routes, Scores,
        TraceWriter, Traces,
    },
    platform::{
        bus::Bus, config::ConfigError, db::Db, events::Subscriptions, jobs::Jobs, redis::Redis,
        sizing::Sizing, wakeup::Wakeups,
    },
    prompt::Prompts,
};

/// What every command stands on.
#[derive(Clone)]
pub(super) struct Foundation {
    pub clock: Clock,
    pub db: Db,
    pub identity: Identity,
}

impl Foundation {
    pub fn build(settings: &Settings, sizing: Sizing) -> Result<Self, ConfigError> {
        let clock = Clock::system();
        let db = Db::new(&settings.database, sizing, Wakeups::default())?;
        let hasher = KeyHasher::from_settings(&settings.identity.key_hash_secret, db.url())?;
        let identity = Identity::new(db.clone(), clock.clone(), hasher, &settings.identity);
        Ok(Self {
            clock,
            db,
            identity,
        })
    }
}

/// The contexts' services and the technical parts below them. Cheap to clone.
#[derive(Clone)]
pub(super) struct Parts {
    pub clock: Clock,
    pub db: Db,
    pub identity: Identity,
    pub redis: Option<Redis>,
    pub bus: Bus,
    pub subscriptions: Arc<Subscriptions>,
    pub jobs: Jobs,
    pub connections: Connections,
    pub gateway: Gateway,
    pub prices: Prices,
    pub routes: Routes,
    pub limits: Limits,
    pub traces: Traces,
    pub scores: Scores,
    pub prompts: Prompts,
}

impl Parts {
    /// The parts, and the one writer of what the gateway records.
    pub fn build(settings: &Settings, sizing: Sizing) -> Result<(Self, TraceWriter), ConfigError> {
        let Foundation {
            clock,
            db,
            identity,
        } = Foundation::build(settings, sizing)?;
        let redis = Redis::new(&settings.redis, sizing)?;
        let bus = Bus::new(
            db.clone(),
            clock.clone(),
            settings.events.clone(),
            redis.clone(),
        );
        let providers = Providers::new(&settings.gateway, db.clone(), clock.clone())?;
        let connections = Connections::new(providers.clone(), clock.clone());
        let prices = Prices::new(db.clone(), clock.clone());
        let limits = Limits::new(
            db.clone(),
            clock.clone(),
            redis.clone(),
            &settings.gateway.limits,
        );
        let (recorder, trace_writer) = Recorder::new(
            db.clone(),
            prices.clone(),
            clock.clone(),
            settings.gateway.trace_timeout(),
        );
        let routes = Routes::new(
            db.clone(),
            clock.clone(),
            providers.clone(),
            &settings.gateway.routes,
        )?;
        let gateway = Gateway::new(
            &settings.gateway,
            GatewayParts {
                providers,
                routes: routes.clone(),
                limits: limits.clone(),
                prices: prices.clone(),
                recorder,
                clock: clock.clone(),
            },
        );
        let prompts = Prompts::new(db.clone(), clock.clone(), &settings.prompts);
        let parts = Self {
            identity,
            redis,
            bus,
            subscriptions: Arc::new(subscriptions::all(&prompts)),
            jobs: Jobs::new(db.clone(), clock.clone()),
            connections,
            gateway,
            prices,
            routes,
            limits,
            traces: Traces::new(db.clone()),
            scores: Scores::new(db.clone(), clock.clone()),
            prompts,
            clock,
            db,
        };
        Ok((parts, trace_writer))
    }
}
