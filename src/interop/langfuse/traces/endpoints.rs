//! The endpoints.

use std::collections::HashMap;

use actix_web::{HttpRequest, Responder, get, web};
use utoipa_actix_web::service_config::ServiceConfig;

use super::{
    bodies::{Fields, TraceBody, TraceListBody},
    requests,
};
use crate::{
    interop::langfuse::{
        observations::ObservationBody,
        paging::{LangfusePageMeta, page_of},
        query::Query,
        scores::ScoreBody,
    },
    kernel::Failure,
    llm_integration::{
        DataType, LlmError, Score, Scores, TraceDetails, TraceId, TraceList, Traces,
    },
    platform::http::{Granted, may},
};

pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(list).service(get);
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
