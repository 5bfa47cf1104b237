//! `/api/public/sessions`: what belongs together in the eyes of a user of the application.

use actix_web::{HttpRequest, Responder, get, web};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    paging::{LangfusePageMeta, page_of},
    query::Query,
    traces::{Fields, TraceBody},
};
use crate::{
    kernel::{Failure, ProjectId},
    llm_integration::{SessionDetails, SessionFilter, SessionSummary, Traces},
    platform::http::{Endpoints, Granted, may},
};

pub(super) fn routes(config: &mut Endpoints<'_>) {
    config.service(list).service(get);
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct SessionBody {
    id: String,
    created_at: DateTime<Utc>,
    #[schema(value_type = String)]
    project_id: ProjectId,
    environment: String,
    bookmarked: bool,
    public: bool,
    /// Absent in a list.
    #[serde(skip_serializing_if = "Option::is_none")]
    traces: Option<Vec<TraceBody<String, String>>>,
}

#[derive(Serialize, ToSchema)]
struct SessionListBody {
    data: Vec<SessionBody>,
    meta: LangfusePageMeta,
}

impl SessionBody {
    fn new(
        project_id: ProjectId,
        session: SessionSummary,
        traces: Option<Vec<TraceBody<String, String>>>,
    ) -> Self {
        Self {
            id: session.id,
            created_at: session.created_at.into(),
            project_id,
            environment: session.environment,
            bookmarked: session.bookmarked,
            public: session.public,
            traces,
        }
    }
}

/// Sessions, newest first.
#[utoipa::path(tag = "langfuse", security(("api_key" = [])),
    params(("page" = Option<u32>, Query), ("limit" = Option<u32>, Query),
        ("fromTimestamp" = Option<String>, Query), ("toTimestamp" = Option<String>, Query),
        ("environment" = Option<Vec<String>>, Query)),
    responses((status = OK, body = SessionListBody)))]
#[get("/api/public/sessions")]
async fn list(
    granted: Granted<may::TracesRead>,
    traces: web::Data<Traces>,
    request: HttpRequest,
) -> Result<impl Responder, Failure> {
    let query = Query::of(&request)?;
    let (page, limit) = page_of(&query)?;
    let filter = SessionFilter {
        environments: query.all("environment"),
        from: query.time("fromTimestamp")?,
        to: query.time("toTimestamp")?,
    };
    let found = traces.sessions(&granted.actor, filter, page, limit).await?;
    let data = found.items.into_iter();
    let data = data.map(|session| SessionBody::new(granted.actor.project, session, None));
    Ok(web::Json(SessionListBody {
        data: data.collect(),
        meta: LangfusePageMeta::new(page, limit, found.total),
    }))
}

/// A session with its traces, oldest first.
#[utoipa::path(tag = "langfuse", security(("api_key" = [])), params(("session_id" = String, Path)),
    responses((status = OK, body = SessionBody), (status = NOT_FOUND)))]
#[get("/api/public/sessions/{session_id}")]
async fn get(
    granted: Granted<may::TracesRead>,
    traces: web::Data<Traces>,
    session_id: web::Path<String>,
) -> Result<impl Responder, Failure> {
    let project = granted.actor.project;
    let found = traces
        .session(&granted.actor, session_id.into_inner())
        .await?;
    let SessionDetails { session, traces } = found;
    let traces = traces
        .into_iter()
        .map(|trace| TraceBody::new(project, trace, &Fields::ALL, (Vec::new(), Vec::new())));
    let body = SessionBody::new(project, session, Some(traces.collect()));
    Ok(web::Json(body))
}
