//! What every request leaves in the metrics, and the page that Prometheus reads.

use std::time::Duration;

use actix_web::{HttpResponse, Responder, get, http::Method};
use metrics::{counter, histogram};

use crate::platform::telemetry;

/// `route` is the template (`/api/v1/jobs/{id}`), so that the number of series stays bounded.
pub(super) fn record(method: &Method, route: &str, status: u16, took: Duration) {
    let method = match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    };
    let (route, status) = (route.to_owned(), status.to_string());
    counter!("http_requests_total", "method" => method, "route" => route.clone(), "status" => status).increment(1);
    histogram!("http_request_duration_seconds", "method" => method, "route" => route)
        .record(took.as_secs_f64());
}

/// Metrics in Prometheus' text format. Everything in it comes from memory.
#[utoipa::path(tag = "operations", responses((status = OK, content_type = "text/plain", body = String)))]
#[get("/metrics")]
pub(super) async fn metrics_page() -> impl Responder {
    HttpResponse::Ok()
        .content_type("text/plain; version=0.0.4; charset=utf-8")
        .body(telemetry::prometheus().render())
}
