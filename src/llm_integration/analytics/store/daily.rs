//! Figures by day, and by model.

use std::collections::BTreeMap;

use diesel::{
    RunQueryDsl,
    sql_types::{BigInt, Nullable, Text},
};

use super::time;
use crate::{
    kernel::{NanoUsd, ProjectId},
    llm_integration::{
        analytics::{DailyFigures, ModelFigures},
        query::{Filter, OfTraces, Scope, TraceColumn, View},
    },
    platform::db::{Conn, DbError, Sql, each_backend},
};

type ModelTypes = (
    Text,
    Nullable<Text>,
    BigInt,
    BigInt,
    BigInt,
    BigInt,
    BigInt,
    BigInt,
);
type ModelRow = (String, Option<String>, i64, i64, i64, i64, i64, i64);

/// The days on which traces that pass the filter, or observations of theirs, began; newest first.
pub fn daily(
    conn: &mut Conn,
    project: ProjectId,
    filter: &Filter<TraceColumn>,
) -> Result<Vec<DailyFigures>, DbError> {
    let mut days: BTreeMap<String, DailyFigures> = BTreeMap::new();
    for (date, traces) in traces(conn, project, filter)? {
        let day = DailyFigures::of(date.clone());
        days.entry(date).or_insert(day).traces = traces.unsigned_abs();
    }
    for (date, figures) in models(conn, project, filter)? {
        let day = DailyFigures::of(date.clone());
        days.entry(date).or_insert(day).models.push(figures);
    }
    Ok(days.into_values().rev().collect())
}

fn traces(
    conn: &mut Conn,
    project: ProjectId,
    filter: &Filter<TraceColumn>,
) -> Result<Vec<(String, i64)>, DbError> {
    let engine = conn.engine();
    let mut scope = Scope::new(engine);
    let conditions = scope.conditions::<OfTraces>(project, filter);
    let day = time::part(OfTraces::TIME, false, engine);
    let sql = Sql::new(format!(
        "SELECT {day}, count(*){} WHERE ",
        scope.from::<OfTraces>()
    ))
    .then(conditions)
    .text(" GROUP BY 1");
    let query = sql.rows_of::<(Text, BigInt)>();
    Ok(each_backend!(conn, |c| query.load(c))?)
}

fn models(
    conn: &mut Conn,
    project: ProjectId,
    filter: &Filter<TraceColumn>,
) -> Result<Vec<(String, ModelFigures)>, DbError> {
    let engine = conn.engine();
    let mut scope = Scope::new(engine);
    let conditions = scope.conditions::<OfTraces>(project, filter);
    let sum = |expression: &str| format!("CAST(coalesce(sum({expression}), 0) AS bigint)");
    let sql = Sql::new(format!(
        "SELECT {}, o.model, count(*), count(DISTINCT o.trace_id), {}, {}, {}, {}{} \
         JOIN llm_observation o ON o.project_id = t.project_id AND o.trace_id = t.id WHERE ",
        time::part("o.started_at", false, engine),
        sum(&scope.classes("o.usage_details", "input")),
        sum(&scope.classes("o.usage_details", "output")),
        sum("o.total_tokens"),
        sum("o.total_cost"),
        scope.from::<OfTraces>(),
    ))
    .then(conditions)
    .text(format!(
        " GROUP BY 1, o.model ORDER BY o.model{} NULLS FIRST",
        engine.pick(" COLLATE \"C\"", "")
    ));
    let query = sql.rows_of::<ModelTypes>();
    let rows: Vec<ModelRow> = each_backend!(conn, |c| query.load(c))?;
    let figures = |(date, model, observations, traces, input, output, total, cost): ModelRow| {
        let figures = ModelFigures {
            model,
            observations: observations.unsigned_abs(),
            traces: traces.unsigned_abs(),
            input: input.unsigned_abs(),
            output: output.unsigned_abs(),
            total: total.unsigned_abs(),
            cost: NanoUsd::from_nanos(cost),
        };
        (date, figures)
    };
    Ok(rows.into_iter().map(figures).collect())
}
