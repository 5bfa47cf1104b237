//! What a report is asked for, and what it says.

use std::str::FromStr;

use serde::Serialize;
use serde_json::Value;

use crate::{
    kernel::Timestamp,
    llm_integration::{LlmError, traces::named},
};

/// Rows of one report.
pub const MAX_ROWS: u32 = 1000;
pub const DEFAULT_ROWS: u32 = 100;
pub const MAX_BINS: u32 = 100;
pub const DEFAULT_BINS: u32 = 10;
/// Dimensions, and metrics, of one report.
pub const MAX_PARTS: usize = 20;
/// Buckets that `auto` aims at.
const AUTO_BUCKETS: i64 = 50;

named! {
    /// What rows a report counts.
    ReportView {
        Traces = "traces", Observations = "observations", ScoresNumeric = "scores-numeric",
        ScoresBoolean = "scores-boolean", ScoresCategorical = "scores-categorical",
    }
}

named! {
    Aggregation {
        Sum = "sum", Avg = "avg", Count = "count", Max = "max", Min = "min", P50 = "p50", P75 = "p75",
        P90 = "p90", P95 = "p95", P99 = "p99", Histogram = "histogram", Uniq = "uniq",
    }
}

named! {
    Granularity {
        Auto = "auto", Minute = "minute", Hour = "hour", Day = "day", Week = "week", Month = "month",
    }
}

/// One number of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metric {
    pub measure: String,
    pub aggregation: Aggregation,
}

/// How rows are grouped by time: in days of a place that is so many minutes ahead of UTC.
#[derive(Clone, Copy, Debug)]
pub struct Bucket {
    pub granularity: Granularity,
    pub utc_offset_minutes: i32,
}

/// By the name of a dimension, of a metric, or of the time.
#[derive(Clone, Debug)]
pub struct ReportOrder {
    pub field: String,
    pub ascending: bool,
}

#[derive(Clone, Debug)]
pub struct Report {
    pub view: ReportView,
    pub dimensions: Vec<String>,
    pub metrics: Vec<Metric>,
    /// Filter JSON.
    pub filters: Value,
    /// Inclusive.
    pub from: Timestamp,
    /// Exclusive.
    pub to: Timestamp,
    pub bucket: Option<Bucket>,
    pub order: Vec<ReportOrder>,
    pub bins: u32,
    pub limit: u32,
}

/// One number, or the bins of a histogram: lower bound, upper bound, height.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum ReportedValue {
    Value(Value),
    Bins(Vec<(f64, f64, u64)>),
}

/// A row: its dimensions, the beginning of its bucket, its metrics.
#[derive(Clone, Debug)]
pub struct ReportRow {
    pub dimensions: Vec<Value>,
    pub time: Option<String>,
    pub metrics: Vec<ReportedValue>,
}

impl Metric {
    /// The name of the metric in an answer.
    pub fn name(&self) -> String {
        format!("{}_{}", self.aggregation.name(), self.measure)
    }
}

impl Aggregation {
    /// The fraction of a percentile.
    pub const fn fraction(self) -> Option<&'static str> {
        match self {
            Self::P50 => Some("0.5"),
            Self::P75 => Some("0.75"),
            Self::P90 => Some("0.9"),
            Self::P95 => Some("0.95"),
            Self::P99 => Some("0.99"),
            _ => None,
        }
    }
}

impl Granularity {
    /// What `auto` means for this range of time.
    pub fn of_range(self, from: Timestamp, to: Timestamp) -> Self {
        if self != Self::Auto {
            return self;
        }
        let seconds = (to.unix_micros() - from.unix_micros()) / 1_000_000 / AUTO_BUCKETS;
        match seconds {
            ..=600 => Self::Minute,
            601..=20_000 => Self::Hour,
            20_001..=250_000 => Self::Day,
            250_001..=1_300_000 => Self::Week,
            _ => Self::Month,
        }
    }
}

impl Report {
    /// # Errors
    /// [`LlmError::InvalidRequest`] naming what is out of its range.
    pub fn check(&self) -> Result<(), LlmError> {
        let invalid = |what: String| Err(LlmError::InvalidRequest { what });
        if self.metrics.is_empty() || self.metrics.len() > MAX_PARTS {
            return invalid(format!("`metrics` must have 1 to {MAX_PARTS} entries"));
        }
        if self.dimensions.len() > MAX_PARTS {
            return invalid(format!("`dimensions` has more than {MAX_PARTS} entries"));
        }
        if self.from >= self.to {
            return invalid("`toTimestamp` must be after `fromTimestamp`".to_owned());
        }
        if !(1..=MAX_BINS).contains(&self.bins) {
            return invalid(format!("`bins` must be 1 to {MAX_BINS}"));
        }
        if !(1..=MAX_ROWS).contains(&self.limit) {
            return invalid(format!("`row_limit` must be 1 to {MAX_ROWS}"));
        }
        Ok(())
    }
}
