//! The lists.

use actix_web::{Responder, get, web};

use super::{
    bodies::{
        ObservationCursorBody, ScorePageBody, SessionPageBody, TracePageBody,
        TraceWithObservationsBody, UserPageBody,
    },
    requests::{ListQuery, SessionsQuery, UsersQuery},
};
use crate::{
    kernel::{Failure, PageLimit},
    llm_integration::{
        LlmError, ObservationColumn, ScoreColumn, Scores, SessionFilter, TraceColumn, TraceDetails,
        TraceId, Traces, Wanted,
    },
    platform::http::{ErrorBody, Granted, may},
};

/// Traces, newest first.
#[utoipa::path(tag = "traces", security(("api_key" = [])), params(ListQuery),
    responses((status = OK, body = TracePageBody), (status = BAD_REQUEST, body = ErrorBody)))]
#[get("/api/v1/traces")]
pub async fn list_traces(
    granted: Granted<may::TracesRead>,
    traces: web::Data<Traces>,
    query: web::Query<ListQuery>,
) -> Result<impl Responder, Failure> {
    let list = query.into_inner().parse(TraceColumn::Timestamp)?;
    let page = traces
        .traces(
            &granted.actor,
            list.filter,
            list.limit,
            list.cursor,
            list.io,
        )
        .await?;
    Ok(web::Json(TracePageBody {
        items: page.items.into_iter().map(Into::into).collect(),
        next: page.next,
    }))
}

/// A trace with its observations and scores.
#[utoipa::path(tag = "traces", security(("api_key" = [])), params(("trace_id" = String, Path)),
    responses((status = OK, body = TraceWithObservationsBody), (status = NOT_FOUND, body = ErrorBody)))]
#[get("/api/v1/traces/{trace_id}")]
pub async fn get_trace(
    granted: Granted<may::TracesRead>,
    (traces, scores): (web::Data<Traces>, web::Data<Scores>),
    trace_id: web::Path<String>,
) -> Result<impl Responder, Failure> {
    let id: TraceId = trace_id.parse().map_err(|_| LlmError::TraceNotFound {
        id: trace_id.into_inner(),
    })?;
    let given = scores.of_traces(&granted.actor, vec![id.clone()]).await?;
    let TraceDetails {
        trace,
        observations,
    } = traces.get(&granted.actor, id).await?;
    Ok(web::Json(TraceWithObservationsBody {
        trace: trace.into(),
        observations: observations.into_iter().map(Into::into).collect(),
        scores: given.into_iter().map(Into::into).collect(),
    }))
}

/// Observations, newest first.
#[utoipa::path(tag = "traces", security(("api_key" = [])), params(ListQuery),
    responses((status = OK, body = ObservationCursorBody), (status = BAD_REQUEST, body = ErrorBody)))]
#[get("/api/v1/observations")]
pub async fn list_observations(
    granted: Granted<may::TracesRead>,
    traces: web::Data<Traces>,
    query: web::Query<ListQuery>,
) -> Result<impl Responder, Failure> {
    let list = query.into_inner().parse(ObservationColumn::StartTime)?;
    let wanted = Wanted {
        io: list.io,
        whole: false,
        trace: false,
    };
    let page = traces
        .observations(&granted.actor, list.filter, list.limit, list.cursor, wanted)
        .await?;
    Ok(web::Json(ObservationCursorBody {
        items: page.items.into_iter().map(Into::into).collect(),
        next: page.next,
    }))
}

/// Scores, newest first.
#[utoipa::path(tag = "traces", security(("api_key" = [])), params(ListQuery),
    responses((status = OK, body = ScorePageBody), (status = BAD_REQUEST, body = ErrorBody)))]
#[get("/api/v1/scores")]
pub async fn list_scores(
    granted: Granted<may::TracesRead>,
    scores: web::Data<Scores>,
    query: web::Query<ListQuery>,
) -> Result<impl Responder, Failure> {
    let list = query.into_inner().parse(ScoreColumn::Timestamp)?;
    let page = scores
        .page(&granted.actor, list.filter, list.limit, list.cursor)
        .await?;
    Ok(web::Json(ScorePageBody {
        items: page.items.into_iter().map(Into::into).collect(),
        next: page.next,
    }))
}

/// Sessions, newest first, with what their traces come to.
#[utoipa::path(tag = "traces", security(("api_key" = [])), params(SessionsQuery),
    responses((status = OK, body = SessionPageBody), (status = BAD_REQUEST, body = ErrorBody)))]
#[get("/api/v1/sessions")]
pub async fn list_sessions(
    granted: Granted<may::TracesRead>,
    traces: web::Data<Traces>,
    query: web::Query<SessionsQuery>,
) -> Result<impl Responder, Failure> {
    let query = query.into_inner();
    let filter = SessionFilter {
        environments: query.environment.into_iter().collect(),
        from: query.from.map(Into::into),
        to: query.to.map(Into::into),
    };
    let limit = PageLimit::parse(query.limit)?;
    let found = traces
        .sessions(&granted.actor, filter, query.page.unwrap_or(1), limit)
        .await?;
    Ok(web::Json(SessionPageBody {
        items: found.items.into_iter().map(Into::into).collect(),
        total: found.total,
    }))
}

/// Users by their ids, with what their traces come to.
#[utoipa::path(tag = "traces", security(("api_key" = [])), params(UsersQuery),
    responses((status = OK, body = UserPageBody), (status = BAD_REQUEST, body = ErrorBody)))]
#[get("/api/v1/users")]
pub async fn list_users(
    granted: Granted<may::TracesRead>,
    traces: web::Data<Traces>,
    query: web::Query<UsersQuery>,
) -> Result<impl Responder, Failure> {
    let query = query.into_inner();
    let between = (query.from.map(Into::into), query.to.map(Into::into));
    let limit = PageLimit::parse(query.limit)?;
    let page = traces
        .users(&granted.actor, between, query.cursor, limit)
        .await?;
    Ok(web::Json(UserPageBody {
        items: page.items.into_iter().map(Into::into).collect(),
        next: page.next,
    }))
}
