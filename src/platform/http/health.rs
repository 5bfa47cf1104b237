//! `/health`, `/health/live`, `/health/ready`: for people, process managers and load balancers.

use actix_web::{HttpResponse, Responder, get, web};
use serde::Serialize;
use utoipa::ToSchema;

use crate::platform::health::{ComponentHealth, Health, Readiness};

/// Everything there is to know about this process's health.
#[derive(Debug, Serialize, ToSchema)]
pub struct HealthReport {
    #[serde(flatten)]
    pub readiness: Readiness,
    pub version: &'static str,
    pub uptime_seconds: u64,
    pub components: Vec<ComponentHealth>,
}

/// Whether the process runs at all. Touches nothing.
#[utoipa::path(tag = "operations", responses((status = OK, description = "The process runs")))]
#[get("/health/live")]
pub(super) async fn live() -> impl Responder {
    HttpResponse::Ok().json(serde_json::json!({ "status": "ok" }))
}

/// Whether this process can do the work of its roles. From memory.
#[utoipa::path(tag = "operations", responses(
    (status = OK, body = Readiness), (status = SERVICE_UNAVAILABLE, body = Readiness),
))]
#[get("/health/ready")]
pub(super) async fn ready(health: web::Data<Health>) -> impl Responder {
    let readiness = health.readiness();
    let mut answer = if readiness.ready {
        HttpResponse::Ok()
    } else {
        HttpResponse::ServiceUnavailable()
    };
    answer.json(readiness)
}

/// Each component with its latency, version and last error. Always 200: read `ready`.
#[utoipa::path(tag = "operations", responses((status = OK, body = HealthReport)))]
#[get("/health")]
pub(super) async fn report(health: web::Data<Health>) -> impl Responder {
    HttpResponse::Ok().json(HealthReport {
        readiness: health.readiness(),
        version: env!("CARGO_PKG_VERSION"),
        uptime_seconds: health.uptime().as_secs(),
        components: health.components(),
    })
}
