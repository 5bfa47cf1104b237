//! The parts that roles share: built once a process, in the order in which they depend on each other.

use std::sync::Arc;

use super::{
    Settings,
    documents::{Ground, OfDocuments},
    subscriptions,
};
use crate::{
    identity::{Identity, KeyHasher},
    interop::{Intake, langfuse::Batches, otlp::Otlp},
    kernel::Clock,
    llm_integration::{
        AddressRules, Analytics, Comments, Connections, Gateway, GatewayParts, Limits, LiveTraces,
        MediaStore, Prices, Providers, Recorder, Routes, Scores, StoredResponses, TraceDurability,
        TraceRetention, TraceSink, TraceWriter, Traces, cache::AnswerCache, guardrails::Guardrails,
        inference::Inference,
    },
    platform::{
        bus::Bus, config::ConfigError, db::Db, events::Subscriptions, jobs::Jobs, objects::Objects,
        redis::Redis, sizing::Sizing, storage, wakeup::Wakeups,
    },
    prompt::Prompts,
};

/// The folder of the log of traces, below the data directory.
const TRACE_LOG: &str = "trace-log";
/// Domain of the key that signs addresses of media.
const MEDIA_ADDRESSES: &str = "kaname 2026-11-22 addresses of media";

/// What every command stands on.
#[derive(Clone)]
pub(super) struct Foundation {
    pub clock: Clock,
    pub db: Db,
    pub identity: Identity,
    hasher: KeyHasher,
}

impl Foundation {
    pub fn build(settings: &Settings, sizing: Sizing) -> Result<Self, ConfigError> {
        let clock = Clock::system();
        let db = Db::new(&settings.database, sizing, Wakeups::default())?;
        let hasher = KeyHasher::from_settings(&settings.identity.key_hash_secret, db.url())?;
        let identity = Identity::new(
            db.clone(),
            clock.clone(),
            hasher.clone(),
            &settings.identity,
        );
        Ok(Self {
            clock,
            db,
            identity,
            hasher,
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
    pub responses: StoredResponses,
    pub inference: Inference,
    pub prices: Prices,
    pub routes: Routes,
    pub limits: Limits,
    pub cache: AnswerCache,
    pub guardrails: Guardrails,
    pub of_traces: OfTraces,
    pub otlp: Otlp,
    pub batches: Batches,
    pub scores: Scores,
    pub comments: Comments,
    pub analytics: Analytics,
    pub of_documents: OfDocuments,
    pub prompts: Prompts,
}

impl Parts {
    /// The parts, and the one writer of what the gateway records.
    #[expect(clippy::too_many_lines, reason = "one list of what there is")]
    pub fn build(settings: &Settings, sizing: Sizing) -> Result<(Self, TraceWriter), ConfigError> {
        let Foundation {
            clock,
            db,
            identity,
            hasher,
        } = Foundation::build(settings, sizing)?;
        let llm = &settings.gateway;
        let redis = Redis::new(&settings.redis, sizing)?;
        let bus = Bus::new(
            db.clone(),
            clock.clone(),
            settings.events.clone(),
            redis.clone(),
        );
        let data = settings.storage.folder(db.url());
        let inference = Inference::new(&settings.inference, &data, sizing.processors);
        let providers = Providers::new(llm, inference.clone(), db.clone(), clock.clone())?;
        let connections = Connections::new(providers.clone(), clock.clone());
        let local = inference.state().models;
        let local = local.iter().map(|model| model.name.as_str());
        let prices = Prices::new(db.clone(), clock.clone(), local)?;
        let limits = Limits::new(db.clone(), clock.clone(), redis.clone(), &llm.limits);
        let cache = AnswerCache::new(redis.clone(), clock.clone(), &llm.cache);
        let addresses = AddressRules::new(&llm.provider_private_hosts);
        let guardrails = Guardrails::new(db.clone(), clock.clone(), addresses)?;
        let objects = objects(settings, &db)?;
        let (of_traces, trace_writer) =
            of_traces(settings, (&db, &clock), &prices, (&hasher, &objects));
        let recorder = &of_traces.recorder;
        let scores = Scores::new(db.clone(), clock.clone());
        let (otlp, batches) = foreign_intake(settings, recorder, &scores, &clock);
        let routes = Routes::new(db.clone(), clock.clone(), providers.clone(), &llm.routes)?;
        let responses = StoredResponses::new(db.clone(), clock.clone());
        let parts = GatewayParts {
            providers,
            routes: routes.clone(),
            limits: limits.clone(),
            guardrails: guardrails.clone(),
            cache: cache.clone(),
            prices: prices.clone(),
            recorder: recorder.clone(),
            responses: responses.clone(),
            clock: clock.clone(),
        };
        let gateway = Gateway::new(llm, parts);
        let prompts = Prompts::new(db.clone(), clock.clone(), &settings.prompts);
        let ground = Ground {
            db: &db,
            clock: &clock,
            identity: &identity,
            redis: redis.as_ref(),
            objects,
            inference: &inference,
            gateway: &gateway,
            recorder,
        };
        let of_documents = OfDocuments::build(settings, sizing, ground);
        let parts = Self {
            identity,
            redis,
            bus,
            subscriptions: Arc::new(subscriptions::all(&prompts)),
            jobs: Jobs::new(db.clone(), clock.clone()),
            connections,
            gateway,
            responses,
            inference,
            prices,
            routes,
            limits,
            cache,
            guardrails,
            comments: Comments::new(db.clone(), clock.clone(), of_traces.recorder.clone()),
            analytics: Analytics::new(db.clone(), of_traces.recorder.clone()),
            of_traces,
            otlp,
            batches,
            scores,
            of_documents,
            prompts,
            clock,
            db,
        };
        Ok((parts, trace_writer))
    }
}

/// What takes in traces as tracing libraries send them, within one bound of memory.
fn foreign_intake(
    settings: &Settings,
    recorder: &Recorder,
    scores: &Scores,
    clock: &Clock,
) -> (Otlp, Batches) {
    let intake = Intake::new(&settings.ingest);
    let batches = Batches::new(recorder.clone(), scores.clone(), intake.clone());
    let otlp = Otlp::new(
        recorder.clone(),
        scores.clone(),
        clock.clone(),
        intake,
        &settings.ingest,
    );
    (otlp, batches)
}

/// Where what is too large for a row lies.
fn objects(settings: &Settings, db: &Db) -> Result<Objects, ConfigError> {
    let folder = settings.storage.folder(db.url());
    let synced = settings.traces.durability != TraceDurability::Process;
    Objects::new(&settings.objects, &folder, synced)
}

/// What takes in traces, shows them and removes them. Cheap to clone.
#[derive(Clone)]
pub(super) struct OfTraces {
    pub recorder: Recorder,
    pub retention: TraceRetention,
    pub traces: Traces,
    pub live: LiveTraces,
    pub media: MediaStore,
}

/// What has to do with traces, and the one writer of what is taken in.
fn of_traces(
    settings: &Settings,
    (db, clock): (&Db, &Clock),
    prices: &Prices,
    (hasher, objects): (&KeyHasher, &Objects),
) -> (OfTraces, TraceWriter) {
    let folder = settings.storage.folder(db.url());
    let sink = TraceSink {
        db: db.clone(),
        prices: prices.clone(),
        clock: clock.clone(),
        // Where objects would be lost with the process, what is large stays in its row.
        large_bytes: if objects.outlives_process() {
            settings.traces.large_bytes
        } else {
            usize::MAX
        },
        objects: objects.clone(),
    };
    let log = folder.join(TRACE_LOG).join(storage::folder_name(db.url()));
    let longest_wait = settings.gateway.trace_timeout();
    let (recorder, writer) = Recorder::new(sink.clone(), &settings.traces, &log, longest_wait);
    let traces = Traces::new(db.clone(), recorder.clone(), objects.clone());
    let of_traces = OfTraces {
        retention: TraceRetention::new(&sink, recorder.clone(), settings.traces.retention_days),
        live: LiveTraces::new(traces.clone(), clock, settings.traces.live_connections),
        media: MediaStore::new(
            (db.clone(), clock.clone()),
            objects.clone(),
            settings.media,
            hasher.derive(MEDIA_ADDRESSES),
        ),
        recorder,
        traces,
    };
    (of_traces, writer)
}
