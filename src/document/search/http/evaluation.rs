//! Labelled queries, evaluations, and the settings that they decide about.

use actix_web::{HttpResponse, Responder, delete, get, http::StatusCode, post, web};

use super::reports::{
    LabelledQueriesBody, LabelledQueryBody, NewQueryBody, PageQuery, ProposeSetting, SearchRunBody,
    SearchRunsBody, SettingBody, SettingsBody, StartRun, StartedRun, imported,
};
use crate::{
    document::search::SearchIndex,
    kernel::{Failure, PageLimit},
    platform::http::{ErrorBody, Granted, may, path_id},
};

/// The search settings in force, and every version of them.
#[utoipa::path(tag = "search", security(("api_key" = [])), params(("project_id" = String, Path)),
    responses((status = OK, body = SettingsBody)))]
#[get("/api/v1/projects/{project_id}/search/settings")]
pub async fn search_settings(
    granted: Granted<may::DocumentsRead>,
    search: web::Data<SearchIndex>,
) -> Result<impl Responder, Failure> {
    let found = search.settings(&granted.actor).await?;
    Ok(web::Json(SettingsBody::from(found)))
}

/// Proposes settings: a version that is evaluated before it can be promoted.
#[utoipa::path(tag = "search", security(("api_key" = [])), params(("project_id" = String, Path)),
    request_body = ProposeSetting, responses(
        (status = CREATED, body = SettingBody), (status = BAD_REQUEST, body = ErrorBody),
        (status = CONFLICT, body = ErrorBody, description = "Another version's index is being built"),
    ))]
#[post("/api/v1/projects/{project_id}/search/settings")]
pub async fn propose_search_setting(
    granted: Granted<may::DocumentsManage>,
    search: web::Data<SearchIndex>,
    body: web::Json<ProposeSetting>,
) -> Result<impl Responder, Failure> {
    let (setup, note) = body.into_inner().parse();
    let proposed = search.propose(&granted.actor, setup, note).await?;
    Ok(web::Json(SettingBody::from(proposed))
        .customize()
        .with_status(StatusCode::CREATED))
}

/// Puts a version in force, if its last evaluation showed that it does not lose.
#[utoipa::path(tag = "search", security(("api_key" = [])),
    params(("project_id" = String, Path), ("version" = i32, Path)), responses(
        (status = OK, body = SearchRunBody, description = "The evaluation that decided"),
        (status = NOT_FOUND, body = ErrorBody), (status = CONFLICT, body = ErrorBody),
    ))]
#[post("/api/v1/projects/{project_id}/search/settings/{version}/promote")]
pub async fn promote_search_setting(
    granted: Granted<may::DocumentsManage>,
    search: web::Data<SearchIndex>,
    path: web::Path<(String, i32)>,
) -> Result<impl Responder, Failure> {
    let run = search.promote(&granted.actor, path.1).await?;
    Ok(web::Json(SearchRunBody::from(run)))
}

/// Gives a version up, and the index that was built for it.
#[utoipa::path(tag = "search", security(("api_key" = [])),
    params(("project_id" = String, Path), ("version" = i32, Path)), responses(
        (status = NO_CONTENT), (status = NOT_FOUND, body = ErrorBody),
        (status = CONFLICT, body = ErrorBody),
    ))]
#[delete("/api/v1/projects/{project_id}/search/settings/{version}")]
pub async fn reject_search_setting(
    granted: Granted<may::DocumentsManage>,
    search: web::Data<SearchIndex>,
    path: web::Path<(String, i32)>,
) -> Result<impl Responder, Failure> {
    search.reject(&granted.actor, path.1).await?;
    Ok(HttpResponse::NoContent())
}

/// Queries of which is known what they should find, the oldest first.
#[utoipa::path(tag = "search", security(("api_key" = [])), params(("project_id" = String, Path), PageQuery),
    responses((status = OK, body = LabelledQueriesBody)))]
#[get("/api/v1/projects/{project_id}/search/queries")]
pub async fn list_labelled_queries(
    granted: Granted<may::DocumentsRead>,
    search: web::Data<SearchIndex>,
    query: web::Query<PageQuery>,
) -> Result<impl Responder, Failure> {
    let PageQuery { cursor, limit } = query.into_inner();
    let limit = PageLimit::parse(limit)?;
    let page = search.queries(&granted.actor, (cursor, limit)).await?;
    Ok(web::Json(LabelledQueriesBody::from(page)))
}

/// Adds a labelled query.
#[utoipa::path(tag = "search", security(("api_key" = [])), params(("project_id" = String, Path)),
    request_body = NewQueryBody,
    responses((status = CREATED, body = LabelledQueryBody), (status = BAD_REQUEST, body = ErrorBody)))]
#[post("/api/v1/projects/{project_id}/search/queries")]
pub async fn add_labelled_query(
    granted: Granted<may::DocumentsManage>,
    search: web::Data<SearchIndex>,
    body: web::Json<NewQueryBody>,
) -> Result<impl Responder, Failure> {
    let new = vec![body.into_inner().parse()?];
    let added = search.add_queries(&granted.actor, new).await?;
    let added: Vec<_> = added.into_iter().map(LabelledQueryBody::from).collect();
    Ok(web::Json(added.into_iter().next())
        .customize()
        .with_status(StatusCode::CREATED))
}

/// Adds labelled queries, one a line, as JSON: all, or none when one is not valid.
#[utoipa::path(tag = "search", security(("api_key" = [])), params(("project_id" = String, Path)),
    request_body(content = String, content_type = "application/x-ndjson"),
    responses((status = CREATED, body = LabelledQueriesBody), (status = BAD_REQUEST, body = ErrorBody)))]
#[post("/api/v1/projects/{project_id}/search/queries/import")]
pub async fn import_labelled_queries(
    granted: Granted<may::DocumentsManage>,
    search: web::Data<SearchIndex>,
    body: web::Bytes,
) -> Result<impl Responder, Failure> {
    let added = search.add_queries(&granted.actor, imported(&body)?).await?;
    Ok(web::Json(LabelledQueriesBody::all(added))
        .customize()
        .with_status(StatusCode::CREATED))
}

/// Removes a labelled query. What runs said of it stays.
#[utoipa::path(tag = "search", security(("api_key" = [])),
    params(("project_id" = String, Path), ("query_id" = String, Path)),
    responses((status = NO_CONTENT), (status = NOT_FOUND, body = ErrorBody)))]
#[delete("/api/v1/projects/{project_id}/search/queries/{query_id}")]
pub async fn delete_labelled_query(
    granted: Granted<may::DocumentsManage>,
    search: web::Data<SearchIndex>,
    path: web::Path<(String, String)>,
) -> Result<impl Responder, Failure> {
    let id = path_id("labelled query", &path.1)?;
    search.delete_query(&granted.actor, id).await?;
    Ok(HttpResponse::NoContent())
}

/// Has all labelled queries asked with a version of the settings, in a job.
#[utoipa::path(tag = "search", security(("api_key" = [])), params(("project_id" = String, Path)),
    request_body = StartRun, responses(
        (status = ACCEPTED, body = StartedRun), (status = NOT_FOUND, body = ErrorBody),
        (status = CONFLICT, body = ErrorBody, description = "The version's index is not complete yet"),
    ))]
#[post("/api/v1/projects/{project_id}/search/runs")]
pub async fn start_search_run(
    granted: Granted<may::DocumentsManage>,
    search: web::Data<SearchIndex>,
    body: web::Json<StartRun>,
) -> Result<impl Responder, Failure> {
    let job = search
        .start_evaluation(&granted.actor, body.into_inner().setting)
        .await?;
    Ok(web::Json(StartedRun {
        job_id: job.to_string(),
    })
    .customize()
    .with_status(StatusCode::ACCEPTED))
}

/// The last evaluations, the newest first, without their queries.
#[utoipa::path(tag = "search", security(("api_key" = [])), params(("project_id" = String, Path)),
    responses((status = OK, body = SearchRunsBody)))]
#[get("/api/v1/projects/{project_id}/search/runs")]
pub async fn list_search_runs(
    granted: Granted<may::DocumentsRead>,
    search: web::Data<SearchIndex>,
) -> Result<impl Responder, Failure> {
    let runs = search.runs(&granted.actor).await?;
    Ok(web::Json(SearchRunsBody::from(runs)))
}

/// An evaluation, with what each query was worth.
#[utoipa::path(tag = "search", security(("api_key" = [])),
    params(("project_id" = String, Path), ("run_id" = String, Path)),
    responses((status = OK, body = SearchRunBody), (status = NOT_FOUND, body = ErrorBody)))]
#[get("/api/v1/projects/{project_id}/search/runs/{run_id}")]
pub async fn get_search_run(
    granted: Granted<may::DocumentsRead>,
    search: web::Data<SearchIndex>,
    path: web::Path<(String, String)>,
) -> Result<impl Responder, Failure> {
    let id = path_id("search run", &path.1)?;
    let run = search.run(&granted.actor, id).await?;
    Ok(web::Json(SearchRunBody::from(run)))
}
