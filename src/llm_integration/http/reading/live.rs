//! `GET /api/v1/traces/live`: traces as they change, by server-sent events.

use actix_web::{
    HttpRequest, HttpResponse, get,
    http::header::{CACHE_CONTROL, CONTENT_ENCODING},
    web,
};
use bytes::Bytes;
use futures::{Stream, stream};
use serde_json::json;

use super::{bodies::TraceSummaryBody, export::on_one_line, requests::LiveQuery};
use crate::{
    kernel::{ErrorCode, Failure},
    llm_integration::{FoundTrace, LiveTraces, LlmError, Position, Seen, Tail},
    platform::http::{ErrorBody, Granted, may},
};

/// What a client that lost its tail waits before it comes back, in milliseconds.
const RETRY_MS: u32 = 1000;
const LAST_EVENT_ID: &str = "last-event-id";

/// Traces as they change, each as it is then: events `trace`, whose data is what lists show of one.
/// `Last-Event-ID` goes on from where a tail was. What could not be kept for a tail that was slow, or
/// away for too long, is told of by an event `gap`: what it missed is in the lists.
#[utoipa::path(tag = "traces", security(("api_key" = [])), params(LiveQuery),
    responses((status = OK, content_type = "text/event-stream"), (status = BAD_REQUEST, body = ErrorBody)))]
#[get("/api/v1/traces/live")]
pub async fn watch_traces(
    granted: Granted<may::TracesRead>,
    live: web::Data<LiveTraces>,
    request: HttpRequest,
    query: web::Query<LiveQuery>,
) -> Result<HttpResponse, Failure> {
    let (filter, io) = query.into_inner().parse()?;
    let after = last_event_id(&request)?;
    let tail = live.tail(granted.actor, filter, io, after).await?;
    Ok(HttpResponse::Ok()
        .content_type("text/event-stream")
        .insert_header((CACHE_CONTROL, "no-cache"))
        // Compression would hold events back until it has enough of them.
        .insert_header((CONTENT_ENCODING, "identity"))
        .streaming(events(tail)))
}

fn last_event_id(request: &HttpRequest) -> Result<Option<Position>, Failure> {
    let Some(value) = request.headers().get(LAST_EVENT_ID) else {
        return Ok(None);
    };
    let parsed = value.to_str().map_err(|_| "text".to_owned());
    let parsed = parsed.and_then(str::parse).map(Some);
    parsed.map_err(|takes| {
        let message = format!("`Last-Event-ID` is not valid: it takes {takes}");
        Failure::new(ErrorCode::InvalidRequest, message)
    })
}

/// Each part is made when the client has taken the one before it.
fn events(tail: Tail) -> impl Stream<Item = Result<Bytes, Failure>> {
    let begin = format!("retry: {RETRY_MS}\n{}\n", id(tail.at()));
    stream::try_unfold((tail, Some(begin)), |(mut tail, begin)| async move {
        if let Some(begin) = begin {
            return Ok(Some((Bytes::from(begin), (tail, None))));
        }
        let seen = tail.next().await.map_err(|error: LlmError| {
            let failure = Failure::from(error);
            let causes = failure.causes();
            tracing::warn!(causes, %failure, "a live tail ends");
            failure
        })?;
        let Some(seen) = seen else {
            return Ok(None);
        };
        Ok(Some((told(seen)?, (tail, None))))
    })
}

fn told(seen: Seen) -> Result<Bytes, Failure> {
    let text = match seen {
        Seen::Traces { traces, upto } => of_traces(traces, upto)?,
        Seen::Gap { upto } => {
            let message = "what changed until now may have been missed; the lists have it";
            let data = json!({ "message": message });
            format!("event: gap\n{}data: {data}\n\n", id(upto))
        }
        Seen::Nothing { upto } => format!(": still here\n{}\n", id(upto)),
    };
    Ok(text.into())
}

/// Only the last event has the position: who breaks off before it sees the others again.
fn of_traces(traces: Vec<FoundTrace>, upto: Position) -> Result<String, Failure> {
    let (mut text, last) = (String::new(), traces.len());
    for (number, trace) in traces.into_iter().enumerate() {
        let mut json =
            serde_json::to_vec(&TraceSummaryBody::from(trace)).map_err(Failure::internal)?;
        on_one_line(&mut json);
        let json = String::from_utf8(json).map_err(Failure::internal)?;
        text.push_str("event: trace\n");
        if number + 1 == last {
            text.push_str(&id(upto));
        }
        text.push_str("data: ");
        text.push_str(&json);
        text.push_str("\n\n");
    }
    Ok(text)
}

fn id(position: Position) -> String {
    format!("id: {position}\n")
}
