//! Limits that hold for every request, checked before anything of it is read.

use std::{sync::Arc, time::Duration};

use actix_web::dev::ServiceRequest;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::ServerSettings;
use crate::kernel::{ErrorCode, Failure};

/// What a caller is told to wait when too many requests are in flight.
const OVERLOAD_RETRY_AFTER: Duration = Duration::from_secs(1);

/// The limits of this server; its workers share it.
#[derive(Clone)]
pub(super) struct Limits {
    url_bytes: usize,
    header_bytes: usize,
    in_flight: Arc<Semaphore>,
    pub time_to_answer: Duration,
}

impl Limits {
    pub fn new(settings: &ServerSettings) -> Self {
        Self {
            url_bytes: settings.url_limit_bytes,
            header_bytes: settings.header_limit_bytes,
            in_flight: Arc::new(Semaphore::new(settings.max_in_flight)),
            time_to_answer: settings.request_timeout(),
        }
    }

    /// Admits a request, for as long as the permit lives.
    pub fn admit(&self, request: &ServiceRequest) -> Result<OwnedSemaphorePermit, Failure> {
        let url = request
            .uri()
            .path_and_query()
            .map_or(0, |url| url.as_str().len());
        if url > self.url_bytes {
            return Err(over("URL", url, self.url_bytes, ErrorCode::UriTooLong));
        }
        let headers = request
            .headers()
            .iter()
            .map(|(name, value)| name.as_str().len() + value.len())
            .sum();
        if headers > self.header_bytes {
            return Err(over(
                "headers",
                headers,
                self.header_bytes,
                ErrorCode::HeadersTooLarge,
            ));
        }
        Arc::clone(&self.in_flight)
            .try_acquire_owned()
            .map_err(|_| Failure::of(ErrorCode::Overloaded).retry_after(OVERLOAD_RETRY_AFTER))
    }

    pub fn timed_out(&self) -> Failure {
        Failure::new(
            ErrorCode::Timeout,
            format!("no answer within {} s", self.time_to_answer.as_secs()),
        )
    }
}

fn over(what: &str, found: usize, limit: usize, code: ErrorCode) -> Failure {
    Failure::new(
        code,
        format!("the {what} of this request: {found} bytes; the limit is {limit} bytes"),
    )
}
