//! The endpoints.

use actix_web::{HttpResponse, Responder, delete, get, post, web};
use serde_json::{json, value::RawValue};
use utoipa_actix_web::service_config::ServiceConfig;

use super::{
    bodies::ScoreBody,
    requests::{LangfuseScore, Sent},
};
use crate::{
    kernel::Failure,
    llm_integration::Scores,
    platform::http::{Granted, may},
};

pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(create).service(get_v2).service(delete);
}

/// Takes one score and answers with its id, or a list: 202 when all of it was taken in, otherwise
/// 207 with what was wrong.
#[utoipa::path(tag = "langfuse", security(("api_key" = [])), request_body = LangfuseScore,
    responses((status = OK), (status = ACCEPTED), (status = MULTI_STATUS), (status = BAD_REQUEST)))]
#[post("/api/public/scores")]
async fn create(
    granted: Granted<may::TracesWrite>,
    scores: web::Data<Scores>,
    body: web::Json<Box<RawValue>>,
) -> Result<HttpResponse, Failure> {
    let project = granted.actor.project;
    match Sent::parse(&body)? {
        Sent::One(report) => {
            let mut outcomes = scores.record(project, vec![*report]).await?;
            let id = outcomes.pop().transpose()?;
            Ok(HttpResponse::Ok().json(json!({ "id": id })))
        }
        Sent::Many(items) => {
            let mut errors = Vec::new();
            let mut reports = Vec::with_capacity(items.len());
            for item in items {
                match item {
                    Ok(report) => reports.push(report),
                    Err(failure) => errors.push(failure),
                }
            }
            let outcomes = scores.record(project, reports).await?;
            let accepted = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
            errors.extend(outcomes.into_iter().filter_map(Result::err));
            Ok(batch_answer(accepted, &errors))
        }
    }
}

fn batch_answer(accepted: usize, errors: &[Failure]) -> HttpResponse {
    if errors.is_empty() {
        return HttpResponse::Accepted().json(json!({ "message": "Accepted" }));
    }
    let told: Vec<_> = errors
        .iter()
        .map(|failure| json!({ "message": failure.message }))
        .collect();
    HttpResponse::MultiStatus()
        .json(json!({ "accepted": accepted, "rejected": errors.len(), "errors": told }))
}

/// One score.
#[utoipa::path(tag = "langfuse", security(("api_key" = [])), params(("score_id" = String, Path)),
    responses((status = OK, body = ScoreBody), (status = NOT_FOUND)))]
#[get("/api/public/v2/scores/{score_id}")]
async fn get_v2(
    granted: Granted<may::TracesRead>,
    scores: web::Data<Scores>,
    score_id: web::Path<String>,
) -> Result<impl Responder, Failure> {
    let score = scores.get(&granted.actor, score_id.into_inner()).await?;
    Ok(web::Json(ScoreBody::from(score)))
}

/// Deletes a score.
#[utoipa::path(tag = "langfuse", security(("api_key" = [])), params(("score_id" = String, Path)),
    responses((status = ACCEPTED), (status = NOT_FOUND)))]
#[delete("/api/public/scores/{score_id}")]
async fn delete(
    granted: Granted<may::TracesWrite>,
    scores: web::Data<Scores>,
    score_id: web::Path<String>,
) -> Result<impl Responder, Failure> {
    scores.delete(&granted.actor, score_id.into_inner()).await?;
    Ok(HttpResponse::Accepted().json(json!({ "message": "Score deleted" })))
}
