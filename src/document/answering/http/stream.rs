//! An answer as server-sent events.

use actix_web::{
    HttpResponse,
    http::header::{CACHE_CONTROL, CONTENT_ENCODING, HeaderValue},
};
use bytes::Bytes;
use futures::{Stream, stream};
use serde_json::json;

use super::bodies::{DocumentAnswerBody, SentenceBody};
use crate::{
    document::answering::service::{Asking, Told},
    kernel::Failure,
};

/// The answer, told as it comes. Who hangs up ends it.
pub fn answer(asking: Asking) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/event-stream")
        .insert_header((CACHE_CONTROL, "no-cache"))
        // Compression would hold events back until it has enough of them.
        .insert_header((CONTENT_ENCODING, HeaderValue::from_static("identity")))
        .streaming(events(asking))
}

fn events(asking: Asking) -> impl Stream<Item = Result<Bytes, Failure>> {
    stream::unfold(Some(asking), |asking| async move {
        let mut asking = asking?;
        match asking.next().await {
            Ok(Some(told)) => Some((event(told), Some(asking))),
            Ok(None) => None,
            Err(failure) => Some((Ok(error(&failure)), None)),
        }
    })
}

fn event(told: Told) -> Result<Bytes, Failure> {
    let (name, data) = match told {
        Told::Plan {
            thread,
            trace,
            mode,
            passages,
            searched_for,
        } => {
            let plan = json!({
                "thread": thread.to_string(),
                "trace": trace,
                "mode": mode,
                "passages": passages,
                "searched_for": searched_for,
            });
            ("plan", Ok(plan.to_string()))
        }
        // Written as text at once: a `Value` on the way would give places the digits of another precision.
        Told::Sentence(sentence) => {
            let body = serde_json::to_string(&SentenceBody::from(sentence));
            ("sentence", body)
        }
        Told::Answer(answer) => {
            let body = serde_json::to_string(&DocumentAnswerBody::from(*answer));
            ("answer", body)
        }
    };
    Ok(render(name, &data.map_err(Failure::internal)?))
}

fn error(failure: &Failure) -> Bytes {
    let body = json!({ "error": { "code": failure.code.name(), "message": failure.message } });
    render("error", &body.to_string())
}

fn render(name: &str, data: &str) -> Bytes {
    format!("event: {name}\ndata: {data}\n\n").into()
}
