//! Traces and observations put into the tables as they are, so that reading can be tested on data of
//! any size and shape. The same numbers give the same rows on both databases.

use std::fmt::Write;

use diesel::{Connection, PgConnection, SqliteConnection, connection::SimpleConnection};
use rand::{Rng, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use serde_json::json;

use super::App;

/// Rows of one INSERT.
const ROWS_AT_ONCE: usize = 500;
/// 2026-03-01T00:00:00Z, in seconds.
pub const START: i64 = 1_772_323_200;

/// How much to put in.
#[derive(Clone, Copy)]
pub struct Amount {
    pub traces: usize,
    pub observations_each: usize,
    /// The time that the traces are spread over.
    pub seconds: i64,
}

struct Tables {
    traces: Vec<String>,
    keys: Vec<String>,
    observations: Vec<String>,
    scores: Vec<String>,
}

/// Fills the first project of an app.
pub async fn fill(app: &App, amount: Amount) {
    let projects = app.get("/api/public/projects").await.expect(200);
    let project = projects["data"][0]["id"].as_str().expect("an id");
    let is_sqlite = app.database_url().starts_with("sqlite:");
    let project = if is_sqlite {
        format!("x'{}'", project.replace('-', ""))
    } else {
        format!("'{project}'")
    };
    let tables = tables(amount, &project);
    let mut sql = String::new();
    for (table, columns, rows) in [
        (
            "llm_trace",
            "project_id, id, started_at, name, user_id, session_id, release, version, environment, public, \
             tags, metadata, input, output, created_at, updated_at, bookmarked, ended_at, latency_ms, \
             observation_count, error_count, total_tokens, total_cost, state",
            &tables.traces,
        ),
        (
            "llm_trace_key",
            "project_id, id, started_at, first_observed_at, last_observed_at, deleted_at",
            &tables.keys,
        ),
        (
            "llm_observation",
            "project_id, id, trace_id, parent_id, kind, name, started_at, ended_at, completion_started_at, \
             level, status_message, environment, version, model, model_parameters, prompt_name, \
             prompt_version, usage_details, cost_details, total_cost, metadata, input, output, created_at, \
             updated_at, total_tokens, usage_estimated, latency_ms, time_to_first_token_ms, state",
            &tables.observations,
        ),
        (
            "llm_score",
            "project_id, id, trace_id, observation_id, session_id, dataset_run_id, name, data_type, value, \
             string_value, source, comment, metadata, environment, config_id, queue_id, author_user_id, \
             scored_at, created_at, updated_at",
            &tables.scores,
        ),
    ] {
        for rows in rows.chunks(ROWS_AT_ONCE) {
            writeln!(
                sql,
                "INSERT INTO {table} ({columns}) VALUES {};",
                rows.join(",\n")
            )
            .expect("text");
        }
    }
    let sessions = "INSERT INTO llm_session (project_id, id, created_at, environment) \
        SELECT project_id, session_id, min(created_at), min(environment) FROM llm_trace \
        WHERE session_id IS NOT NULL GROUP BY project_id, session_id;";
    sql.push_str(sessions);
    run(app.database_url(), &sql);
}

/// Runs SQL of a test's own.
pub fn run(url: &str, sql: &str) {
    let ran = if let Some(path) = url.strip_prefix("sqlite:") {
        let mut conn = SqliteConnection::establish(path).expect("the file opens");
        conn.batch_execute("PRAGMA busy_timeout = 60000; BEGIN IMMEDIATE;")
            .expect("a lock");
        conn.batch_execute(sql)
            .and_then(|()| conn.batch_execute("COMMIT; ANALYZE;"))
    } else {
        let mut conn = PgConnection::establish(url).expect("the server answers");
        conn.batch_execute(sql)
            .and_then(|()| conn.batch_execute("ANALYZE"))
    };
    ran.expect("the rows fit the tables");
}

/// A time as both databases read it.
pub fn time(micros: i64) -> String {
    let time = chrono::DateTime::from_timestamp_micros(START * 1_000_000 + micros).expect("a time");
    time.to_rfc3339_opts(chrono::SecondsFormat::Micros, true)
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn optional(text: Option<&str>) -> String {
    text.map_or_else(|| "NULL".to_owned(), quoted)
}

fn number(value: Option<i64>) -> String {
    value.map_or_else(|| "NULL".to_owned(), |value| value.to_string())
}

fn tables(amount: Amount, project: &str) -> Tables {
    let mut rng = StdRng::seed_from_u64(7);
    let mut tables = Tables {
        traces: Vec::new(),
        keys: Vec::new(),
        observations: Vec::new(),
        scores: Vec::new(),
    };
    for at in 0..amount.traces {
        trace(&mut rng, &mut tables, amount, project, at);
    }
    tables
}

const NAMES: &[&str] = &["chat", "search", "Résumé's", "100%_off", "\u{3042}"];
const MODELS: &[&str] = &["gpt-4o", "gpt-4o-mini", "claude"];
const KINDS: &[&str] = &["SPAN", "GENERATION", "TOOL", "EVENT"];
const LEVELS: &[&str] = &["DEBUG", "DEFAULT", "DEFAULT", "DEFAULT", "WARNING", "ERROR"];

#[expect(
    clippy::too_many_lines,
    reason = "one row after another, as the tables have them"
)]
fn trace(rng: &mut StdRng, tables: &mut Tables, amount: Amount, project: &str, at: usize) {
    let id = format!("{:032x}", 0xabc_0000 + at);
    let started = rng.random_range(0..amount.seconds * 1_000_000);
    let maybe = |rng: &mut StdRng, text: String| rng.random_bool(0.8).then_some(text);
    let users = (amount.traces / 8).max(3);
    let user = format!("user-{}", rng.random_range(0..users));
    let user = maybe(rng, user);
    let session = format!("session-{}", rng.random_range(0..users * 2));
    let session = maybe(rng, session);
    let name = NAMES.choose(rng).map(|name| (*name).to_owned());
    let name = name.filter(|_| rng.random_bool(0.9));
    let environment = *["production", "staging"].choose(rng).expect("one");
    let tags: Vec<&str> = ["a", "b", "c'"]
        .into_iter()
        .filter(|_| rng.random_bool(0.4))
        .collect();
    let metadata = json!({
        "tier": (["gold", "silver"].choose(rng)), "score": f64::from(rng.random_range(0..100)) / 4.0,
        "beta": rng.random_bool(0.5), "odd\"key": "x",
    });
    let (mut end, mut errors, mut tokens, mut cost) = (None::<i64>, 0, 0, None::<i64>);
    let mut begins = Vec::new();
    for step in 0..amount.observations_each {
        let observation = format!("{:016x}", at * 1000 + step + 1);
        let parent = (step > 0 && rng.random_bool(0.8)).then(|| format!("{:016x}", at * 1000 + 1));
        let begin = started + rng.random_range(0..2_000_000);
        begins.push(begin);
        let latency = rng.random_bool(0.9).then(|| rng.random_range(0..5_000_i64));
        let stop = latency.map(|ms| begin + ms * 1000);
        let first = latency.filter(|_| rng.random_bool(0.5)).map(|ms| ms / 3);
        let level = *LEVELS.choose(rng).expect("one");
        let (input, output) = (rng.random_range(0..1000_i64), rng.random_range(0..500_i64));
        let cached = rng.random_range(0..100_i64);
        let priced = rng.random_bool(0.7);
        let usage = json!({ "input": input, "input_cached_tokens": cached, "output": output, "total": input + cached + output });
        let costs = if priced {
            json!({ "input": input * 150, "output": output * 600, "total": input * 150 + output * 600 })
        } else {
            json!({})
        };
        let total_cost = priced.then_some(input * 150 + output * 600);
        let model = MODELS.choose(rng).filter(|_| rng.random_bool(0.7));
        let prompt = rng.random_bool(0.3).then(|| rng.random_range(1..4_i64));
        let kind = KINDS.choose(rng).expect("one");
        let observation_name = NAMES.choose(rng).expect("one");
        tables.observations.push(format!(
            "({project}, '{observation}', '{id}', {}, '{kind}', {}, '{}', {}, {}, '{level}', {}, '{environment}', NULL, {}, \
             '{{}}', {}, {}, '{usage}', '{costs}', {}, {}, '\"in {step}\"', '{{\"out\": {step}}}', '{}', '{}', {}, FALSE, {}, {}, '{{}}')",
            optional(parent.as_deref()), quoted(observation_name), time(begin),
            optional(stop.map(time).as_deref()),
            optional(first.map(|ms| time(begin + ms * 1000)).as_deref()),
            optional((level == "ERROR").then_some("failed")),
            optional(model.copied()),
            optional(prompt.map(|_| "greeting")), number(prompt), number(total_cost),
            quoted(&json!({ "step": step, "gateway": { "provider": "openai" } }).to_string()),
            time(begin), time(begin), input + cached + output, number(latency), number(first),
        ));
        end = end.max(stop);
        errors += i64::from(level == "ERROR");
        tokens += input + cached + output;
        cost = match (cost, total_cost) {
            (known, None) => known,
            (known, Some(more)) => Some(known.unwrap_or(0) + more),
        };
        if rng.random_bool(0.3) {
            score(
                rng,
                tables,
                project,
                (&id, &observation, environment),
                begin,
                at * 1000 + step,
            );
        }
    }
    let latency = end.map(|end| (end - started) / 1000);
    tables.keys.push(format!(
        "({project}, '{id}', '{}', {}, {}, NULL)",
        time(started),
        optional(begins.iter().min().map(|at| time(*at)).as_deref()),
        optional(begins.iter().max().map(|at| time(*at)).as_deref()),
    ));
    tables.traces.push(format!(
        "({project}, '{id}', '{}', {}, {}, {}, 'r{}', NULL, '{environment}', FALSE, {}, {}, '\"hello {at}\"', NULL, '{}', '{}', {}, \
         {}, {}, {}, {errors}, {tokens}, {}, '{{}}')",
        time(started), optional(name.as_deref()), optional(user.as_deref()), optional(session.as_deref()),
        at % 3, quoted(&json!(tags).to_string()), quoted(&metadata.to_string()), time(started), time(started),
        if rng.random_bool(0.2) { "TRUE" } else { "FALSE" },
        optional(end.map(time).as_deref()), number(latency), amount.observations_each, number(cost),
    ));
}

fn score(
    rng: &mut StdRng,
    tables: &mut Tables,
    project: &str,
    (trace, observation, environment): (&str, &str, &str),
    at: i64,
    number: usize,
) {
    let (name, data_type, value, text) = match rng.random_range(0..3) {
        0 => (
            "quality",
            "NUMERIC",
            f64::from(rng.random_range(0..400)) / 8.0,
            None,
        ),
        1 => {
            let value = rng.random_bool(0.5);
            let text = if value { "True" } else { "False" };
            ("correct", "BOOLEAN", f64::from(u8::from(value)), Some(text))
        }
        _ => (
            "tone",
            "CATEGORICAL",
            0.0,
            ["kind", "rude"].choose(rng).copied(),
        ),
    };
    tables.scores.push(format!(
        "({project}, 'score-{number}', '{trace}', '{observation}', NULL, NULL, '{name}', '{data_type}', {value}, {}, 'API', \
         NULL, '{{}}', '{environment}', NULL, NULL, NULL, '{}', '{}', '{}')",
        optional(text), time(at), time(at), time(at),
    ));
}
