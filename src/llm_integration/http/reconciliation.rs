//! The endpoint that reconciles an invoice.
#![expect(
    unused_qualifications,
    reason = "utoipa's macro names the type of the query a second time"
)]

use actix_web::{
    HttpMessage, HttpRequest, HttpResponse, Responder, http::header::ACCEPT, post, web,
};
use bytes::Bytes;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    kernel::Failure,
    llm_integration::{InvoiceFormat, LlmError, ReconciledLine, Reconciliation, Reconciliations},
    platform::http::{ErrorBody, Granted, may},
};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct ReconcileQuery {
    /// Whose export it is: `openai`, `anthropic` or `generic` (columns date, model, input, output,
    /// cost). By default `generic`.
    format: Option<String>,
}

/// The CSV in a JSON body, for clients that send nothing else.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CsvBody {
    csv: String,
}

/// Compares a provider's invoice with the ledger of calls, by day and model, and explains the
/// difference. The body is CSV, or JSON with the CSV as `csv`; the answer is JSON, or CSV where `Accept` is `text/csv`.
#[utoipa::path(tag = "prices", security(("api_key" = [])), params(ReconcileQuery),
    request_body(content = String, content_type = "text/csv"),
    responses((status = OK, body = Reconciliation), (status = BAD_REQUEST, body = ErrorBody)))]
#[post("/api/v1/reconciliation")]
pub(super) async fn reconcile(
    granted: Granted<may::TracesRead>,
    reconciliations: web::Data<Reconciliations>,
    query: web::Query<ReconcileQuery>,
    request: HttpRequest,
    body: Bytes,
) -> Result<impl Responder, Failure> {
    let format = query.into_inner().format;
    let format: InvoiceFormat = format
        .as_deref()
        .unwrap_or("generic")
        .parse()
        .map_err(|what| LlmError::InvoiceInvalid { what })?;
    let csv = if request.content_type() == "application/json" {
        let CsvBody { csv } = serde_json::from_slice(&body).map_err(|error| {
            let what = format!("the JSON body is not as expected: {error}");
            LlmError::InvoiceInvalid { what }
        })?;
        Bytes::from(csv)
    } else {
        body
    };
    let report = reconciliations
        .reconcile(&granted.actor, csv, format)
        .await?;
    let accepts = request.headers().get(ACCEPT);
    let wants_csv = accepts
        .and_then(|value| value.to_str().ok())
        .is_some_and(|accept| accept.starts_with("text/csv"));
    if wants_csv {
        let csv = csv_of(&report).map_err(Failure::internal)?;
        return Ok(HttpResponse::Ok()
            .content_type("text/csv; charset=utf-8")
            .body(csv));
    }
    Ok(HttpResponse::Ok().json(report))
}

/// A row for each day and model.
fn csv_of(report: &Reconciliation) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record([
        "date",
        "model",
        "calls",
        "invoice_input_tokens",
        "ledger_input_tokens",
        "invoice_output_tokens",
        "ledger_output_tokens",
        "invoice_cost",
        "ledger_cost",
        "difference",
        "explanation",
    ])?;
    for line in &report.lines {
        let ReconciledLine {
            date,
            model,
            calls,
            invoice_input_tokens,
            ledger_input_tokens,
            invoice_output_tokens,
            ledger_output_tokens,
            invoice_cost,
            ledger_cost,
            difference,
            explanations,
        } = line;
        let tokens = |count: &Option<u64>| count.map(|count| count.to_string()).unwrap_or_default();
        let texts: Vec<_> = explanations
            .iter()
            .map(|found| found.text.as_str())
            .collect();
        writer.write_record([
            date.to_string().as_str(),
            model,
            &calls.to_string(),
            &tokens(invoice_input_tokens),
            &ledger_input_tokens.to_string(),
            &tokens(invoice_output_tokens),
            &ledger_output_tokens.to_string(),
            invoice_cost.as_deref().unwrap_or_default(),
            ledger_cost,
            difference.as_deref().unwrap_or_default(),
            &texts.join("; "),
        ])?;
    }
    writer
        .into_inner()
        .map_err(|error| csv::Error::from(error.into_error()))
}
