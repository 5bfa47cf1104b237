//! The parts that roles share: built once a process, in the order in which they depend on each other.

use std::sync::Arc;

use super::{Settings, subscriptions};
use crate::{
    identity::{Identity, KeyHasher},
    interop::{Intake, langfuse::Batches, otlp::Otlp},
    kernel::Clock,
    llm_integration::{
        Comments, Gateway, GatewayParts, Limits, Prices, Providers, Recorder, Routes, Scores,
        TraceDurability, TraceSink, TraceWriter, Traces,
    },
    platform::{
        bus::Bus, config::ConfigError, db::Db, events::Subscriptions, jobs::Jobs, objects::Objects,
        redis::Redis, sizing::Sizing, storage, wakeup::Wakeups,
    },
    prompt::Prompts,
};

/// The folder of the log of traces, below the data directory.
const TRACE_LOG: &str = "trace-log";

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
    pub gateway: Gateway,
    pub prices: Prices,
    pub routes: Routes,
    pub limits: Limits,
    pub traces: Traces,
    pub otlp: Otlp,
    pub batches: Batches,
    pub scores: Scores,
    pub comments: Comments,
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
        let prices = Prices::new(db.clone(), clock.clone());
        let limits = Limits::new(
            db.clone(),
            clock.clone(),
            redis.clone(),
            &settings.gateway.limits,
        );
        let (recorder, trace_writer) = trace_intake(settings, &db, &prices, &clock)?;
        let intake = Intake::new(&settings.ingest);
        let scores = Scores::new(db.clone(), clock.clone());
        let batches = Batches::new(recorder.clone(), scores.clone(), intake.clone());
        let otlp = Otlp::new(
            recorder.clone(),
            scores.clone(),
            clock.clone(),
            intake,
            &settings.ingest,
        );
        let providers = Providers::new(&settings.gateway, clock.clone())?;
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
                recorder: recorder.clone(),
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
            gateway,
            prices,
            routes,
            limits,
            traces: Traces::new(db.clone(), recorder),
            otlp,
            batches,
            scores,
            comments: Comments::new(db.clone(), clock.clone()),
            prompts,
            clock,
            db,
        };
        Ok((parts, trace_writer))
    }
}

/// What takes in traces, and the one writer of what it took.
fn trace_intake(
    settings: &Settings,
    db: &Db,
    prices: &Prices,
    clock: &Clock,
) -> Result<(Recorder, TraceWriter), ConfigError> {
    let folder = settings.storage.folder(db.url());
    let synced = settings.traces.durability != TraceDurability::Process;
    let sink = TraceSink {
        db: db.clone(),
        prices: prices.clone(),
        clock: clock.clone(),
        objects: Objects::new(&settings.objects, &folder, synced)?,
        large_bytes: settings.traces.large_bytes,
    };
    let log = folder.join(TRACE_LOG).join(storage::folder_name(db.url()));
    let longest_wait = settings.gateway.trace_timeout();
    Ok(Recorder::new(sink, &settings.traces, &log, longest_wait))
}
