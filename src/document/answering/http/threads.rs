//! Conversations about documents.

use actix_web::{HttpResponse, Responder, delete, get, web};

use super::{
    bodies::{ConversationBody, ThreadBody, ThreadsBody},
    requests::ListThreads,
};
use crate::{
    document::answering::service::Answers,
    kernel::Failure,
    platform::http::{ErrorBody, Granted, may, path_id},
};

/// The project's conversations, the one that last went on first.
#[utoipa::path(tag = "answers", security(("api_key" = [])), params(("project_id" = String, Path), ListThreads),
    responses((status = OK, body = ThreadsBody), (status = BAD_REQUEST, body = ErrorBody)))]
#[get("/api/v1/projects/{project_id}/threads")]
pub async fn list_threads(
    granted: Granted<may::DocumentsRead>,
    answers: web::Data<Answers>,
    query: web::Query<ListThreads>,
) -> Result<impl Responder, Failure> {
    let (cursor, limit) = query.into_inner().parse()?;
    let page = answers.threads(&granted.actor, cursor, limit).await?;
    Ok(web::Json(ThreadsBody {
        items: page.items.into_iter().map(ThreadBody::from).collect(),
        next: page.next,
    }))
}

/// A conversation with its answers, in order.
#[utoipa::path(tag = "answers", security(("api_key" = [])),
    params(("project_id" = String, Path), ("thread_id" = String, Path), ListThreads),
    responses((status = OK, body = ConversationBody), (status = NOT_FOUND, body = ErrorBody)))]
#[get("/api/v1/projects/{project_id}/threads/{thread_id}")]
pub async fn get_thread(
    granted: Granted<may::DocumentsRead>,
    answers: web::Data<Answers>,
    path: web::Path<(String, String)>,
    query: web::Query<ListThreads>,
) -> Result<impl Responder, Failure> {
    let id = path_id("thread", &path.1)?;
    let (cursor, limit) = query.into_inner().parse()?;
    let conversation = answers.thread(&granted.actor, id, cursor, limit).await?;
    Ok(web::Json(ConversationBody::from(conversation)))
}

/// Deletes a conversation with its answers.
#[utoipa::path(tag = "answers", security(("api_key" = [])),
    params(("project_id" = String, Path), ("thread_id" = String, Path)),
    responses((status = NO_CONTENT), (status = NOT_FOUND, body = ErrorBody)))]
#[delete("/api/v1/projects/{project_id}/threads/{thread_id}")]
pub async fn delete_thread(
    granted: Granted<may::DocumentsWrite>,
    answers: web::Data<Answers>,
    path: web::Path<(String, String)>,
) -> Result<impl Responder, Failure> {
    let id = path_id("thread", &path.1)?;
    answers.delete_thread(&granted.actor, id).await?;
    Ok(HttpResponse::NoContent())
}
