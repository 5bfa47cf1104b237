//! Runs a report: one query for its numbers, and one for each histogram.

use std::collections::HashMap;

use diesel::{RunQueryDsl, sql_types::Text};
use serde_json::{Number, Value};

use super::{
    measures::{Measure, Reported},
    percentile,
    plan::{Dimension, Plan, Sorted},
    time,
};
use crate::{
    kernel::ProjectId,
    llm_integration::{
        LlmError,
        analytics::{Aggregation, Metric, ReportRow, ReportedValue},
        query::{Column, ColumnKind, Scope},
    },
    platform::db::{Backend, Conn, DbError, Engine, Sql, each_backend},
};

pub fn run<V: Reported>(
    conn: &mut Conn,
    project: ProjectId,
    plan: &Plan<V>,
) -> Result<Vec<ReportRow>, LlmError> {
    if let Backend::Sqlite(c) = conn.backend() {
        percentile::register(c)?;
    }
    let engine = conn.engine();
    let (rows, divisors) = rows_of(engine, project, plan);
    let mut report = numbers(conn, plan, rows, &divisors)?;
    for (at, metric) in plan.metrics.iter().enumerate() {
        if metric.aggregation == Aggregation::Histogram {
            let (rows, _) = rows_of(engine, project, plan);
            let bins = histogram(conn, plan, rows, at, divisors[at])?;
            for row in &mut report {
                let key = key_of(&row.dimensions, row.time.as_deref());
                row.metrics[at] = ReportedValue::Bins(bins.get(&key).cloned().unwrap_or_default());
            }
        }
    }
    Ok(report)
}

/// `WITH r AS (...)`: a row's dimensions, bucket and measures; and what each metric is divided by.
fn rows_of<V: Reported>(engine: Engine, project: ProjectId, plan: &Plan<V>) -> (Sql, Vec<f64>) {
    let mut scope = Scope::new(engine);
    let mut columns = Vec::new();
    let mut explode = None;
    for (at, dimension) in plan.dimensions.iter().enumerate() {
        let expression = match dimension {
            Dimension::Column(column) => {
                let expression = V::expression(*column, &mut scope);
                if column.kind() == ColumnKind::Array {
                    explode = Some(expression);
                    "tag.value".to_owned()
                } else {
                    expression
                }
            }
            Dimension::Month => time::part(V::TIME, true, engine),
            Dimension::Day => time::part(V::TIME, false, engine),
        };
        columns.push(format!("{expression} AS d{at}"));
    }
    if let Some(bucket) = plan.bucket {
        columns.push(format!("{} AS b", time::bucket(V::TIME, bucket, engine)));
    }
    let mut divisors = Vec::new();
    for (at, metric) in plan.metrics.iter().enumerate() {
        let Measure {
            expression,
            divisor,
        } = V::measure(&metric.measure, &mut scope);
        columns.push(format!("{expression} AS v{at}"));
        divisors.push(divisor);
    }
    let conditions = scope.conditions::<V>(project, &plan.filter);
    let explode = explode.map_or_else(String::new, |tags| match engine {
        Engine::Postgres => {
            format!(" LEFT JOIN LATERAL json_array_elements_text({tags}) tag(value) ON true")
        }
        Engine::Sqlite => format!(" LEFT JOIN json_each({tags}) tag"),
    });
    let rows = Sql::new(format!(
        "WITH r AS (SELECT {}{}{explode} WHERE ",
        columns.join(", "),
        scope.from::<V>()
    ))
    .then(conditions)
    .text(format!(" AND {} >= ", V::TIME))
    .bind(plan.from)
    .text(format!(" AND {} < ", V::TIME))
    .bind(plan.to)
    .text(") ");
    (rows, divisors)
}

fn aggregate(metric: &Metric, at: usize, engine: Engine) -> String {
    let value = format!("v{at}");
    if let Some(fraction) = metric.aggregation.fraction() {
        return match engine {
            Engine::Postgres => format!(
                "percentile_cont({fraction}) WITHIN GROUP (ORDER BY CAST({value} AS double precision))"
            ),
            Engine::Sqlite => format!("llm_percentile({value}, {fraction})"),
        };
    }
    match metric.aggregation {
        _ if metric.measure.starts_with("unique") => format!("count(DISTINCT {value})"),
        Aggregation::Uniq => format!("count(DISTINCT {value})"),
        Aggregation::Count => format!("count({value})"),
        Aggregation::Sum => format!("sum({value})"),
        Aggregation::Avg => {
            format!("(CAST(sum({value}) AS double precision) / nullif(count({value}), 0))")
        }
        Aggregation::Max => format!("max({value})"),
        Aggregation::Min => format!("min({value})"),
        _ => "NULL".to_owned(),
    }
}

/// The grouped columns: `d0, d1, b`.
fn groups<V: Reported>(plan: &Plan<V>) -> Vec<String> {
    let mut groups: Vec<String> = (0..plan.dimensions.len())
        .map(|at| format!("d{at}"))
        .collect();
    groups.extend(plan.bucket.map(|_| "b".to_owned()));
    groups
}

fn numbers<V: Reported>(
    conn: &mut Conn,
    plan: &Plan<V>,
    rows: Sql,
    divisors: &[f64],
) -> Result<Vec<ReportRow>, DbError> {
    let engine = conn.engine();
    let groups = groups(plan);
    let metrics = plan.metrics.iter().enumerate();
    let metrics: Vec<String> = metrics
        .map(|(at, metric)| format!("{} AS m{at}", aggregate(metric, at, engine)))
        .collect();
    let selected = [groups.clone(), metrics].concat().join(", ");
    let names: Vec<String> = (0..plan.metrics.len())
        .map(|at| format!("g.m{at}"))
        .collect();
    let shown: Vec<String> = groups
        .iter()
        .map(|name| format!("g.{name}"))
        .chain(names)
        .collect();
    let grouped = if groups.is_empty() {
        String::new()
    } else {
        format!(" GROUP BY {}", groups.join(", "))
    };
    let sql = rows
        .text(format!(
            "SELECT {} FROM (SELECT {selected} FROM r{grouped}) g{} LIMIT ",
            json_array(&shown, engine),
            order_by(plan, engine)
        ))
        .bind(i64::from(plan.limit));
    let query = sql.rows_of::<Text>();
    let found: Vec<String> = each_backend!(conn, |c| query.load(c))?;
    found.iter().map(|text| row(plan, text, divisors)).collect()
}

fn order_by<V: Reported>(plan: &Plan<V>, engine: Engine) -> String {
    let dimension = |at: usize| {
        let is_text = match plan.dimensions[at] {
            Dimension::Column(column) => {
                matches!(column.kind(), ColumnKind::Text | ColumnKind::Array)
            }
            Dimension::Month | Dimension::Day => true,
        };
        let collate = if is_text {
            engine.pick(" COLLATE \"C\"", "")
        } else {
            ""
        };
        format!("g.d{at}{collate}")
    };
    let mut terms: Vec<String> = plan
        .order
        .iter()
        .map(|(sorted, ascending)| {
            let by = match sorted {
                Sorted::Dimension(at) => dimension(*at),
                Sorted::Metric(at) => format!("g.m{at}"),
                Sorted::Time => "g.b".to_owned(),
            };
            format!(
                "{by} {} NULLS LAST",
                if *ascending { "ASC" } else { "DESC" }
            )
        })
        .collect();
    // What is equal otherwise comes in the same order every time.
    terms.extend((0..plan.dimensions.len()).map(|at| format!("{} ASC NULLS LAST", dimension(at))));
    if terms.is_empty() {
        return String::new();
    }
    format!(" ORDER BY {}", terms.join(", "))
}

fn json_array(expressions: &[String], engine: Engine) -> String {
    let list = expressions.join(", ");
    match engine {
        Engine::Postgres => format!("json_build_array({list})::text"),
        Engine::Sqlite => format!("json_array({list})"),
    }
}

fn row<V: Reported>(plan: &Plan<V>, text: &str, divisors: &[f64]) -> Result<ReportRow, DbError> {
    let mut values = values(text)?.into_iter();
    let (dimensions, time) = group_of(plan, &mut values);
    let metrics = values
        .zip(divisors)
        .map(|(value, divisor)| ReportedValue::Value(number(&value, *divisor)));
    Ok(ReportRow {
        dimensions,
        time,
        metrics: metrics.collect(),
    })
}

fn values(text: &str) -> Result<Vec<Value>, DbError> {
    serde_json::from_str(text).map_err(|_| DbError::Corrupt {
        what: "a row of a report".to_owned(),
    })
}

/// Takes the dimensions and the bucket off the front of a row.
fn group_of<V: Reported>(
    plan: &Plan<V>,
    values: &mut impl Iterator<Item = Value>,
) -> (Vec<Value>, Option<String>) {
    let dimensions = plan.dimensions.iter().map(|dimension| {
        let value = values.next().unwrap_or(Value::Null);
        match dimension {
            Dimension::Column(column) if column.kind() == ColumnKind::Number => number(&value, 1.0),
            Dimension::Column(column) if column.kind() == ColumnKind::Boolean => match &value {
                Value::Number(number) => Value::Bool(number.as_i64() == Some(1)),
                _ => value,
            },
            _ => value,
        }
    });
    let dimensions = dimensions.collect();
    let time = plan.bucket.and_then(|bucket| {
        let text = values.next()?.as_str()?.to_owned();
        if !time::is_short(bucket.granularity) {
            return Some(text);
        }
        let minutes = bucket.utc_offset_minutes;
        if minutes == 0 {
            return Some(format!("{text}Z"));
        }
        let (sign, minutes) = (if minutes < 0 { '-' } else { '+' }, minutes.abs());
        Some(format!(
            "{text}{sign}{:02}:{:02}",
            minutes / 60,
            minutes % 60
        ))
    });
    (dimensions, time)
}

/// Whole numbers as they are; others with twelve digits, which both engines agree on.
fn number(value: &Value, divisor: f64) -> Value {
    let Some(exact) = value.as_f64() else {
        return Value::Null;
    };
    rounded(exact / divisor)
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "it was compared with itself as a whole number"
)]
fn rounded(value: f64) -> Value {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let is_whole = |value: f64| value.fract() == 0.0 && value.abs() < EXACT;
    let twelve_digits = |value: f64| format!("{value:.11e}").parse().unwrap_or(value);
    let value = if is_whole(value) {
        value
    } else {
        twelve_digits(value)
    };
    if is_whole(value) {
        return Value::from(value as i64);
    }
    Number::from_f64(value).map_or(Value::Null, Value::Number)
}

type Bins = Vec<(f64, f64, u64)>;

fn key_of(dimensions: &[Value], time: Option<&str>) -> String {
    format!(
        "{}{}",
        Value::from(dimensions.to_vec()),
        time.unwrap_or_default()
    )
}

/// Bins of equal width between the least and the greatest value of each group.
fn histogram<V: Reported>(
    conn: &mut Conn,
    plan: &Plan<V>,
    rows: Sql,
    at: usize,
    divisor: f64,
) -> Result<HashMap<String, Bins>, DbError> {
    let engine = conn.engine();
    let groups = groups(plan);
    let prefix = groups.iter().flat_map(|name| [name.as_str(), ", "]);
    let prefix: String = prefix.collect();
    let partition = if groups.is_empty() {
        String::new()
    } else {
        format!("PARTITION BY {}", groups.join(", "))
    };
    let bins = plan.bins;
    let share = format!("(v - lo) / (hi - lo) * {bins}");
    let bin = match engine {
        Engine::Postgres => format!("least({}, floor({share})::bigint)", bins - 1),
        Engine::Sqlite => format!("min({}, CAST({share} AS bigint))", bins - 1),
    };
    let shown: Vec<String> = [
        groups.clone(),
        ["bin", "count(*)", "lo", "hi"].map(str::to_owned).to_vec(),
    ]
    .concat();
    let sql = rows.text(format!(
        "SELECT {} FROM (SELECT {prefix}lo, hi, CASE WHEN hi > lo THEN {bin} ELSE 0 END AS bin FROM \
         (SELECT {prefix}v, min(v) OVER ({partition}) AS lo, max(v) OVER ({partition}) AS hi FROM \
         (SELECT {prefix}CAST(v{at} AS double precision) AS v FROM r WHERE v{at} IS NOT NULL) a) b) c \
         GROUP BY {prefix}bin, lo, hi ORDER BY bin",
        json_array(&shown, engine)
    ));
    let query = sql.rows_of::<Text>();
    let found: Vec<String> = each_backend!(conn, |c| query.load(c))?;
    let mut all: HashMap<String, Bins> = HashMap::new();
    for text in found {
        let mut values = values(&text)?.into_iter();
        let (dimensions, time) = group_of(plan, &mut values);
        let mut next = || {
            values
                .next()
                .and_then(|value| value.as_f64())
                .unwrap_or_default()
        };
        let (bin, count, low, high) = (next(), next(), next() / divisor, next() / divisor);
        let width = (high - low) / f64::from(plan.bins);
        let bounds = (low + bin * width, low + (bin + 1.0) * width);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a count of rows"
        )]
        let height = count as u64;
        let bounds = if width > 0.0 { bounds } else { (low, high) };
        let bins = all.entry(key_of(&dimensions, time.as_deref())).or_default();
        bins.push((bounds.0, bounds.1, height));
    }
    Ok(all)
}
