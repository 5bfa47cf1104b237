//! `GET /api/public/traces`, as Langfuse's SDKs read traces.

use actix_web::{HttpRequest, Responder, get, web};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::{
    observations::ObservationBody,
    paging::{LangfusePageMeta, page_of},
    query::{Query, invalid},
};
use crate::{
    kernel::{Failure, NanoUsd, ProjectId},
    llm_integration::{JsonText, LlmError, Trace, TraceDetails, TraceFilter, TraceId, Traces},
    platform::http::{Granted, may},
};

pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    config.service(list).service(get);
}

/// What a reader gets where it asked to leave a value out.
const LEFT_OUT: f64 = -1.0;

/// Which groups of fields a reader wants beside the core.
struct Fields {
    io: bool,
    observations: bool,
    metrics: bool,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct TraceBody<T> {
    id: String,
    timestamp: DateTime<Utc>,
    name: Option<String>,
    #[schema(value_type = Option<Object>)]
    input: Option<JsonText>,
    #[schema(value_type = Option<Object>)]
    output: Option<JsonText>,
    session_id: Option<String>,
    release: Option<String>,
    version: Option<String>,
    user_id: Option<String>,
    #[schema(value_type = Option<Object>)]
    metadata: Option<JsonText>,
    tags: Vec<String>,
    public: bool,
    environment: String,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    html_path: String,
    /// Seconds.
    latency: Option<f64>,
    /// US dollars; null when no cost is known.
    total_cost: Option<f64>,
    observations: Vec<T>,
    /// Kept for clients; scores are not recorded yet.
    scores: Vec<String>,
}

#[derive(Serialize, ToSchema)]
struct TraceListBody {
    data: Vec<TraceBody<String>>,
    meta: LangfusePageMeta,
}

impl Fields {
    fn of(query: &Query) -> Self {
        let groups = query.list("fields");
        let wants = |group: &str| {
            groups
                .as_ref()
                .is_none_or(|groups| groups.iter().any(|g| g == group))
        };
        Self {
            io: wants("io"),
            observations: wants("observations"),
            metrics: wants("metrics"),
        }
    }
}

impl<T> TraceBody<T> {
    fn new(
        project: ProjectId,
        details: TraceDetails,
        fields: &Fields,
        observations: Vec<T>,
    ) -> Self {
        let (latency, total_cost) = (details.latency_seconds(), details.total_cost());
        let (input, output) = (details.input().cloned(), details.output().cloned());
        let Trace {
            id,
            started_at,
            name,
            user_id,
            session_id,
            release,
            version,
            environment,
            public,
            tags,
            metadata,
            input: _,
            output: _,
            created_at,
            updated_at,
        } = details.trace;
        Self {
            html_path: format!("/project/{project}/traces/{id}"),
            id: id.to_string(),
            timestamp: started_at.into(),
            name,
            input: input.filter(|_| fields.io),
            output: output.filter(|_| fields.io),
            session_id,
            release,
            version,
            user_id,
            metadata: fields.io.then_some(metadata),
            tags,
            public,
            environment,
            created_at: created_at.into(),
            updated_at: updated_at.into(),
            latency: if fields.metrics {
                latency
            } else {
                Some(LEFT_OUT)
            },
            total_cost: if fields.metrics {
                total_cost.map(NanoUsd::as_usd_f64)
            } else {
                Some(LEFT_OUT)
            },
            observations,
            scores: Vec::new(),
        }
    }
}

/// A trace with its observations, as Langfuse shows it.
#[utoipa::path(tag = "langfuse", security(("api_key" = [])),
    params(("trace_id" = String, Path), ("fields" = Option<String>, Query)),
    responses((status = OK, body = TraceBody<ObservationBody>), (status = NOT_FOUND)))]
#[get("/api/public/traces/{trace_id}")]
async fn get(
    granted: Granted<may::TracesRead>,
    traces: web::Data<Traces>,
    request: HttpRequest,
    trace_id: web::Path<String>,
) -> Result<impl Responder, Failure> {
    let fields = Fields::of(&Query::of(&request)?);
    let id: TraceId = trace_id.parse().map_err(|_| LlmError::TraceNotFound {
        id: trace_id.into_inner(),
    })?;
    let details = traces.get(&granted.actor, id).await?;
    let shown = if fields.observations {
        details.observations.clone()
    } else {
        Vec::new()
    };
    let observations = shown.into_iter().map(ObservationBody::from).collect();
    Ok(web::Json(TraceBody::new(
        granted.actor.project,
        details,
        &fields,
        observations,
    )))
}

/// Traces, newest first, in numbered pages.
#[utoipa::path(tag = "langfuse", security(("api_key" = [])),
    params(("page" = Option<u32>, Query), ("limit" = Option<u32>, Query), ("userId" = Option<String>, Query),
        ("name" = Option<String>, Query), ("sessionId" = Option<String>, Query),
        ("release" = Option<String>, Query), ("version" = Option<String>, Query),
        ("environment" = Option<Vec<String>>, Query), ("fromTimestamp" = Option<String>, Query),
        ("toTimestamp" = Option<String>, Query), ("orderBy" = Option<String>, Query),
        ("fields" = Option<String>, Query)),
    responses((status = OK, body = TraceListBody)))]
#[get("/api/public/traces")]
async fn list(
    granted: Granted<may::TracesRead>,
    traces: web::Data<Traces>,
    request: HttpRequest,
) -> Result<impl Responder, Failure> {
    let query = Query::of(&request)?;
    let (fields, filter) = (Fields::of(&query), filter(&query)?);
    let (page, limit) = page_of(&query)?;
    let found = traces.list(&granted.actor, filter, page, limit).await?;
    let meta = LangfusePageMeta::new(page, limit, found.total);
    let data = found.items.into_iter().map(|details| {
        let ids = details.observations.iter().filter(|_| fields.observations);
        let ids = ids.map(|observation| observation.id.to_string()).collect();
        TraceBody::new(granted.actor.project, details, &fields, ids)
    });
    Ok(web::Json(TraceListBody {
        data: data.collect(),
        meta,
    }))
}

fn filter(query: &Query) -> Result<TraceFilter, Failure> {
    query.refuse(&["filter", "tags"])?;
    let oldest_first = match query.raw("orderBy") {
        None | Some("" | "timestamp.desc") => false,
        Some("timestamp.asc") => true,
        Some(_) => {
            return Err(invalid(
                "orderBy",
                "it takes timestamp.asc or timestamp.desc",
            ));
        }
    };
    Ok(TraceFilter {
        name: query.text("name"),
        user_id: query.text("userId"),
        session_id: query.text("sessionId"),
        release: query.text("release"),
        version: query.text("version"),
        environments: query.all("environment"),
        from: query.time("fromTimestamp")?,
        to: query.time("toTimestamp")?,
        oldest_first,
    })
}
