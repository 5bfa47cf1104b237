//! Reports of traces in any order, from several writers at once: one result, and nothing twice.

use std::{path::Path, time::Duration};

use kaname::{
    kernel::{Actor, Clock, PageLimit, ProjectId, Timestamp},
    llm_integration::{
        FoundTrace, JsonText, MediaField, MediaOwner, MediaSettings, MediaStore, NewMedia,
        ObservationId, ObservationReport, Order, Paged, Prices, Recorder, Report, Sha256,
        TraceColumn, TraceDurability, TraceFilter, TraceId, TraceList, TraceReport, TraceRetention,
        TraceSettings, TraceSink, TraceWriter, Traces, UploadReport,
    },
    platform::{db::Db, objects::Objects},
};
use rand::{SeedableRng, rngs::StdRng, seq::SliceRandom};
use tokio_util::sync::CancellationToken;

use crate::support::{databases, worker::actor};

const TRACES: usize = 40;
const SPANS: usize = 5;
const LONG: Duration = Duration::from_secs(30);

fn instant(millis: i64) -> Timestamp {
    // A day boundary lies between the spans of a trace: on PostgreSQL they lie in two partitions.
    Timestamp::from_unix_micros(1_800_057_599_998_000 + millis * 1000).unwrap()
}

fn trace_id(number: usize) -> TraceId {
    format!("trace {number}").parse().unwrap()
}

/// What is said of one trace: by the trace itself, by starts of spans, and by their ends.
fn reports(number: usize) -> Vec<Report> {
    let trace = trace_id(number);
    let mut all: Vec<Report> = vec![
        TraceReport {
            name: Some("first".to_owned()),
            tags: vec!["a".to_owned()],
            metadata: Some(json(r#"{"a": 1, "b": {"c": 1}}"#)),
            ..TraceReport::new(trace.clone(), instant(1))
        }
        .into(),
        TraceReport {
            name: Some("last".to_owned()),
            tags: vec!["b".to_owned()],
            metadata: Some(json(r#"{"b": {"d": 2}}"#)),
            ..TraceReport::new(trace.clone(), instant(2))
        }
        .into(),
    ];
    for span in 0..SPANS {
        let id: ObservationId = format!("span {span}").parse().unwrap();
        let time = i64::try_from(span).unwrap();
        let start = ObservationReport {
            name: Some(format!("span {span}")),
            started_at: Some(instant(time)),
            model: Some("gpt-4o-mini".to_owned()),
            ..ObservationReport::new(id.clone(), trace.clone(), instant(time))
        };
        let end = ObservationReport {
            ended_at: Some(instant(time + 10)),
            usage: [("input".to_owned(), 1000), ("output".to_owned(), 0)].into(),
            ..ObservationReport::new(id, trace.clone(), instant(time + 10))
        };
        all.extend([start.into(), end.into()]);
    }
    all
}

fn json(text: &str) -> JsonText {
    JsonText::of(&serde_json::from_str::<serde_json::Value>(text).unwrap())
}

/// What a process of its own would have: its log lies in `folder`, beside those of others.
fn intake(db: &Db, folder: &Path) -> (Recorder, TraceWriter) {
    let settings = TraceSettings {
        durability: TraceDurability::Process,
        log_limit_bytes: 100_000_000,
        large_bytes: 1000,
        retention_days: 0,
        live_connections: 1,
    };
    Recorder::new(sink(db, folder), &settings, &folder.join("log"), LONG)
}

fn sink(db: &Db, folder: &Path) -> TraceSink {
    TraceSink {
        db: db.clone(),
        prices: Prices::new(db.clone(), Clock::system(), std::iter::empty()).unwrap(),
        clock: Clock::system(),
        objects: Objects::in_folder(folder, false),
        large_bytes: 1000,
    }
}

/// Sends every report of every trace, twice, in an order of its own and in batches.
async fn send_all(recorder: Recorder, project: ProjectId, seed: u64) {
    let mut order = StdRng::seed_from_u64(seed);
    let mut all: Vec<Report> = (0..TRACES).chain(0..TRACES).flat_map(reports).collect();
    all.shuffle(&mut order);
    let sends = all
        .chunks(7)
        .map(|batch| recorder.record(project, batch.to_vec()));
    for sent in futures::future::join_all(sends).await {
        sent.unwrap();
    }
}

async fn newest(traces: &Traces, actor: &Actor) -> Paged<FoundTrace> {
    let list = TraceList {
        filter: TraceFilter::default(),
        order: Order {
            column: TraceColumn::Timestamp,
            ascending: false,
        },
        page: 1,
        limit: PageLimit::parse(Some(100)).unwrap(),
        io: false,
    };
    traces.list(actor, list).await.unwrap()
}

async fn everything_is_there_once(db: &Db, folder: &Path, actor: &Actor) {
    let (recorder, _) = intake(db, folder);
    let traces = Traces::new(db.clone(), recorder, Objects::in_folder(folder, false));
    let page = newest(&traces, actor).await;
    assert_eq!(page.total, u64::try_from(TRACES).unwrap());
    for listed in page.items {
        let found = traces.get(actor, listed.id).await.unwrap();
        assert_eq!(found.trace.name.as_deref(), Some("last"));
        assert_eq!(found.trace.tags, ["a", "b"]);
        let metadata = found.trace.io.unwrap().metadata;
        assert_eq!(metadata.get(), r#"{"a":1,"b":{"c":1,"d":2}}"#);
        assert_eq!(found.trace.started_at, instant(0));
        assert_eq!(found.observations.len(), SPANS);
        for (number, span) in found.observations.iter().enumerate() {
            assert_eq!(span.id.as_str(), format!("span {number}"));
            assert_eq!(
                span.ended_at.unwrap().since(span.started_at),
                Duration::from_millis(10)
            );
            // 1,000 tokens at 0.15 dollars a million
            assert_eq!(span.total_cost.unwrap().nanos(), 150_000);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writers_that_send_the_same_traces_at_once_make_each_once() {
    for database in databases() {
        let (actor, folder) = (actor("p"), tempfile::tempdir().unwrap());
        let writers: Vec<_> = (0..2)
            .map(|_| {
                let (recorder, writer) = intake(&database.open(), folder.path());
                let stop = CancellationToken::new();
                let running = tokio::spawn(writer.run(stop.clone()));
                (recorder, stop, running)
            })
            .collect();
        let sending = writers
            .iter()
            .enumerate()
            .map(|(seed, (recorder, ..))| send_all(recorder.clone(), actor.project, seed as u64));
        futures::future::join_all(sending).await;
        for (recorder, stop, running) in writers {
            stop.cancel();
            drop(recorder);
            running.await.unwrap();
        }
        everything_is_there_once(&database.open(), folder.path(), &actor).await;
    }
}

/// A trace that began so many days ago, with an input that is too large for a row.
fn aged(id: &str, days: u32) -> Vec<Report> {
    let now = Clock::system().now();
    let start = now.minus(Duration::from_hours(24) * days);
    let trace: TraceId = id.parse().unwrap();
    let observation = ObservationReport {
        started_at: Some(start),
        input: Some(JsonText::string(&"x".repeat(5000))),
        ..ObservationReport::new("o".parse().unwrap(), trace, now)
    };
    vec![observation.into()]
}

async fn names(traces: &Traces, actor: &Actor) -> Vec<String> {
    let page = newest(traces, actor).await;
    page.items
        .iter()
        .map(|found| found.id.to_string())
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_kept_long_enough_or_deleted_is_gone_and_does_not_come_back() {
    for database in databases() {
        let (actor, folder) = (actor("p"), tempfile::tempdir().unwrap());
        let db = database.open();
        let sink = sink(&db, folder.path());
        let (recorder, writer) = intake(&db, folder.path());
        let stop = CancellationToken::new();
        let running = tokio::spawn(writer.run(stop.clone()));
        let retention = TraceRetention::new(&sink, recorder.clone(), 30);
        let traces = Traces::new(db.clone(), recorder.clone(), sink.objects.clone());
        for (id, days) in [("expired", 40), ("old", 20), ("new", 0)] {
            recorder
                .record(actor.project, aged(id, days))
                .await
                .unwrap();
        }
        assert_eq!(names(&traces, &actor).await, ["new", "old", "expired"]);
        retention.keep_up(&stop).await.unwrap();
        assert_eq!(names(&traces, &actor).await, ["new", "old"]);
        retention.choose(&actor, Some(10)).await.unwrap();
        retention.keep_up(&stop).await.unwrap();
        assert_eq!(names(&traces, &actor).await, ["new"]);
        retention
            .delete(&actor, vec!["new".parse().unwrap()])
            .await
            .unwrap();
        recorder
            .record(actor.project, aged("new", 0))
            .await
            .unwrap();
        recorder
            .record(actor.project, aged("other", 0))
            .await
            .unwrap();
        assert_eq!(names(&traces, &actor).await, ["other"]);
        stop.cancel();
        running.await.unwrap();
    }
}

/// Media for a trace that never came, announced so many days ago.
async fn announced(db: &Db, objects: &Objects, actor: &Actor, days: u32) -> (MediaStore, Sha256) {
    let then = Clock::system().now().minus(Duration::from_hours(24) * days);
    let settings = MediaSettings {
        size_limit_bytes: 1000,
        url_seconds: 1,
    };
    let base = (db.clone(), Clock::manual(then));
    let media = MediaStore::new(base, objects.clone(), settings, [0; 32]);
    let sha256 = Sha256::of(&[u8::try_from(days).unwrap(); 32]);
    let new = NewMedia {
        sha256: sha256.clone(),
        content_type: "image/png".parse().unwrap(),
        bytes: 1,
        owner: MediaOwner::Trace(format!("unheard {days}").parse().unwrap()),
        field: MediaField::Input,
    };
    media.announce(actor, new).await.unwrap();
    (media, sha256)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_and_media_without_a_trace_go_when_they_are_old() {
    for database in databases() {
        let (actor, folder) = (actor("p"), tempfile::tempdir().unwrap());
        let db = database.open();
        let mut sink = sink(&db, folder.path());
        let settings = TraceSettings {
            durability: TraceDurability::Process,
            log_limit_bytes: 100_000_000,
            large_bytes: 1000,
            retention_days: 0,
            live_connections: 1,
        };
        let began = sink.clock.now().minus(Duration::from_hours(24) * 40);
        let clock = Clock::manual(began);
        sink.clock = clock.clone();
        let log = folder.path().join("log");
        let (recorder, writer) = Recorder::new(sink.clone(), &settings, &log, LONG);
        let stop = CancellationToken::new();
        let running = tokio::spawn(writer.run(stop.clone()));
        let retention = TraceRetention::new(&sink, recorder.clone(), 10);
        let traces = Traces::new(db.clone(), recorder.clone(), sink.objects.clone());
        for (id, days) in [("old", 40), ("new", 0)] {
            let mut reports = aged(id, days);
            let at = Clock::system().now();
            let of_session = TraceReport {
                session_id: Some(format!("of {id}")),
                ..TraceReport::new(id.parse().unwrap(), at)
            };
            reports.push(of_session.into());
            recorder.record(actor.project, reports).await.unwrap();
        }
        recorder.applied().await;
        clock.advance(Duration::from_hours(24) * 40);
        let (media, lost) = announced(&db, &sink.objects, &actor, 11).await;
        let (_, kept) = announced(&db, &sink.objects, &actor, 9).await;
        retention.keep_up(&stop).await.unwrap();
        let gone = traces.session(&actor, "of old".to_owned()).await;
        assert!(gone.is_err());
        traces.session(&actor, "of new".to_owned()).await.unwrap();
        let failed = UploadReport {
            status: 500,
            error: None,
        };
        let report = async |sha256: Sha256| {
            let failed = failed.clone();
            media.report(&actor, sha256.media_id(), failed).await
        };
        assert!(report(lost).await.is_err());
        report(kept).await.unwrap();
        stop.cancel();
        running.await.unwrap();
    }
}
