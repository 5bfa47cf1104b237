//! `POST .../ask`: a question, and its answer as JSON or sentence by sentence.

use actix_web::{HttpResponse, post, web};

use super::{
    bodies::DocumentAnswerBody,
    requests::{AskQuestion, AskRequest},
    stream,
};
use crate::{
    document::answering::service::Answers,
    kernel::Failure,
    platform::http::{ErrorBody, Granted, may},
};

/// Answers a question from the project's documents. Every sentence comes with words of a document that prove it,
/// which were looked up there letter for letter; what nothing proves is left out, or marked. Where the documents do not
/// hold an answer, the outcome is `refused`, and `missing` says why.
///
/// With `stream: true` as server-sent events: `plan` says what the model is shown, `sentence` each proved sentence
/// when its proof was found, `answer` the whole at the end; `error` in its place where the model fails in the middle.
#[utoipa::path(tag = "answers", security(("api_key" = [])), params(("project_id" = String, Path)),
    request_body = AskQuestion, responses((status = OK, body = DocumentAnswerBody),
        (status = BAD_REQUEST, body = ErrorBody),
        (status = NOT_FOUND, body = ErrorBody, description = "No such thread, or no such model"),
        (status = BAD_GATEWAY, body = ErrorBody, description = "The model's provider failed")))]
#[post("/api/v1/projects/{project_id}/ask")]
pub async fn ask(
    granted: Granted<may::DocumentsRead>,
    answers: web::Data<Answers>,
    body: web::Json<AskQuestion>,
) -> Result<HttpResponse, Failure> {
    let AskRequest { ask, stream } = body.into_inner().parse()?;
    let asking = answers.ask(&granted.actor, ask).await?;
    if stream {
        return Ok(stream::answer(asking));
    }
    let answer = asking.whole().await?;
    Ok(HttpResponse::Ok().json(DocumentAnswerBody::from(answer)))
}
