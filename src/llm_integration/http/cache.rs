//! The endpoint that purges the cache of answers.
#![expect(
    unused_qualifications,
    reason = "utoipa's macro names the type of the query a second time"
)]

use actix_web::{HttpResponse, Responder, delete, web};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    kernel::{ErrorCode, Failure},
    llm_integration::cache::{AnswerCache, Namespace},
    platform::http::{ErrorBody, Granted, may},
};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct PurgeQuery {
    /// Only the answers of this namespace; absent, all of the project's.
    namespace: Option<String>,
}

/// Forgets answers: no call that begins later gets one of them. Without Redis, each process has a
/// cache of its own, and this one's is purged.
#[utoipa::path(tag = "cache", security(("api_key" = [])), params(PurgeQuery),
    responses((status = NO_CONTENT), (status = BAD_REQUEST, body = ErrorBody)))]
#[delete("/api/v1/cache")]
pub(super) async fn purge(
    granted: Granted<may::CacheManage>,
    cache: web::Data<AnswerCache>,
    query: web::Query<PurgeQuery>,
) -> Result<impl Responder, Failure> {
    let namespace: Option<Namespace> = query
        .into_inner()
        .namespace
        .map(|name| name.parse())
        .transpose()
        .map_err(|what: String| Failure::new(ErrorCode::InvalidRequest, what))?;
    cache.purge(&granted.actor, namespace).await?;
    Ok(HttpResponse::NoContent())
}
