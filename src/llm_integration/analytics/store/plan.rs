//! A report whose every name was found to mean something.

use super::measures::Reported;
use crate::{
    kernel::Timestamp,
    llm_integration::{
        LlmError,
        analytics::{Aggregation, Bucket, Metric, Report},
        query::{Column, ColumnKind, Filter},
    },
};

/// What rows are grouped by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dimension<C> {
    Column(C),
    Month,
    Day,
}

/// What rows are ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sorted {
    Dimension(usize),
    Metric(usize),
    Time,
}

pub struct Plan<V: Reported> {
    pub dimensions: Vec<Dimension<V::Column>>,
    pub metrics: Vec<Metric>,
    pub filter: Filter<V::Column>,
    pub from: Timestamp,
    pub to: Timestamp,
    pub bucket: Option<Bucket>,
    /// Each with whether it is ascending.
    pub order: Vec<(Sorted, bool)>,
    pub bins: u32,
    pub limit: u32,
}

/// The name of the bucket in `orderBy`.
const TIME: &str = "time_dimension";

fn invalid(what: String) -> LlmError {
    LlmError::InvalidRequest { what }
}

impl<V: Reported> Plan<V> {
    /// # Errors
    /// [`LlmError::InvalidRequest`], naming what is not known and what is.
    pub fn new(report: Report, filter: Filter<V::Column>) -> Result<Self, LlmError> {
        let dimensions = report.dimensions.iter().map(|name| dimension::<V>(name));
        let dimensions = dimensions.collect::<Result<Vec<_>, _>>()?;
        for metric in &report.metrics {
            check::<V>(metric)?;
        }
        let bucket = report.bucket.map(|bucket| Bucket {
            granularity: bucket.granularity.of_range(report.from, report.to),
            ..bucket
        });
        let mut order = Vec::new();
        for by in &report.order {
            let at_dimension = report.dimensions.iter().position(|name| *name == by.field);
            let at_metric = report
                .metrics
                .iter()
                .position(|metric| metric.name() == by.field);
            let sorted = match (at_dimension, at_metric) {
                (Some(at), _) => Sorted::Dimension(at),
                (None, Some(at)) => Sorted::Metric(at),
                (None, None) if by.field == TIME && bucket.is_some() => Sorted::Time,
                (None, None) => {
                    return Err(invalid(format!(
                        "`orderBy` names `{}`, which is neither a dimension nor a metric such as `count_count` of this query",
                        by.field
                    )));
                }
            };
            order.push((sorted, by.ascending));
        }
        if order.is_empty() {
            order.extend(bucket.map(|_| (Sorted::Time, true)));
            let first = report
                .metrics
                .iter()
                .position(|m| m.aggregation != Aggregation::Histogram);
            order.extend(first.map(|at| (Sorted::Metric(at), false)));
        }
        Ok(Self {
            dimensions,
            metrics: report.metrics,
            filter,
            from: report.from,
            to: report.to,
            bucket,
            order,
            bins: report.bins,
            limit: report.limit,
        })
    }
}

fn dimension<V: Reported>(name: &str) -> Result<Dimension<V::Column>, LlmError> {
    match name {
        "startTimeMonth" | "timestampMonth" => return Ok(Dimension::Month),
        "timestampDay" => return Ok(Dimension::Day),
        _ => {}
    }
    let column = V::Column::parse(name);
    let fits = |kind| !matches!(kind, ColumnKind::Object | ColumnKind::Time);
    let column = column.filter(|column| fits(column.kind()));
    column.map(Dimension::Column).ok_or_else(|| {
        let names = V::Column::NAMES
            .iter()
            .filter(|(_, column)| fits(column.kind()));
        let names: Vec<_> = names.map(|(name, _)| *name).collect();
        invalid(format!(
            "the dimension `{name}` is not one of {}",
            names.join(", ")
        ))
    })
}

fn check<V: Reported>(metric: &Metric) -> Result<(), LlmError> {
    let Metric {
        measure,
        aggregation,
    } = metric;
    if !V::MEASURES.contains(&measure.as_str()) {
        let known = V::MEASURES.join(", ");
        return Err(invalid(format!(
            "the measure `{measure}` is not one of {known}"
        )));
    }
    let counts_only = measure == "count" || measure.starts_with("unique");
    let counts = matches!(
        aggregation,
        Aggregation::Count | Aggregation::Uniq | Aggregation::Sum
    );
    if counts_only && !counts {
        return Err(invalid(format!(
            "the measure `{measure}` is aggregated by count, uniq or sum"
        )));
    }
    Ok(())
}
