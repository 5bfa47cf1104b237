//! The endpoints.

use std::collections::HashMap;

use actix_web::{HttpRequest, HttpResponse, Responder, delete, get, post, web};
use serde_json::{json, value::RawValue};

use super::{
    bodies::{ScoreBody, ScoreListBody},
    filters,
    requests::{LangfuseScore, Sent},
    v3,
};
use crate::{
    interop::langfuse::{
        paging::{LangfusePageMeta, page_of},
        query::{Query, invalid},
    },
    kernel::{Cursor, Failure, PageLimit},
    llm_integration::{Scores, Traces},
    platform::http::{Endpoints, Granted, may},
};

pub fn routes(config: &mut Endpoints<'_>) {
    config
        .service(create)
        .service(list_v2)
        .service(get_v2)
        .service(list_v3)
        .service(delete);
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

/// Scores in numbered pages, newest first, each with what `fields` asks for of its trace.
#[utoipa::path(tag = "langfuse", security(("api_key" = [])),
    params(("page" = Option<u32>, Query), ("limit" = Option<u32>, Query), ("userId" = Option<String>, Query),
        ("name" = Option<String>, Query), ("fromTimestamp" = Option<String>, Query),
        ("toTimestamp" = Option<String>, Query), ("environment" = Option<Vec<String>>, Query),
        ("source" = Option<String>, Query), ("operator" = Option<String>, Query),
        ("value" = Option<f64>, Query), ("scoreIds" = Option<String>, Query),
        ("configId" = Option<String>, Query), ("sessionId" = Option<String>, Query),
        ("datasetRunId" = Option<String>, Query), ("traceId" = Option<String>, Query),
        ("observationId" = Option<String>, Query), ("queueId" = Option<String>, Query),
        ("dataType" = Option<String>, Query), ("traceTags" = Option<Vec<String>>, Query),
        ("fields" = Option<String>, Query), ("filter" = Option<String>, Query)),
    responses((status = OK, body = ScoreListBody), (status = BAD_REQUEST)))]
#[get("/api/public/v2/scores")]
async fn list_v2(
    granted: Granted<may::TracesRead>,
    (scores, traces): (web::Data<Scores>, web::Data<Traces>),
    request: HttpRequest,
) -> Result<impl Responder, Failure> {
    let query = Query::of(&request)?;
    let with_trace = with_trace(&query)?;
    let (page, limit) = page_of(&query)?;
    let filter = filters::v2(&query)?;
    let found = scores.list(&granted.actor, filter, page, limit).await?;
    let about = if with_trace {
        let ids = found
            .items
            .iter()
            .filter_map(|score| score.subject.trace.clone());
        traces.heads(&granted.actor, ids.collect()).await?
    } else {
        HashMap::new()
    };
    let data = found.items.into_iter().map(|score| {
        let trace = score.subject.trace.as_ref().and_then(|id| about.get(id));
        ScoreBody::from(score.clone()).with_trace(trace)
    });
    Ok(web::Json(ScoreListBody {
        data: data.collect(),
        meta: LangfusePageMeta::new(page, limit, found.total),
    }))
}

/// Whether `fields` asks for the trace, which it must where the trace is filtered by.
fn with_trace(query: &Query) -> Result<bool, Failure> {
    let Some(fields) = query.list("fields") else {
        return Ok(true);
    };
    if let Some(unknown) = fields.iter().find(|f| *f != "score" && *f != "trace") {
        let why = format_args!("`{unknown}` is not one of score, trace");
        return Err(invalid("fields", why));
    }
    let with_trace = fields.iter().any(|field| field == "trace");
    let filtered = query.text("userId").is_some() || !query.all("traceTags").is_empty();
    if filtered && !with_trace {
        return Err(invalid(
            "fields",
            "with `userId` or `traceTags` it must have `trace`",
        ));
    }
    Ok(with_trace)
}

/// Scores, newest first, each with a value of its type.
#[utoipa::path(tag = "langfuse", security(("api_key" = [])),
    params(("limit" = Option<u32>, Query), ("cursor" = Option<String>, Query), ("fields" = Option<String>, Query),
        ("id" = Option<String>, Query), ("name" = Option<String>, Query),
        ("source" = Option<String>, Query), ("dataType" = Option<String>, Query),
        ("environment" = Option<String>, Query), ("configId" = Option<String>, Query),
        ("queueId" = Option<String>, Query), ("authorUserId" = Option<String>, Query),
        ("value" = Option<String>, Query), ("valueMin" = Option<f64>, Query),
        ("valueMax" = Option<f64>, Query), ("traceId" = Option<String>, Query),
        ("sessionId" = Option<String>, Query), ("observationId" = Option<String>, Query),
        ("experimentId" = Option<String>, Query), ("fromTimestamp" = Option<String>, Query),
        ("toTimestamp" = Option<String>, Query)),
    responses((status = OK, body = Object), (status = BAD_REQUEST)))]
#[get("/api/public/v3/scores")]
async fn list_v3(
    granted: Granted<may::TracesRead>,
    scores: web::Data<Scores>,
    request: HttpRequest,
) -> Result<impl Responder, Failure> {
    let query = Query::of(&request)?;
    let (groups, filter) = (v3::Groups::of(&query)?, filters::v3(&query)?);
    let limit = PageLimit::parse(query.parsed("limit")?)?;
    let cursor = query.text("cursor").map(Cursor::from);
    let page = scores.page(&granted.actor, filter, limit, cursor).await?;
    let data = page.items.iter();
    let data: Vec<_> = data
        .map(|score| groups.show(granted.actor.project, score))
        .collect();
    let mut meta = json!({ "limit": limit.get() });
    if let Some(cursor) = page.next {
        meta["cursor"] = cursor.as_str().into();
    }
    Ok(web::Json(json!({ "data": data, "meta": meta })))
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
