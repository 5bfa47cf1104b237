//! Takes batches of events in.

use std::collections::BTreeSet;

use actix_web::{HttpRequest, web};
use serde::Serialize;

use super::batch::{self, Batch, EventError};
use crate::{
    interop::{
        Intake,
        intake::{Body, BodyLimit},
    },
    kernel::{Actor, Failure, Permission},
    llm_integration::{Recorder, Scores},
};

/// The largest batch (3.5 MiB), which Langfuse's SDKs keep to.
const BATCH_LIMIT: BodyLimit = BodyLimit {
    bytes: 3_670_016,
    name: "the limit of a batch",
};

/// Where batches of events are taken in. Cheap to clone.
#[derive(Clone)]
pub struct Batches {
    recorder: Recorder,
    scores: Scores,
    intake: Intake,
}

/// What each event came to.
#[derive(Debug, Serialize)]
pub struct BatchAnswer {
    successes: Vec<Success>,
    errors: Vec<EventError>,
}

#[derive(Debug, Serialize)]
struct Success {
    id: String,
    status: u16,
}

impl Batches {
    pub const fn new(recorder: Recorder, scores: Scores, intake: Intake) -> Self {
        Self {
            recorder,
            scores,
            intake,
        }
    }

    /// # Errors
    /// Of [`Intake::receive`].
    pub async fn receive(
        &self,
        request: &HttpRequest,
        payload: web::Payload,
    ) -> Result<Body, Failure> {
        self.intake.receive(request, payload, BATCH_LIMIT).await
    }

    /// Returns when every event that is right is durable.
    ///
    /// # Errors
    /// `invalid_request` when the body is no batch; `overloaded` when no more can be stored now.
    pub async fn take_in(&self, actor: &Actor, body: Body) -> Result<BatchAnswer, Failure> {
        actor.require(Permission::TracesWrite)?;
        let Batch {
            reports,
            scores,
            mut taken,
            mut errors,
        } = body.read(batch::parse).await?;
        if !reports.is_empty() {
            self.recorder.record(actor.project, reports).await?;
        }
        if !scores.is_empty() {
            let (events, scores): (Vec<_>, Vec<_>) = scores.into_iter().unzip();
            let outcomes = self.scores.record(actor.project, scores).await?;
            for (event, outcome) in events.into_iter().zip(outcomes) {
                match outcome {
                    Ok(_) => taken.push(event),
                    Err(failure) => {
                        errors.push(EventError::invalid(event, failure.message.clone()));
                    }
                }
            }
        }
        let mut told = BTreeSet::new();
        taken.retain(|id| told.insert(id.clone()));
        let successes = taken.into_iter().map(|id| Success { id, status: 201 });
        Ok(BatchAnswer {
            successes: successes.collect(),
            errors,
        })
    }
}
