//! `/api/public/projects` and `/api/public/health`: what SDKs ask first, to check their keys.

use actix_web::{HttpResponse, Responder, get, web};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    identity::{Identity, Project},
    kernel::Failure,
    platform::{
        health::Health,
        http::{Endpoints, Granted, may},
    },
};

pub(super) fn routes(config: &mut Endpoints<'_>) {
    config.service(list_projects).service(health).service(ready);
}

/// The projects that a key belongs to: always exactly one.
#[derive(Serialize, ToSchema)]
struct LangfuseProjects {
    data: Vec<LangfuseProject>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct LangfuseProject {
    id: String,
    name: String,
    organization: LangfuseOrganization,
    metadata: serde_json::Map<String, serde_json::Value>,
}

#[derive(Serialize, ToSchema)]
struct LangfuseOrganization {
    id: String,
    name: String,
}

impl From<Project> for LangfuseProject {
    fn from(project: Project) -> Self {
        let Project {
            id,
            name,
            organization,
            created_at: _,
        } = project;
        Self {
            id: id.to_string(),
            name,
            organization: LangfuseOrganization {
                id: organization.id.to_string(),
                name: organization.name,
            },
            metadata: serde_json::Map::new(),
        }
    }
}

/// The project of the key in use.
#[utoipa::path(tag = "langfuse", security(("api_key" = [])),
    responses((status = OK, body = LangfuseProjects)))]
#[get("/api/public/projects")]
async fn list_projects(
    granted: Granted<may::ProjectRead>,
    identity: web::Data<Identity>,
) -> Result<impl Responder, Failure> {
    let project = identity.get_project(&granted.actor).await?;
    Ok(web::Json(LangfuseProjects {
        data: vec![project.into()],
    }))
}

/// Whether the process runs, and its version.
#[derive(Serialize, ToSchema)]
struct LangfuseHealth {
    version: &'static str,
    status: &'static str,
}

/// Answers anybody; touches nothing.
#[utoipa::path(tag = "langfuse", responses((status = OK, body = LangfuseHealth)))]
#[get("/api/public/health")]
async fn health() -> impl Responder {
    web::Json(LangfuseHealth {
        version: env!("CARGO_PKG_VERSION"),
        status: "OK",
    })
}

/// The readiness of `/health/ready` in the words of Langfuse's containers.
#[utoipa::path(tag = "langfuse", responses((status = OK, body = LangfuseHealth),
    (status = SERVICE_UNAVAILABLE, body = LangfuseHealth)))]
#[get("/api/public/ready")]
async fn ready(state: web::Data<Health>) -> impl Responder {
    let version = env!("CARGO_PKG_VERSION");
    if state.readiness().ready {
        HttpResponse::Ok().json(LangfuseHealth {
            version,
            status: "OK",
        })
    } else {
        HttpResponse::ServiceUnavailable().json(LangfuseHealth {
            version,
            status: "NOT_READY",
        })
    }
}
