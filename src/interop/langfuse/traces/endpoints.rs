//! The endpoints.

use std::collections::HashMap;

use actix_web::{HttpRequest, Responder, delete, get, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    bodies::{Fields, TraceBody, TraceListBody},
    requests,
};
use crate::{
    interop::langfuse::{
        observations::ObservationBody,
        paging::{LangfusePageMeta, page_of},
        query::{Query, invalid},
        scores::ScoreBody,
    },
    kernel::Failure,
    llm_integration::{
        DataType, LlmError, Score, Scores, TraceDetails, TraceId, TraceList, TraceRetention, Traces,
    },
    platform::http::{Endpoints, Granted, may},
};

pub fn routes(config: &mut Endpoints<'_>) {
    config
        .service(list)
        .service(get)
        .service(delete)
        .service(delete_many);
}

/// Traces that one request deletes.
const MAX_DELETED: usize = 1000;

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct DeleteTraces {
    /// 1 to 1000.
    trace_ids: Vec<String>,
}

#[derive(Serialize, ToSchema)]
struct DeletedBody {
    message: &'static str,
}

/// A trace with its observations and scores.
#[utoipa::path(tag = "langfuse", security(("api_key" = [])),
    params(("trace_id" = String, Path), ("fields" = Option<String>, Query)),
    responses((status = OK, body = TraceBody<ObservationBody, ScoreBody>), (status = NOT_FOUND)))]
#[get("/api/public/traces/{trace_id}")]
async fn get(
    granted: Granted<may::TracesRead>,
    (traces, scores): (web::Data<Traces>, web::Data<Scores>),
    request: HttpRequest,
    trace_id: web::Path<String>,
) -> Result<impl Responder, Failure> {
    let fields = Fields::of(&Query::of(&request)?);
    let id: TraceId = trace_id.parse().map_err(|_| LlmError::TraceNotFound {
        id: trace_id.into_inner(),
    })?;
    let given = if fields.scores {
        scores.of_traces(&granted.actor, vec![id.clone()]).await?
    } else {
        Vec::new()
    };
    let TraceDetails {
        trace,
        observations,
    } = traces.get(&granted.actor, id).await?;
    let shown = observations.into_iter().filter(|_| fields.observations);
    let shown = shown.map(ObservationBody::from).collect();
    let given = given.into_iter().filter(is_shown).map(ScoreBody::from);
    let parts = (shown, given.collect());
    Ok(web::Json(TraceBody::new(
        granted.actor.project,
        trace,
        &fields,
        parts,
    )))
}

/// A trace shows no corrections: the SDKs that read traces do not know them there.
fn is_shown(score: &Score) -> bool {
    score.value.data_type() != DataType::Correction
}

/// Traces in numbered pages, newest first unless `orderBy` says otherwise.
#[utoipa::path(tag = "langfuse", security(("api_key" = [])),
    params(("page" = Option<u32>, Query), ("limit" = Option<u32>, Query), ("userId" = Option<String>, Query),
        ("name" = Option<String>, Query), ("sessionId" = Option<String>, Query),
        ("release" = Option<String>, Query), ("version" = Option<String>, Query),
        ("tags" = Option<Vec<String>>, Query), ("environment" = Option<Vec<String>>, Query),
        ("fromTimestamp" = Option<String>, Query), ("toTimestamp" = Option<String>, Query),
        ("orderBy" = Option<String>, Query), ("fields" = Option<String>, Query),
        ("filter" = Option<String>, Query)),
    responses((status = OK, body = TraceListBody), (status = BAD_REQUEST)))]
#[get("/api/public/traces")]
async fn list(
    granted: Granted<may::TracesRead>,
    (traces, scores): (web::Data<Traces>, web::Data<Scores>),
    request: HttpRequest,
) -> Result<impl Responder, Failure> {
    let query = Query::of(&request)?;
    let fields = Fields::of(&query);
    let (page, limit) = page_of(&query)?;
    let list = TraceList {
        filter: requests::filter(&query)?,
        order: requests::order(&query)?,
        page,
        limit,
        io: fields.io,
    };
    let found = traces.list(&granted.actor, list).await?;
    let ids: Vec<TraceId> = found.items.iter().map(|trace| trace.id.clone()).collect();
    let mut observations = if fields.observations {
        traces.observation_ids(&granted.actor, ids.clone()).await?
    } else {
        HashMap::new()
    };
    let mut given: HashMap<TraceId, Vec<String>> = HashMap::new();
    if fields.scores {
        for score in scores.of_traces(&granted.actor, ids).await? {
            if let Some(trace) = score.subject.trace {
                given.entry(trace).or_default().push(score.id);
            }
        }
    }
    let data = found.items.into_iter().map(|trace| {
        let observations = observations.remove(trace.id.as_str()).unwrap_or_default();
        let given = given.remove(&trace.id).unwrap_or_default();
        TraceBody::new(granted.actor.project, trace, &fields, (observations, given))
    });
    Ok(web::Json(TraceListBody {
        data: data.collect(),
        meta: LangfusePageMeta::new(page, limit, found.total),
    }))
}

/// Deletes a trace with everything that belongs to it. One that is not there counts as deleted.
#[utoipa::path(tag = "langfuse", security(("api_key" = [])), params(("trace_id" = String, Path)),
    responses((status = OK, body = DeletedBody), (status = BAD_REQUEST)))]
#[delete("/api/public/traces/{trace_id}")]
async fn delete(
    granted: Granted<may::TracesManage>,
    retention: web::Data<TraceRetention>,
    trace_id: web::Path<String>,
) -> Result<impl Responder, Failure> {
    let ids = trace_ids(&[trace_id.into_inner()])?;
    retention.delete(&granted.actor, ids).await?;
    let message = "Trace deleted successfully";
    Ok(web::Json(DeletedBody { message }))
}

/// Deletes traces with everything that belongs to them. What is not there counts as deleted.
#[utoipa::path(tag = "langfuse", security(("api_key" = [])), request_body = DeleteTraces,
    responses((status = OK, body = DeletedBody), (status = BAD_REQUEST)))]
#[delete("/api/public/traces")]
async fn delete_many(
    granted: Granted<may::TracesManage>,
    retention: web::Data<TraceRetention>,
    body: web::Json<DeleteTraces>,
) -> Result<impl Responder, Failure> {
    let ids = trace_ids(&body.trace_ids)?;
    retention.delete(&granted.actor, ids).await?;
    let message = "Traces deleted successfully";
    Ok(web::Json(DeletedBody { message }))
}

fn trace_ids(ids: &[String]) -> Result<Vec<TraceId>, Failure> {
    if ids.is_empty() || ids.len() > MAX_DELETED {
        let takes = format_args!("it takes 1 to {MAX_DELETED} ids");
        return Err(invalid("traceIds", takes));
    }
    let parse = |id: &String| id.parse().map_err(|takes| invalid("traceIds", takes));
    ids.iter().map(parse).collect()
}
