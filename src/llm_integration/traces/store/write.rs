//! Writes traces and their observations.

use std::collections::BTreeMap;

use diesel::prelude::*;

use super::{
    read,
    rows::{ObservationRow, TraceRow},
};
use crate::{
    kernel::{ProjectId, Timestamp},
    llm_integration::{
        DEFAULT_ENVIRONMENT, JsonText, Level, Observation, ObservationId, ObservationKind,
        ObservationReport, Report, Trace, TraceId, TraceReport,
        traces::schema::{llm_observation, llm_trace},
    },
    platform::db::{Backend, Conn, DbError, each_backend},
};

/// Rows of one INSERT: PostgreSQL takes at most 65,535 parameters.
const INSERT_ROWS: usize = 1000;

pub(in crate::llm_integration::traces) fn apply(
    conn: &mut Conn,
    records: &[(ProjectId, Vec<Report>)],
    now: Timestamp,
) -> Result<(), DbError> {
    // In the order of their keys, so that two writers that share traces can not deadlock.
    let mut traces: BTreeMap<(ProjectId, TraceId), Trace> = BTreeMap::new();
    let mut observations: BTreeMap<(ProjectId, ObservationId), Observation> = BTreeMap::new();
    for (project, reports) in records {
        for report in reports {
            let trace = match report {
                Report::Trace(report) => trace_of(report, now),
                Report::Observation(report) => {
                    let key = (*project, report.id.clone());
                    let known = match observations.remove(&key) {
                        Some(known) => Some(known),
                        None => read::observation(conn, *project, &report.id)?,
                    };
                    observations.insert(key, observation_of(report, known, now));
                    let trace = TraceReport::new(report.trace_id.clone(), report.at);
                    trace_of(
                        &TraceReport {
                            started_at: report.started_at,
                            ..trace
                        },
                        now,
                    )
                }
            };
            let key = (*project, trace.id.clone());
            let merged = match traces.remove(&key) {
                Some(earlier) => earlier.merge(trace),
                None => trace,
            };
            traces.insert(key, merged);
        }
    }
    for ((project, id), observation) in observations {
        let row = ObservationRow::new(project, observation);
        each_backend!(conn, |c| diesel::delete(
            llm_observation::table.find((project, id.as_str()))
        )
        .execute(c))?;
        each_backend!(conn, |c| diesel::insert_into(llm_observation::table)
            .values(row)
            .execute(c))?;
    }
    upsert_traces(conn, traces)
}

fn trace_of(report: &TraceReport, now: Timestamp) -> Trace {
    let report = report.clone();
    Trace {
        id: report.id,
        started_at: report.started_at.unwrap_or(report.at),
        name: report.name,
        user_id: report.user_id,
        session_id: report.session_id,
        release: report.release,
        version: report.version,
        environment: report
            .environment
            .unwrap_or_else(|| DEFAULT_ENVIRONMENT.to_owned()),
        public: report.public.unwrap_or(false),
        tags: report.tags,
        metadata: report.metadata.unwrap_or_else(empty_object),
        input: report.input,
        output: report.output,
        created_at: now,
        updated_at: now,
    }
}

fn empty_object() -> JsonText {
    JsonText::of(&serde_json::json!({}))
}

fn observation_of(
    report: &ObservationReport,
    known: Option<Observation>,
    now: Timestamp,
) -> Observation {
    let report = report.clone();
    let known = known.unwrap_or_else(|| Observation {
        id: report.id.clone(),
        trace_id: report.trace_id.clone(),
        parent_id: None,
        kind: ObservationKind::Span,
        name: None,
        started_at: report.started_at.unwrap_or(report.at),
        ended_at: None,
        completion_started_at: None,
        level: Level::Default,
        status_message: None,
        environment: DEFAULT_ENVIRONMENT.to_owned(),
        version: None,
        model: None,
        model_parameters: empty_object(),
        prompt_name: None,
        prompt_version: None,
        usage: BTreeMap::new(),
        cost: BTreeMap::new(),
        total_cost: None,
        metadata: empty_object(),
        input: None,
        output: None,
        created_at: now,
        updated_at: now,
    });
    let cost = if report.cost.is_empty() {
        known.cost
    } else {
        report.cost
    };
    Observation {
        parent_id: report.parent_id.or(known.parent_id),
        kind: report.kind.unwrap_or(known.kind),
        name: report.name.or(known.name),
        started_at: report.started_at.unwrap_or(known.started_at),
        ended_at: report.ended_at.or(known.ended_at),
        completion_started_at: report.completion_started_at.or(known.completion_started_at),
        level: report.level.unwrap_or(known.level),
        status_message: report.status_message.or(known.status_message),
        environment: report.environment.unwrap_or(known.environment),
        version: report.version.or(known.version),
        model: report.model.or(known.model),
        model_parameters: report.model_parameters.unwrap_or(known.model_parameters),
        prompt_name: report.prompt_name.or(known.prompt_name),
        prompt_version: report.prompt_version.or(known.prompt_version),
        usage: if report.usage.is_empty() {
            known.usage
        } else {
            report.usage
        },
        total_cost: cost.get("total").copied().or(known.total_cost),
        cost,
        metadata: report.metadata.unwrap_or(known.metadata),
        input: report.input.or(known.input),
        output: report.output.or(known.output),
        updated_at: now,
        ..known
    }
}

/// Most traces are new; those that exist are merged with what is stored.
fn upsert_traces(
    conn: &mut Conn,
    traces: BTreeMap<(ProjectId, TraceId), Trace>,
) -> Result<(), DbError> {
    let rows: Vec<_> = traces
        .iter()
        .map(|((project, _), trace)| TraceRow::new(*project, trace.clone()))
        .collect();
    let mut inserted = 0;
    for chunk in rows.chunks(INSERT_ROWS) {
        inserted += each_backend!(conn, |c| {
            diesel::insert_into(llm_trace::table)
                .values(chunk)
                .on_conflict_do_nothing()
                .execute(c)
        })?;
    }
    if inserted == rows.len() {
        return Ok(());
    }
    for ((project, id), trace) in traces {
        let Some(stored) = lock_trace(conn, project, &id)? else {
            continue;
        };
        // A trace that was inserted just now merges to itself.
        let merged = TraceRow::new(project, stored.merge(trace));
        each_backend!(conn, |c| diesel::update(&merged).set(&merged).execute(c))?;
    }
    Ok(())
}

fn lock_trace(conn: &mut Conn, project: ProjectId, id: &TraceId) -> Result<Option<Trace>, DbError> {
    if let Backend::Pg(c) = conn.backend() {
        // SQLite's one writer holds the whole database already.
        let query = llm_trace::table
            .find((project, id.as_str()))
            .select(llm_trace::id)
            .for_update();
        query.first::<String>(c).optional()?;
    }
    read::trace(conn, project, id)
}
