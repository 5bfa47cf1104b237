//! `/api/public/metrics/daily`: what each day came to.

use actix_web::{HttpRequest, Responder, get, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    paging::{LangfusePageMeta, page_of},
    query::Query,
};
use crate::{
    kernel::Failure,
    llm_integration::{
        Analytics, ArrayTest, DailyFigures, Filter, ModelFigures, Test, TraceColumn, TraceFilter,
    },
    platform::http::{Endpoints, Granted, may},
};

pub(super) fn routes(config: &mut Endpoints<'_>) {
    config.service(daily);
}

#[derive(Serialize, ToSchema)]
struct DailyBody {
    data: Vec<DayBody>,
    meta: LangfusePageMeta,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct DayBody {
    /// In UTC.
    date: String,
    count_traces: u64,
    count_observations: u64,
    /// US dollars.
    total_cost: f64,
    usage: Vec<ModelUsageBody>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ModelUsageBody {
    model: Option<String>,
    input_usage: u64,
    output_usage: u64,
    total_usage: u64,
    /// US dollars.
    total_cost: f64,
    count_observations: u64,
    count_traces: u64,
}

impl From<DailyFigures> for DayBody {
    fn from(day: DailyFigures) -> Self {
        Self {
            count_traces: day.traces,
            count_observations: day.observations(),
            total_cost: day.cost().as_usd_f64(),
            usage: day.models.into_iter().map(Into::into).collect(),
            date: day.date,
        }
    }
}

impl From<ModelFigures> for ModelUsageBody {
    fn from(figures: ModelFigures) -> Self {
        let ModelFigures {
            model,
            observations,
            traces,
            input,
            output,
            total,
            cost,
        } = figures;
        Self {
            model,
            input_usage: input,
            output_usage: output,
            total_usage: total,
            total_cost: cost.as_usd_f64(),
            count_observations: observations,
            count_traces: traces,
        }
    }
}

fn filter(query: &Query) -> Result<TraceFilter, Failure> {
    let tags = Some(query.all("tags")).filter(|tags| !tags.is_empty());
    Ok(Filter::default()
        .with_text(TraceColumn::Name, query.text("traceName"))
        .with_text(TraceColumn::UserId, query.text("userId"))
        .with_any(TraceColumn::Environment, query.all("environment"))
        .with_some(TraceColumn::Tags, tags, |tags| {
            Test::Array(ArrayTest::All, tags)
        })
        .within(
            TraceColumn::Timestamp,
            query.time("fromTimestamp")?,
            query.time("toTimestamp")?,
        ))
}

/// What each day came to, newest first; days on which nothing began are left out.
#[utoipa::path(tag = "langfuse", security(("api_key" = [])),
    params(("page" = Option<u32>, Query), ("limit" = Option<u32>, Query),
        ("traceName" = Option<String>, Query), ("userId" = Option<String>, Query),
        ("tags" = Option<Vec<String>>, Query), ("environment" = Option<Vec<String>>, Query),
        ("fromTimestamp" = Option<String>, Query), ("toTimestamp" = Option<String>, Query)),
    responses((status = OK, body = DailyBody), (status = BAD_REQUEST)))]
#[get("/api/public/metrics/daily")]
async fn daily(
    granted: Granted<may::TracesRead>,
    analytics: web::Data<Analytics>,
    request: HttpRequest,
) -> Result<impl Responder, Failure> {
    let query = Query::of(&request)?;
    let (page, limit) = page_of(&query)?;
    let found = analytics
        .daily(&granted.actor, filter(&query)?, page, limit)
        .await?;
    Ok(web::Json(DailyBody {
        data: found.items.into_iter().map(Into::into).collect(),
        meta: LangfusePageMeta::new(page, limit, found.total),
    }))
}
