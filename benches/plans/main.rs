//! Whether what users read uses an index: 200,000 observations of four projects over thirty days, on both
//! databases; each request's own statements are explained with its own values. Fails on a scan of a table,
//! and prints how long each request takes beside the reading of one trace.

use std::time::{Duration, Instant};

use kaname::roles::Role;
use reqwest::Method;

mod postgres;
mod requests;
mod rows;
mod sqlite;
#[path = "../../tests/support/mod.rs"]
#[expect(dead_code, reason = "what tests need beside the app and its rows")]
mod support;

use requests::Request;
use support::{App, Engine, app::Answer};

/// Times of which the median counts.
const ROUNDS: usize = 7;
/// Partitions that a request for one day may look at, of each table: the day, those beside it where a time
/// zone or a late observation may lie, and the one of days that have none of their own.
const PARTITIONS_OF_A_DAY: usize = 4;

/// What a request's statements do with tables.
#[derive(Default)]
struct Plan {
    /// Whole tables that are read, each with the statement that does.
    scans: Vec<String>,
    /// Most partitions of one table that one statement looks at.
    partitions: usize,
}

fn main() {
    // Cargo passes `--bench`, and `--test` when it only wants to know that this runs.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    let failures = runtime.block_on(async {
        let mut failures = Box::pin(on(Engine::Sqlite)).await;
        failures.extend(Box::pin(on(Engine::Postgres)).await);
        failures
    });
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

async fn on(engine: Engine) -> Vec<String> {
    sqlite::keep_statements();
    let app = App::start(engine).await;
    rows::fill(&app).await;
    if engine == Engine::Postgres {
        postgres::log_statements(app.database_url());
    }
    let app = app.restarted(&Role::SERVING).await;
    let mut failures = Vec::new();
    let mut unit = None;
    println!("\n| {engine:?} | times one trace | partitions |\n|---|---|---|");
    for request in requests::all() {
        // The first asks for what later ones have in caches.
        ask(&app, &request).await;
        let plan = explained(&app, engine, &request).await;
        let took = median(&app, &request).await;
        let unit = *unit.get_or_insert(took);
        let ratio = took.as_secs_f64() / unit.as_secs_f64();
        println!("| {} | {ratio:.1} | {} |", request.name, plan.partitions);
        let about = |what: &str| format!("{engine:?}, {}: {what}", request.name);
        failures.extend(plan.scans.iter().map(|scan| about(scan)));
        if request.is_of_a_day && plan.partitions > PARTITIONS_OF_A_DAY {
            failures.push(about(&format!("looks at {} partitions", plan.partitions)));
        }
    }
    app.stop().await;
    failures
}

async fn explained(app: &App, engine: Engine, request: &Request) -> Plan {
    match engine {
        Engine::Sqlite => {
            sqlite::forget();
            ask(app, request).await;
            sqlite::explain(app.database_url())
        }
        Engine::Postgres => {
            let log = postgres::Log::from_here(app.database_url());
            ask(app, request).await;
            log.explain(app.database_url())
        }
    }
}

async fn median(app: &App, request: &Request) -> Duration {
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        let began = Instant::now();
        ask(app, request).await;
        times.push(began.elapsed());
    }
    times.sort();
    times[ROUNDS / 2]
}

async fn ask(app: &App, request: &Request) {
    let call = match &request.body {
        Some(body) => app.request(Method::POST, &request.path).json(body),
        None => app.request(Method::GET, &request.path),
    };
    let answer = Answer::of(call).await;
    assert_eq!(answer.status, 200, "{}: {}", request.path, answer.text);
}
