//! `GET /api/v1/traces/export`: traces with everything there is, one JSON object a line.
//!
//! A page is in memory at a time, and the next is read when the client has taken it. Each line has
//! the `cursor` from which an export that broke off goes on.

use std::sync::Arc;

use actix_web::{HttpResponse, get, web};
use bytes::Bytes;
use futures::{Stream, stream};
use serde::Serialize;

use super::{
    bodies::{ObservationSummaryBody, OwnScoreBody, TraceSummaryBody},
    requests::{ListQuery, ListRequest},
};
use crate::{
    kernel::{Actor, Cursor, Failure, PageLimit},
    llm_integration::{LlmError, Scores, TraceColumn, TraceDetails, TraceFilter, TraceId, Traces},
    platform::http::{ErrorBody, Granted, may},
};

/// One export.
struct Export {
    actor: Actor,
    traces: Traces,
    scores: Scores,
    filter: TraceFilter,
    limit: PageLimit,
}

/// Traces that match, newest first, with their observations and scores.
#[utoipa::path(tag = "traces", security(("api_key" = [])), params(ListQuery),
    responses((status = OK, content_type = "application/x-ndjson"),
        (status = BAD_REQUEST, body = ErrorBody)))]
#[get("/api/v1/traces/export")]
pub async fn export_traces(
    granted: Granted<may::TracesRead>,
    (traces, scores): (web::Data<Traces>, web::Data<Scores>),
    query: web::Query<ListQuery>,
) -> Result<HttpResponse, Failure> {
    let ListRequest {
        filter,
        cursor,
        limit,
        ..
    } = query.into_inner().parse(TraceColumn::Timestamp)?;
    let export = Export {
        actor: granted.actor,
        traces: traces.get_ref().clone(),
        scores: scores.get_ref().clone(),
        filter,
        limit,
    };
    Ok(HttpResponse::Ok()
        .content_type("application/x-ndjson")
        .streaming(lines(Arc::new(export), cursor)))
}

/// One line.
#[derive(Serialize)]
struct ExportLine<'a> {
    cursor: &'a Cursor,
    trace: TraceSummaryBody,
    observations: Vec<ObservationSummaryBody>,
    scores: Vec<OwnScoreBody>,
}

/// Where an export stands.
enum At {
    Page(Option<Cursor>),
    End,
}

fn lines(
    export: Arc<Export>,
    cursor: Option<Cursor>,
) -> impl Stream<Item = Result<Bytes, Failure>> {
    stream::try_unfold(At::Page(cursor), move |at| {
        let export = Arc::clone(&export);
        async move {
            let At::Page(cursor) = at else {
                return Ok(None);
            };
            let (bytes, next) = export.page(cursor).await?;
            let next = next.map_or(At::End, |cursor| At::Page(Some(cursor)));
            Ok(Some((bytes, next)))
        }
    })
}

/// JSON on one line: inputs and outputs stand in it as they were written, and no text of JSON holds
/// a line break that is not escaped.
pub(super) fn on_one_line(json: &mut [u8]) {
    for byte in json {
        if matches!(byte, b'\n' | b'\r') {
            *byte = b' ';
        }
    }
}

impl Export {
    async fn page(&self, cursor: Option<Cursor>) -> Result<(Bytes, Option<Cursor>), Failure> {
        let page = self
            .traces
            .traces(&self.actor, self.filter.clone(), self.limit, cursor, false)
            .await?;
        let mut lines = Vec::new();
        for trace in page.items {
            let cursor = Traces::cursor_after(&trace);
            let Some(line) = self.line(trace.id, &cursor).await? else {
                continue;
            };
            lines.extend_from_slice(&line);
            lines.push(b'\n');
        }
        Ok((lines.into(), page.next))
    }

    /// `None` when the trace was deleted in the meantime.
    async fn line(&self, id: TraceId, cursor: &Cursor) -> Result<Option<Vec<u8>>, Failure> {
        let details = match self.traces.get(&self.actor, id.clone()).await {
            Ok(details) => details,
            Err(LlmError::TraceNotFound { .. }) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let scores = self.scores.of_traces(&self.actor, vec![id]).await?;
        let TraceDetails {
            trace,
            observations,
        } = details;
        let line = ExportLine {
            cursor,
            trace: trace.into(),
            observations: observations.into_iter().map(Into::into).collect(),
            scores: scores.into_iter().map(Into::into).collect(),
        };
        let mut json = serde_json::to_vec(&line).map_err(Failure::internal)?;
        on_one_line(&mut json);
        Ok(Some(json))
    }
}
