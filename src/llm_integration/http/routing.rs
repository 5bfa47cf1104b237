//! Routes: what a project's model aliases stand for.

use actix_web::{HttpResponse, Responder, delete, get, put, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    kernel::Failure,
    llm_integration::{LlmError, Route, RouteAlias, RouteEntry, Routes, StoredRoute},
    platform::http::{ErrorBody, Granted, may},
};

#[derive(Serialize, ToSchema)]
struct RouteBody {
    /// What calls give as their `model`.
    alias: String,
    /// `project` or, for one of the settings, `settings`.
    source: &'static str,
    #[schema(value_type = serde_json::Value)]
    route: Route,
    /// Counts the changes of a project's route, from 1.
    version: Option<i32>,
    author: Option<String>,
    created_at: Option<DateTime<Utc>>,
    updated_at: Option<DateTime<Utc>>,
}

#[derive(Serialize, ToSchema)]
struct RouteListBody {
    items: Vec<RouteBody>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct Replacing {
    /// The version that is to be replaced; with another one stored, the answer is 409.
    version: Option<i32>,
}

impl From<RouteEntry> for RouteBody {
    fn from(entry: RouteEntry) -> Self {
        match entry {
            RouteEntry::Own(stored) => stored.into(),
            RouteEntry::Configured { alias, route } => Self {
                alias: alias.as_str().to_owned(),
                source: "settings",
                route,
                version: None,
                author: None,
                created_at: None,
                updated_at: None,
            },
        }
    }
}

impl From<StoredRoute> for RouteBody {
    fn from(stored: StoredRoute) -> Self {
        let StoredRoute {
            alias,
            route,
            version,
            author,
            created_at,
            updated_at,
        } = stored;
        Self {
            alias: alias.as_str().to_owned(),
            source: "project",
            route,
            version: Some(version),
            author: Some(author),
            created_at: Some(created_at.into()),
            updated_at: Some(updated_at.into()),
        }
    }
}

fn alias(text: &str) -> Result<RouteAlias, LlmError> {
    text.parse().map_err(|what| LlmError::RouteInvalid { what })
}

/// The routes that the project's calls can name, those of the settings included.
#[utoipa::path(tag = "routes", security(("api_key" = [])), responses((status = OK, body = RouteListBody)))]
#[get("/api/v1/routes")]
pub(super) async fn list(
    granted: Granted<may::GatewayCall>,
    routes: web::Data<Routes>,
) -> Result<impl Responder, Failure> {
    let entries = routes.list(&granted.actor).await?;
    Ok(web::Json(RouteListBody {
        items: entries.into_iter().map(Into::into).collect(),
    }))
}

#[utoipa::path(tag = "routes", security(("api_key" = [])), params(("alias" = String, Path)),
    responses((status = OK, body = RouteBody), (status = NOT_FOUND, body = ErrorBody)))]
#[get("/api/v1/routes/{alias:.*}")]
pub(super) async fn get(
    granted: Granted<may::GatewayCall>,
    routes: web::Data<Routes>,
    path: web::Path<String>,
) -> Result<impl Responder, Failure> {
    let entry = routes.get(&granted.actor, &alias(&path)?).await?;
    Ok(web::Json(RouteBody::from(entry)))
}

/// Makes or replaces a route; it counts for calls that begin later, on every replica within 2
/// seconds.
///
/// `node` is a tree: `{"type": "target", "provider", "model", "params", "overrides"}` or
/// `{"type": "route", "alias"}` at its leaves; above them `fallback` (`nodes`, and `on`, the reasons
/// to go on), `weighted` (`choices` of `weight` and `node`, `sticky` by `session` or `user`),
/// `quickest` (`nodes`; the better of two by latency and calls under way), `split` (`variants` of
/// `name`, `weight` and `node`, `by` `session` or `user`; recorded in the trace) and `when` (`cases`
/// of `when` and `then`, `otherwise`; a condition names `tags`, `metadata`, `min_input_tokens`,
/// `max_input_tokens`, `needs` of `tools`, `vision`, `json_schema`, `streaming`, `keys`, `users`,
/// `any`, `not`). Reasons to go on are `connect`, `timeout`, `rate_limit`, `server_error`,
/// `unreadable`, `breaker_open`, `busy` (these are the default), `auth`, `not_found`,
/// `context_length`, `content_filter`, `untranslatable`, `invalid_request`, a status such as `529`,
/// and `any`. `shadow` (`percent`, `target`) also makes a share of the calls elsewhere, for their
/// trace alone. `overrides` of the route or of a target set `first_byte_timeout_ms`,
/// `idle_timeout_ms`, `total_timeout_ms`, `attempts`, `backoff_ms`, `max_backoff_ms`,
/// `max_retry_after_ms`, `breaker` (`failure_ratio`, `min_calls`, `window_ms`,
/// `open_ms`, `probes`) and `hedge` (`after_ms`, `after_p95`).
#[utoipa::path(tag = "routes", security(("api_key" = [])), params(("alias" = String, Path)),
    request_body = serde_json::Value,
    responses((status = OK, body = RouteBody), (status = BAD_REQUEST, body = ErrorBody),
        (status = CONFLICT, body = ErrorBody)))]
#[put("/api/v1/routes/{alias:.*}")]
pub(super) async fn put(
    granted: Granted<may::RoutesManage>,
    routes: web::Data<Routes>,
    path: web::Path<String>,
    query: web::Query<Replacing>,
    body: web::Json<Route>,
) -> Result<impl Responder, Failure> {
    let (alias, route) = (alias(&path)?, body.into_inner());
    let stored = routes
        .put(&granted.actor, alias, route, query.version)
        .await?;
    Ok(web::Json(RouteBody::from(stored)))
}

/// Removes the project's own route, unless another one leads to it; one of the settings counts again.
#[utoipa::path(tag = "routes", security(("api_key" = [])), params(("alias" = String, Path)),
    responses((status = NO_CONTENT), (status = BAD_REQUEST, body = ErrorBody),
        (status = NOT_FOUND, body = ErrorBody)))]
#[delete("/api/v1/routes/{alias:.*}")]
pub(super) async fn delete(
    granted: Granted<may::RoutesManage>,
    routes: web::Data<Routes>,
    path: web::Path<String>,
) -> Result<impl Responder, Failure> {
    routes.delete(&granted.actor, alias(&path)?).await?;
    Ok(HttpResponse::NoContent())
}
