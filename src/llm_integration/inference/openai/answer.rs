//! A request of the gateway's, and its answer.

use bytes::Bytes;
use http::{
    HeaderValue, Response, StatusCode,
    header::{CONTENT_TYPE, RETRY_AFTER},
};
use serde::Serialize;

use super::{embeddings, rerank};
use crate::{
    kernel::{ErrorCode, Failure},
    llm_integration::{inference::Inference, surface},
};

/// How many of a request's texts were cut at the model's limit.
const CUT_TEXTS: &str = "x-kaname-cut-texts";

/// An answer that is none of an error.
#[derive(Debug)]
pub(super) struct Answered {
    pub body: Bytes,
    pub cut: usize,
}

/// Answers a request; `path` is below the API's base. An error is told as OpenAI tells it.
pub async fn serve(inference: &Inference, path: &str, body: &[u8]) -> Response<Bytes> {
    let answered = match path {
        "/embeddings" => embeddings::create(inference, body).await,
        "/rerank" => rerank::create(inference, body).await,
        _ => Err(Failure::new(
            ErrorCode::NotFound,
            format!("models of this server answer to no `{path}`"),
        )),
    };
    match answered {
        Ok(Answered { body, cut }) => {
            let mut response = response(StatusCode::OK, body);
            if cut > 0 {
                response.headers_mut().insert(CUT_TEXTS, cut.into());
            }
            response
        }
        Err(failure) => refusal(&failure),
    }
}

/// # Errors
/// When a number is none that JSON has.
pub(super) fn json(value: &impl Serialize) -> Result<Bytes, Failure> {
    serde_json::to_vec(value)
        .map(Bytes::from)
        .map_err(Failure::internal)
}

fn refusal(failure: &Failure) -> Response<Bytes> {
    let status = StatusCode::from_u16(failure.category().status());
    let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let body = surface::openai_error(failure, "").to_string();
    let mut response = response(status, Bytes::from(body));
    if let Some(wait) = failure.retry_after {
        let seconds = wait.as_secs().max(1);
        response.headers_mut().insert(RETRY_AFTER, seconds.into());
    }
    response
}

fn response(status: StatusCode, body: Bytes) -> Response<Bytes> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, json);
    response
}
