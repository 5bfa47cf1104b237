//! The endpoints.

use actix_web::{HttpRequest, Responder, get, web};

use super::{
    bodies::{CursorBody, ObservationBody, ObservationListBody, ObservationPageBody},
    groups::Groups,
    requests,
};
use crate::{
    interop::langfuse::{
        paging::{LangfusePageMeta, page_of},
        query::Query,
    },
    kernel::{Cursor, Failure, PageLimit},
    llm_integration::{LlmError, ObservationId, Traces},
    platform::http::{Endpoints, Granted, may},
};

/// The most observations of one page of the cursor list.
const MAX_LIMIT: u32 = 1000;

pub fn routes(config: &mut Endpoints<'_>) {
    config.service(list_v1).service(get).service(list_v2);
}

/// One observation with everything there is.
#[utoipa::path(tag = "langfuse", security(("api_key" = [])), params(("observation_id" = String, Path)),
    responses((status = OK, body = ObservationBody), (status = NOT_FOUND)))]
#[get("/api/public/observations/{observation_id}")]
async fn get(
    granted: Granted<may::TracesRead>,
    traces: web::Data<Traces>,
    observation_id: web::Path<String>,
) -> Result<impl Responder, Failure> {
    let id: ObservationId = observation_id
        .parse()
        .map_err(|_| LlmError::ObservationNotFound {
            id: observation_id.into_inner(),
        })?;
    let observation = traces.observation(&granted.actor, id).await?;
    Ok(web::Json(ObservationBody::from(observation)))
}

/// Observations with everything there is, newest first, in numbered pages.
#[utoipa::path(tag = "langfuse", security(("api_key" = [])),
    params(("page" = Option<u32>, Query), ("limit" = Option<u32>, Query), ("traceId" = Option<String>, Query),
        ("type" = Option<String>, Query), ("name" = Option<String>, Query),
        ("level" = Option<String>, Query), ("userId" = Option<String>, Query),
        ("version" = Option<String>, Query), ("environment" = Option<Vec<String>>, Query),
        ("parentObservationId" = Option<String>, Query), ("fromStartTime" = Option<String>, Query),
        ("toStartTime" = Option<String>, Query), ("filter" = Option<String>, Query)),
    responses((status = OK, body = ObservationPageBody), (status = BAD_REQUEST)))]
#[get("/api/public/observations")]
async fn list_v1(
    granted: Granted<may::TracesRead>,
    traces: web::Data<Traces>,
    request: HttpRequest,
) -> Result<impl Responder, Failure> {
    let query = Query::of(&request)?;
    let filter = requests::filter(&query)?;
    let (page, limit) = page_of(&query)?;
    let found = traces
        .observations_page(&granted.actor, filter, page, limit)
        .await?;
    Ok(web::Json(ObservationPageBody {
        data: found.items.into_iter().map(Into::into).collect(),
        meta: LangfusePageMeta::new(page, limit, found.total),
    }))
}

/// Observations, newest first, with the groups of fields that `fields` names.
#[utoipa::path(tag = "langfuse", security(("api_key" = [])),
    params(("fields" = Option<String>, Query), ("expandMetadata" = Option<String>, Query),
        ("limit" = Option<u32>, Query),
        ("cursor" = Option<String>, Query), ("traceId" = Option<String>, Query),
        ("type" = Option<String>, Query), ("name" = Option<String>, Query),
        ("level" = Option<String>, Query), ("userId" = Option<String>, Query),
        ("sessionId" = Option<String>, Query), ("version" = Option<String>, Query),
        ("environment" = Option<Vec<String>>, Query), ("parentObservationId" = Option<String>, Query),
        ("isRootObservation" = Option<bool>, Query), ("fromStartTime" = Option<String>, Query),
        ("toStartTime" = Option<String>, Query), ("filter" = Option<String>, Query)),
    responses((status = OK, body = ObservationListBody), (status = BAD_REQUEST)))]
#[get("/api/public/v2/observations")]
async fn list_v2(
    granted: Granted<may::TracesRead>,
    traces: web::Data<Traces>,
    request: HttpRequest,
) -> Result<impl Responder, Failure> {
    let query = Query::of(&request)?;
    let (groups, filter) = (Groups::of(&query)?, requests::filter(&query)?);
    let limit = PageLimit::parse_up_to(query.parsed("limit")?, MAX_LIMIT)?;
    let cursor = query.text("cursor").map(Cursor::from);
    let page = traces
        .observations(&granted.actor, filter, limit, cursor, groups.wanted())
        .await?;
    let project = granted.actor.project;
    let data = page.items.iter().map(|found| groups.show(project, found));
    Ok(web::Json(ObservationListBody {
        data: data.collect(),
        meta: CursorBody {
            limit: limit.get(),
            cursor: page.next.map(|cursor| cursor.as_str().to_owned()),
        },
    }))
}
