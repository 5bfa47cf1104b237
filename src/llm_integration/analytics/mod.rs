//! Reports of what was traced: counts, sums, averages, percentiles and histograms, by any dimension
//! and over time. Langfuse's metrics and our own reports ask the same way.

mod daily;
mod model;
mod service;
mod store;

pub use daily::{DailyFigures, ModelFigures};
pub use model::{
    Aggregation, Bucket, DEFAULT_BINS, DEFAULT_ROWS, Granularity, Metric, Report, ReportOrder,
    ReportRow, ReportView, ReportedValue,
};
pub use service::Analytics;
