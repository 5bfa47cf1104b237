//! The endpoints of guardrails.

use actix_web::{HttpResponse, Responder, delete, get, post, put, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    kernel::{ApiKeyId, Failure},
    llm_integration::{
        LlmError,
        guardrails::{
            Action, Check, Checked, Finding, Guard, GuardContext, GuardId, GuardName, Guardrails,
            NewGuard, Phase, Phases, Scope,
        },
    },
    platform::http::{ErrorBody, Granted, may},
};

/// A guardrail: what it looks for, where, for which calls, and what it does about it.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes `NewGuard` in the API's document")]
struct NewGuardBody {
    /// Names the guard in errors and traces; one of each name in a project.
    name: String,
    /// By default it is.
    enabled: Option<bool>,
    phases: Phases,
    action: Action,
    /// `{"kind": "regex", "patterns": [], "ignore_case"}`, `{"kind": "deny_list", "words": [],
    /// "whole_words"}`, `{"kind": "pii", "kinds": ["email", "phone", "card", "my_number", "iban"]}`,
    /// `{"kind": "json_schema", "schema"}`, `{"kind": "size", "max_chars"}` or `{"kind": "http",
    /// "url", "timeout_ms", "when_unavailable": "allow" | "block"}`.
    check: Value,
    /// Calls of one of the keys, to one of the routes, with one of the tags; an empty list leaves
    /// that open.
    scope: Option<Scope>,
    /// What stands in the place of what is redacted.
    replacement: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct GuardBody {
    id: Uuid,
    #[schema(value_type = String)]
    name: GuardName,
    enabled: bool,
    phases: Phases,
    action: Action,
    #[schema(value_type = Value)]
    check: Check,
    scope: Scope,
    replacement: Option<String>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

#[derive(Serialize, ToSchema)]
struct GuardListBody {
    items: Vec<GuardBody>,
}

/// A text to try, on a guard that is not stored, or on those that a call like this would meet.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TryBody {
    text: String,
    phase: Phase,
    #[schema(value_type = Option<NewGuardBody>)]
    guard: Option<Value>,
    key: Option<Uuid>,
    route: Option<String>,
    #[serde(default)]
    tags: Vec<String>,
}

#[derive(Serialize, ToSchema)]
struct TriedBody {
    /// What is let through; `null` when it is blocked.
    text: Option<String>,
    blocked_by: Option<Finding>,
    findings: Vec<Finding>,
}

impl From<Guard> for GuardBody {
    fn from(guard: Guard) -> Self {
        let Guard {
            id,
            rule,
            created_at,
            updated_at,
        } = guard;
        let NewGuard {
            name,
            enabled,
            phases,
            action,
            check,
            scope,
            replacement,
        } = rule;
        Self {
            id: id.as_uuid(),
            name,
            enabled,
            phases,
            action,
            check,
            scope,
            replacement,
            created_at: created_at.into(),
            updated_at: updated_at.into(),
        }
    }
}

impl From<Checked> for TriedBody {
    fn from(checked: Checked) -> Self {
        let Checked {
            text,
            blocked_by,
            findings,
        } = checked;
        Self {
            text,
            blocked_by,
            findings,
        }
    }
}

/// Read here and not by the extractor, so that what is wrong in a rule has its own code.
fn rule(body: Value) -> Result<NewGuard, LlmError> {
    serde_json::from_value(body).map_err(|error| LlmError::GuardInvalid {
        what: error.to_string(),
    })
}

/// The project's guardrails, by name.
#[utoipa::path(tag = "guardrails", security(("api_key" = [])), responses((status = OK, body = GuardListBody)))]
#[get("/api/v1/guardrails")]
pub(super) async fn list(
    granted: Granted<may::GuardrailsManage>,
    guardrails: web::Data<Guardrails>,
) -> Result<impl Responder, Failure> {
    let guards = guardrails.list(&granted.actor).await?;
    Ok(web::Json(GuardListBody {
        items: guards.into_iter().map(Into::into).collect(),
    }))
}

/// Sets up a guardrail; it counts for calls that begin later, on every replica within 5 seconds.
#[utoipa::path(tag = "guardrails", security(("api_key" = [])), request_body = NewGuardBody,
    responses((status = CREATED, body = GuardBody), (status = BAD_REQUEST, body = ErrorBody),
        (status = CONFLICT, body = ErrorBody)))]
#[post("/api/v1/guardrails")]
pub(super) async fn create(
    granted: Granted<may::GuardrailsManage>,
    guardrails: web::Data<Guardrails>,
    body: web::Json<Value>,
) -> Result<impl Responder, Failure> {
    let guard = guardrails
        .create(&granted.actor, rule(body.into_inner())?)
        .await?;
    Ok(HttpResponse::Created().json(GuardBody::from(guard)))
}

/// One guardrail.
#[utoipa::path(tag = "guardrails", security(("api_key" = [])), params(("guardrail_id" = Uuid, Path)),
    responses((status = OK, body = GuardBody), (status = NOT_FOUND, body = ErrorBody)))]
#[get("/api/v1/guardrails/{guardrail_id}")]
pub(super) async fn get(
    granted: Granted<may::GuardrailsManage>,
    guardrails: web::Data<Guardrails>,
    id: web::Path<Uuid>,
) -> Result<impl Responder, Failure> {
    let guard = guardrails
        .get(&granted.actor, GuardId::from_uuid(*id))
        .await?;
    Ok(web::Json(GuardBody::from(guard)))
}

/// Puts another rule in the place of a guardrail's.
#[utoipa::path(tag = "guardrails", security(("api_key" = [])), params(("guardrail_id" = Uuid, Path)),
    request_body = NewGuardBody,
    responses((status = OK, body = GuardBody), (status = NOT_FOUND, body = ErrorBody),
        (status = BAD_REQUEST, body = ErrorBody)))]
#[put("/api/v1/guardrails/{guardrail_id}")]
pub(super) async fn replace(
    granted: Granted<may::GuardrailsManage>,
    guardrails: web::Data<Guardrails>,
    id: web::Path<Uuid>,
    body: web::Json<Value>,
) -> Result<impl Responder, Failure> {
    let rule = rule(body.into_inner())?;
    let guard = guardrails
        .replace(&granted.actor, GuardId::from_uuid(*id), rule)
        .await?;
    Ok(web::Json(GuardBody::from(guard)))
}

/// Removes a guardrail.
#[utoipa::path(tag = "guardrails", security(("api_key" = [])), params(("guardrail_id" = Uuid, Path)),
    responses((status = NO_CONTENT), (status = NOT_FOUND, body = ErrorBody)))]
#[delete("/api/v1/guardrails/{guardrail_id}")]
pub(super) async fn delete(
    granted: Granted<may::GuardrailsManage>,
    guardrails: web::Data<Guardrails>,
    id: web::Path<Uuid>,
) -> Result<impl Responder, Failure> {
    guardrails
        .delete(&granted.actor, GuardId::from_uuid(*id))
        .await?;
    Ok(HttpResponse::NoContent())
}

/// Tries a text, without a call.
#[utoipa::path(tag = "guardrails", security(("api_key" = [])), request_body = TryBody,
    responses((status = OK, body = TriedBody), (status = BAD_REQUEST, body = ErrorBody)))]
#[post("/api/v1/guardrails/check")]
pub(super) async fn try_text(
    granted: Granted<may::GuardrailsManage>,
    guardrails: web::Data<Guardrails>,
    body: web::Json<TryBody>,
) -> Result<impl Responder, Failure> {
    let TryBody {
        text,
        phase,
        guard,
        key,
        route,
        tags,
    } = body.into_inner();
    let context = GuardContext {
        key: key.map(ApiKeyId::from_uuid),
        route: route.as_deref(),
        tags: &tags,
    };
    let guard = guard.map(rule).transpose()?;
    let checked = guardrails
        .check(&granted.actor, phase, text, guard, &context)
        .await?;
    Ok(web::Json(TriedBody::from(checked)))
}
