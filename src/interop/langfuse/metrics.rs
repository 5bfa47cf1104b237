//! `/api/public/metrics` and `/api/public/v2/metrics`: reports by a query in JSON.

use actix_web::{HttpRequest, Responder, get, web};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::query::{Query, invalid};
use crate::{
    kernel::Failure,
    llm_integration::{
        Aggregation, Analytics, AnalyticsReport as Report, Bucket, DEFAULT_BINS, DEFAULT_ROWS,
        Granularity, Metric, ReportOrder, ReportView,
    },
    platform::http::{Endpoints, Granted, may},
};

pub(super) fn routes(config: &mut Endpoints<'_>) {
    config.service(v1).service(v2);
}

/// Dimensions with so many values that generation 5 only filters by them.
const FILTER_ONLY: &[&str] = &[
    "id",
    "traceId",
    "userId",
    "sessionId",
    "parentObservationId",
    "observationId",
];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct MetricsQuery {
    view: ReportView,
    #[serde(default)]
    dimensions: Vec<Field>,
    metrics: Vec<MetricField>,
    filters: Option<Value>,
    time_dimension: Option<TimeDimension>,
    from_timestamp: DateTime<Utc>,
    to_timestamp: DateTime<Utc>,
    order_by: Option<Vec<OrderField>>,
    config: Option<Config>,
}

#[derive(Deserialize)]
struct Field {
    field: String,
}

#[derive(Deserialize)]
struct MetricField {
    measure: String,
    aggregation: Aggregation,
}

#[derive(Deserialize)]
struct TimeDimension {
    granularity: Granularity,
}

#[derive(Deserialize)]
struct OrderField {
    field: String,
    direction: Option<String>,
}

#[derive(Default, Deserialize)]
struct Config {
    bins: Option<u32>,
    row_limit: Option<u32>,
}

impl MetricsQuery {
    fn of(request: &HttpRequest) -> Result<Self, Failure> {
        let query = Query::of(request)?;
        let text = query.text("query").ok_or_else(|| {
            invalid(
                "query",
                "a JSON object with view, metrics and the two times",
            )
        })?;
        serde_json::from_str(&text).map_err(|error| invalid("query", error))
    }

    fn report(self) -> Report {
        let config = self.config.unwrap_or_default();
        let order = self.order_by.unwrap_or_default().into_iter();
        Report {
            view: self.view,
            dimensions: self.dimensions.into_iter().map(|d| d.field).collect(),
            metrics: self
                .metrics
                .into_iter()
                .map(|metric| Metric {
                    measure: metric.measure,
                    aggregation: metric.aggregation,
                })
                .collect(),
            filters: self.filters.unwrap_or_else(|| json!([])),
            from: self.from_timestamp.into(),
            to: self.to_timestamp.into(),
            bucket: self.time_dimension.map(|time| Bucket {
                granularity: time.granularity,
                utc_offset_minutes: 0,
            }),
            order: order
                .map(|by| ReportOrder {
                    ascending: by.direction.is_none_or(|d| d.eq_ignore_ascii_case("asc")),
                    field: by.field,
                })
                .collect(),
            bins: config.bins.unwrap_or(DEFAULT_BINS),
            limit: config.row_limit.unwrap_or(DEFAULT_ROWS),
        }
    }
}

async fn answer(
    granted: &Granted<may::TracesRead>,
    analytics: &Analytics,
    report: Report,
) -> Result<web::Json<Value>, Failure> {
    let dimensions = report.dimensions.clone();
    let metrics: Vec<String> = report.metrics.iter().map(Metric::name).collect();
    let rows = analytics.report(&granted.actor, report).await?;
    let data: Vec<Value> = rows
        .into_iter()
        .map(|row| {
            let mut fields = Map::new();
            fields.extend(dimensions.iter().cloned().zip(row.dimensions));
            if let Some(time) = row.time {
                fields.insert("time_dimension".to_owned(), time.into());
            }
            for (name, value) in metrics.iter().zip(row.metrics) {
                fields.insert(name.clone(), json!(value));
            }
            Value::Object(fields)
        })
        .collect();
    Ok(web::Json(json!({ "data": data })))
}

/// A report of traces, observations or scores.
#[utoipa::path(tag = "langfuse", security(("api_key" = [])), params(("query" = String, Query)),
    responses((status = OK, body = Object), (status = BAD_REQUEST)))]
#[get("/api/public/metrics")]
async fn v1(
    granted: Granted<may::TracesRead>,
    analytics: web::Data<Analytics>,
    request: HttpRequest,
) -> Result<impl Responder, Failure> {
    let report = MetricsQuery::of(&request)?.report();
    answer(&granted, &analytics, report).await
}

/// A report of observations or scores.
#[utoipa::path(tag = "langfuse", security(("api_key" = [])), params(("query" = String, Query)),
    responses((status = OK, body = Object), (status = BAD_REQUEST)))]
#[get("/api/public/v2/metrics")]
async fn v2(
    granted: Granted<may::TracesRead>,
    analytics: web::Data<Analytics>,
    request: HttpRequest,
) -> Result<impl Responder, Failure> {
    let report = MetricsQuery::of(&request)?.report();
    if report.view == ReportView::Traces {
        let why = "observations, scores-numeric, scores-boolean or scores-categorical";
        return Err(invalid("view", why));
    }
    let many = |name: &&String| FILTER_ONLY.contains(&name.as_str());
    if let Some(name) = report.dimensions.iter().find(many) {
        let why = format_args!("`{name}` has too many values to group by; filter by it instead");
        return Err(invalid("dimensions", why));
    }
    answer(&granted, &analytics, report).await
}
