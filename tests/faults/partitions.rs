//! Days as tables of their own, on PostgreSQL: made ahead, made late, filled late, and dropped.

use std::{path::Path, time::Duration};

use diesel::{
    Connection, PgConnection, QueryableByName, RunQueryDsl, sql_query,
    sql_types::{BigInt, Text},
};
use kaname::{
    kernel::{Actor, Clock, ProjectId, Timestamp},
    llm_integration::{
        ObservationReport, Prices, Recorder, Report, TraceDurability, TraceReport, TraceRetention,
        TraceSettings, TraceSink,
    },
    platform::objects::Objects,
};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::{
    fresh_database::Engine,
    support::{Database, eventually, worker::actor},
};

const DAY: Duration = Duration::from_hours(24);
/// 2028-03-10T12:00:00Z: long after the days that a migration of today makes, in microseconds.
const NOON: i64 = 1_836_302_400_000_000;
const RETENTION_DAYS: u32 = 30;

/// Intake and upkeep over a database of PostgreSQL, at a time that the test chooses.
struct Kept {
    database: Database,
    clock: Clock,
    recorder: Recorder,
    retention: TraceRetention,
    actor: Actor,
    stop: CancellationToken,
    writing: JoinHandle<()>,
    _folder: TempDir,
}

impl Kept {
    fn start(retention_days: u32) -> Self {
        let database = Database::new(Engine::Postgres);
        let (db, folder) = (database.open(), tempfile::tempdir().unwrap());
        let clock = Clock::manual(Timestamp::from_unix_micros(NOON).unwrap());
        let settings = TraceSettings {
            durability: TraceDurability::Process,
            log_limit_bytes: 100_000_000,
            large_bytes: 1000,
            retention_days,
            live_connections: 1,
        };
        let sink = TraceSink {
            db: db.clone(),
            prices: Prices::new(db, clock.clone(), std::iter::empty()).unwrap(),
            clock: clock.clone(),
            objects: Objects::in_folder(folder.path(), false),
            large_bytes: 1000,
        };
        let wait = Duration::from_secs(30);
        let log = Path::join(folder.path(), "log");
        let (recorder, writer) = Recorder::new(sink.clone(), &settings, &log, wait);
        let stop = CancellationToken::new();
        Self {
            retention: TraceRetention::new(&sink, recorder.clone(), retention_days),
            actor: actor("p"),
            writing: tokio::spawn(writer.run(stop.clone())),
            database,
            clock,
            recorder,
            stop,
            _folder: folder,
        }
    }

    async fn keep_up(&self) {
        self.retention.keep_up(&self.stop).await.unwrap();
    }

    fn days_ago(&self, days: u32) -> Timestamp {
        self.clock.now().minus(DAY * days)
    }

    /// Reports one observation of a trace that began then, and waits until it is written.
    async fn record(&self, trace: &str, observation: &str, start: Timestamp) {
        record(
            &self.recorder,
            self.actor.project,
            trace,
            observation,
            start,
        )
        .await;
        let of_it = format!("trace_id = '{trace}' AND id = '{observation}'");
        eventually("it is written", || async {
            self.count("llm_observation", &of_it) == 1
        })
        .await;
    }

    fn count(&self, table: &str, which: &str) -> i64 {
        let count = format!("SELECT count(*) AS number FROM {table} WHERE {which}");
        let found: Number = sql_query(count).get_result(&mut self.connection()).unwrap();
        found.number
    }

    /// The days that both tables have a partition of, from this one on.
    fn days(&self, from: &str) -> Vec<String> {
        let days = format!(
            "SELECT right(t.relname, 8) AS day FROM pg_class t JOIN pg_class o
                ON o.relname = 'llm_observation_' || right(t.relname, 8)
             WHERE t.relname ~ '^llm_trace_[0-9]{{8}}$' AND right(t.relname, 8) >= '{from}'
               AND t.relispartition AND o.relispartition ORDER BY day"
        );
        let found: Vec<Day> = sql_query(days).load(&mut self.connection()).unwrap();
        found.into_iter().map(|found| found.day).collect()
    }

    fn connection(&self) -> PgConnection {
        PgConnection::establish(&self.database.url).unwrap()
    }

    async fn stop(self) {
        self.stop.cancel();
        self.writing.await.unwrap();
    }
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

#[derive(QueryableByName)]
struct Day {
    #[diesel(sql_type = Text)]
    day: String,
}

async fn record(
    recorder: &Recorder,
    project: ProjectId,
    trace: &str,
    observation: &str,
    start: Timestamp,
) {
    let (trace, id) = (trace.parse().unwrap(), observation.parse().unwrap());
    let observation = ObservationReport {
        started_at: Some(start),
        ..ObservationReport::new(id, trace, start)
    };
    let trace = TraceReport {
        started_at: Some(start),
        ..TraceReport::new(observation.trace_id.clone(), start)
    };
    let reports: Vec<Report> = vec![trace.into(), observation.into()];
    recorder.record(project, reports).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_days_to_come_have_tables_before_they_begin() {
    let kept = Kept::start(0);
    kept.keep_up().await;
    let first = ["20280309", "20280310", "20280311", "20280312", "20280313"];
    assert_eq!(kept.days("20280101"), first);
    kept.keep_up().await;
    assert_eq!(kept.days("20280101"), first, "they are made once");
    kept.clock.advance(DAY * 2);
    kept.keep_up().await;
    assert_eq!(kept.days("20280314"), ["20280314", "20280315"]);
    kept.record("t", "o", kept.clock.now()).await;
    assert_eq!(kept.count("llm_trace_20280312", "id = 't'"), 1);
    kept.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_comes_late_lands_and_moves_to_a_table_of_its_day() {
    let kept = Kept::start(0);
    kept.keep_up().await;
    let long_ago = kept.days_ago(400);
    kept.record("t", "first", long_ago).await;
    assert_eq!(kept.count("llm_trace_default", "id = 't'"), 1);
    assert_eq!(kept.count("llm_observation_default", "true"), 1);

    kept.keep_up().await;
    assert_eq!(kept.days("20270101")[0], "20270204");
    assert_eq!(kept.count("llm_trace_default", "true"), 0);
    assert_eq!(kept.count("llm_observation_20270204", "id = 'first'"), 1);

    kept.record("t", "second", long_ago.plus(Duration::from_secs(1)))
        .await;
    assert_eq!(kept.count("llm_observation_20270204", "true"), 2);
    assert_eq!(kept.count("llm_trace", "observation_count = 2"), 1);
    kept.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_day_that_nobody_keeps_is_dropped_and_what_comes_later_still_goes() {
    let kept = Kept::start(RETENTION_DAYS);
    let old = kept.days_ago(RETENTION_DAYS + 2);
    kept.record("old", "o", old).await;
    kept.record("new", "o", kept.days_ago(RETENTION_DAYS - 2))
        .await;
    kept.keep_up().await;
    let days = kept.days("20270101");
    assert_eq!(days[0], "20280211", "the day of `new`: {days:?}");
    assert_eq!(kept.count("llm_trace", "true"), 1);

    kept.record("late", "o", old).await;
    assert_eq!(kept.count("llm_trace_default", "id = 'late'"), 1);
    kept.keep_up().await;
    assert_eq!(kept.days("20270101"), days);
    assert_eq!(
        (
            kept.count("llm_trace", "true"),
            kept.count("llm_trace_key", "true")
        ),
        (1, 1)
    );
    kept.stop().await;
}

/// Traces that are sent while their days get tables.
const AT_ONCE: u32 = 120;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_missing_day_is_made_while_traces_of_it_are_written() {
    let kept = Kept::start(0);
    let traces: Vec<_> = (0..AT_ONCE).map(|number| format!("t{number}")).collect();
    let sending = async {
        for (number, trace) in (0_u32..).zip(&traces) {
            let start = kept.days_ago(100 + number % 6);
            record(&kept.recorder, kept.actor.project, trace, "o", start).await;
            tokio::task::yield_now().await;
        }
    };
    let keeping = async {
        while kept.count("llm_trace", "true") < i64::from(AT_ONCE) {
            kept.keep_up().await;
        }
    };
    tokio::join!(sending, keeping);
    kept.keep_up().await;
    assert_eq!(kept.count("llm_trace_default", "true"), 0);
    assert_eq!(kept.count("llm_observation_default", "true"), 0);
    assert_eq!(kept.count("llm_observation", "true"), i64::from(AT_ONCE));
    kept.stop().await;
}
