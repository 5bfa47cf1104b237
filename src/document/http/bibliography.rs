//! Documents as a BibTeX file.

use actix_web::{HttpResponse, Responder, get, web};

use super::requests::{ListDocuments, ListRequest};
use crate::{
    document::{Documents, bibliography::bibtex},
    kernel::Failure,
    platform::http::{ErrorBody, Granted, may},
};

/// One page of the documents that match, as a BibTeX file; its header `x-next-cursor` names the next page.
#[utoipa::path(tag = "documents", security(("api_key" = [])), params(("project_id" = String, Path), ListDocuments),
    responses((status = OK, body = String, content_type = "application/x-bibtex"),
        (status = BAD_REQUEST, body = ErrorBody)))]
#[get("/api/v1/projects/{project_id}/bibliography")]
pub async fn export_bibliography(
    granted: Granted<may::DocumentsRead>,
    documents: web::Data<Documents>,
    query: web::Query<ListDocuments>,
) -> Result<impl Responder, Failure> {
    let ListRequest {
        filter,
        order,
        cursor,
        limit,
    } = query.into_inner().parse()?;
    let page = documents
        .catalog(&granted.actor, filter, order, (cursor, limit))
        .await?;
    let listed: Vec<_> = page
        .items
        .into_iter()
        .map(|details| details.document)
        .collect();
    let mut answer = HttpResponse::Ok();
    if let Some(next) = page.next {
        answer.insert_header(("x-next-cursor", next.as_str()));
    }
    Ok(answer
        .content_type("application/x-bibtex; charset=utf-8")
        .body(bibtex(&listed)))
}
