//! `POST /api/v1/analytics`: a report by any dimension and over time.

use actix_web::{Responder, post, web};
use chrono::{DateTime, FixedOffset, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use crate::{
    kernel::{ErrorCode, Failure},
    llm_integration::{
        Aggregation, Analytics, AnalyticsReport, Bucket, DEFAULT_BINS, DEFAULT_ROWS, Granularity,
        Metric, ReportOrder, ReportView,
    },
    platform::http::{ErrorBody, Granted, may},
};

/// A report.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportRequest {
    /// traces, observations, scores-numeric, scores-boolean or scores-categorical.
    #[schema(value_type = String)]
    view: ReportView,
    #[serde(default)]
    group_by: Vec<String>,
    metrics: Vec<MetricRequest>,
    /// Conditions, as in the lists.
    #[schema(value_type = Option<Object>)]
    filter: Option<Value>,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    /// auto, minute, hour, day, week or month; absent, the report is not over time.
    #[schema(value_type = Option<String>)]
    bucket: Option<Granularity>,
    /// Where days begin: `+09:00`; UTC when absent.
    utc_offset: Option<String>,
    #[serde(default)]
    order_by: Vec<OrderRequest>,
    /// Of a histogram: 1 to 100; 10 when absent.
    bins: Option<u32>,
    /// 1 to 1000; 100 when absent.
    limit: Option<u32>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct MetricRequest {
    measure: String,
    /// sum, avg, count, max, min, p50, p75, p90, p95, p99, histogram or uniq.
    #[schema(value_type = String)]
    aggregation: Aggregation,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct OrderRequest {
    field: String,
    #[serde(default)]
    descending: bool,
}

#[derive(Serialize, ToSchema)]
struct ReportBody {
    /// Each with its dimensions, `time` and metrics such as `p95_latency`.
    #[schema(value_type = Vec<Object>)]
    rows: Vec<Value>,
}

impl ReportRequest {
    fn parse(self) -> Result<AnalyticsReport, Failure> {
        let offset = match &self.utc_offset {
            None => 0,
            Some(text) => {
                let offset: FixedOffset = text.parse().map_err(|_| {
                    let message = "`utc_offset` is not valid: it takes an offset such as +09:00";
                    Failure::new(ErrorCode::InvalidRequest, message)
                })?;
                offset.local_minus_utc() / 60
            }
        };
        Ok(AnalyticsReport {
            view: self.view,
            dimensions: self.group_by,
            metrics: self
                .metrics
                .into_iter()
                .map(|metric| Metric {
                    measure: metric.measure,
                    aggregation: metric.aggregation,
                })
                .collect(),
            filters: self.filter.unwrap_or_else(|| json!([])),
            from: self.from.into(),
            to: self.to.into(),
            bucket: self.bucket.map(|granularity| Bucket {
                granularity,
                utc_offset_minutes: offset,
            }),
            order: self
                .order_by
                .into_iter()
                .map(|by| ReportOrder {
                    field: by.field,
                    ascending: !by.descending,
                })
                .collect(),
            bins: self.bins.unwrap_or(DEFAULT_BINS),
            limit: self.limit.unwrap_or(DEFAULT_ROWS),
        })
    }
}

/// Counts, sums, averages, percentiles and histograms of what was traced.
#[utoipa::path(tag = "traces", security(("api_key" = [])), request_body = ReportRequest,
    responses((status = OK, body = ReportBody), (status = BAD_REQUEST, body = ErrorBody)))]
#[post("/api/v1/analytics")]
pub async fn make_report(
    granted: Granted<may::TracesRead>,
    analytics: web::Data<Analytics>,
    body: web::Json<ReportRequest>,
) -> Result<impl Responder, Failure> {
    let report = body.into_inner().parse()?;
    let dimensions = report.dimensions.clone();
    let metrics: Vec<String> = report.metrics.iter().map(Metric::name).collect();
    let found = analytics.report(&granted.actor, report).await?;
    let rows = found.into_iter().map(|row| {
        let mut fields = Map::new();
        fields.extend(dimensions.iter().cloned().zip(row.dimensions));
        if let Some(time) = row.time {
            fields.insert("time".to_owned(), time.into());
        }
        for (name, value) in metrics.iter().zip(row.metrics) {
            fields.insert(name.clone(), json!(value));
        }
        Value::Object(fields)
    });
    Ok(web::Json(ReportBody {
        rows: rows.collect(),
    }))
}
