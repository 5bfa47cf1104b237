//! The endpoints of OTLP over HTTP.

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{CONTENT_TYPE, HeaderMap},
    post, web,
};
use prost::Message;

use super::{
    mapping::Sender,
    service::Otlp,
    wire::{Encoding, TraceResponse},
};
use crate::{
    kernel::{Actor, ErrorCode, Failure},
    platform::http::{Endpoints, Granted, may},
};

pub fn routes(config: &mut Endpoints<'_>) {
    config
        .service(export_traces)
        .service(export_langfuse_traces);
}

/// Spans of any OpenTelemetry SDK: OTLP/HTTP, in Protobuf or JSON.
#[utoipa::path(tag = "otlp", security(("api_key" = [])),
    request_body(content = String, content_type = "application/x-protobuf",
        description = "An ExportTraceServiceRequest, in Protobuf or as `application/json`; gzip is understood"),
    responses((status = OK, description = "An ExportTraceServiceResponse in the request's encoding"),
        (status = TOO_MANY_REQUESTS, description = "Nothing was taken; send it again after `Retry-After`")))]
#[post("/v1/traces")]
async fn export_traces(
    granted: Granted<may::TracesWrite>,
    otlp: web::Data<Otlp>,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, Failure> {
    export(&granted.actor, &otlp, &request, payload).await
}

/// Spans of Langfuse's SDKs.
#[utoipa::path(tag = "langfuse", security(("api_key" = [])),
    params(("x-langfuse-sdk-name" = Option<String>, Header),
        ("x-langfuse-sdk-version" = Option<String>, Header),
        ("x-langfuse-ingestion-version" = Option<String>, Header)),
    request_body(content = String, content_type = "application/x-protobuf",
        description = "An ExportTraceServiceRequest, in Protobuf or as `application/json`; gzip is understood"),
    responses((status = OK, description = "An ExportTraceServiceResponse in the request's encoding"),
        (status = TOO_MANY_REQUESTS, description = "Nothing was taken; send it again after `Retry-After`")))]
#[post("/api/public/otel/v1/traces")]
async fn export_langfuse_traces(
    granted: Granted<may::TracesWrite>,
    otlp: web::Data<Otlp>,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, Failure> {
    export(&granted.actor, &otlp, &request, payload).await
}

async fn export(
    actor: &Actor,
    otlp: &Otlp,
    request: &HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, Failure> {
    let headers = request.headers();
    let encoding = encoding(headers)?;
    check_version(headers)?;
    let name = langfuse_header(headers, "x-langfuse-sdk-name");
    let version = langfuse_header(headers, "x-langfuse-sdk-version");
    let sender = Sender::of_sdk(name, version);
    let body = otlp.receive(request, payload).await?;
    let taken = otlp.take_in(actor, body, encoding, sender).await?;
    Ok(answer(encoding, &taken))
}

fn answer(encoding: Encoding, response: &TraceResponse) -> HttpResponse {
    let mut builder = HttpResponse::Ok();
    builder.content_type(encoding.content_type());
    match encoding {
        Encoding::Protobuf => builder.body(response.encode_to_vec()),
        Encoding::Json => builder.json(response),
    }
}

fn encoding(headers: &HeaderMap) -> Result<Encoding, Failure> {
    let named = headers.get(CONTENT_TYPE).and_then(|v| v.to_str().ok());
    named.and_then(Encoding::of_content_type).ok_or_else(|| {
        let named = named.map_or("no Content-Type".to_owned(), |named| {
            format!("`Content-Type: {named}`")
        });
        let what = format!(
            "a body with {named} is not read here; send `application/x-protobuf` or `application/json`"
        );
        Failure::new(ErrorCode::UnsupportedMediaType, what)
    })
}

/// Later versions mean something that we do not know.
fn check_version(headers: &HeaderMap) -> Result<(), Failure> {
    const NEWEST: u32 = 4;
    match langfuse_header(headers, "x-langfuse-ingestion-version") {
        Some(version) if version.trim().parse().is_ok_and(|v: u32| v <= NEWEST) => Ok(()),
        None | Some("") => Ok(()),
        Some(version) => Err(Failure::new(
            ErrorCode::InvalidRequest,
            format!(
                "Unsupported x-langfuse-ingestion-version: \"{version}\". Maximum supported: \"{NEWEST}\"."
            ),
        )),
    }
}

/// Some proxies turn hyphens into underscores.
fn langfuse_header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let value = headers
        .get(name)
        .or_else(|| headers.get(name.replace('-', "_")));
    value?.to_str().ok()
}
