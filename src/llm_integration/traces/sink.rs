//! Where reports end: large inputs and outputs in the object store, the rest in the database.

use std::sync::Arc;

use bytes::Bytes;

use super::{
    JsonText, ObservationId, Report, TraceId,
    costing::Costs,
    merge::{Body, Changes, ObjectRef, Placed},
    recorder::lost,
    store,
};
use crate::{
    kernel::{Clock, ProjectId, Timestamp, error_chain},
    llm_integration::Prices,
    platform::{
        background::Pace,
        db::{Db, DbError},
        objects::{ObjectError, Objects},
    },
};

/// What a row keeps of an input or output that lies in the object store.
const PREVIEW_BYTES: usize = 2048;
/// Below it lie the objects of traces, by day, project and trace.
const OBJECTS: &str = "traces";
/// Hexadecimal digits of a hash that tell one trace, observation or content from others.
const HASH_DIGITS: usize = 32;

/// Why a batch was not written; it can be tried again.
#[derive(Debug, thiserror::Error)]
pub(super) enum SinkError {
    #[error("a large input or output can not be stored")]
    Objects(#[from] ObjectError),
    #[error("the database can not be written")]
    Db(#[source] Arc<DbError>),
}

/// Writes reports. Cheap to clone.
#[derive(Clone)]
pub struct Sink {
    pub db: Db,
    pub prices: Prices,
    pub clock: Clock,
    pub objects: Objects,
    /// Inputs and outputs beyond this length lie in the object store.
    pub large_bytes: usize,
}

impl Sink {
    /// Moves what is too large for a row to the object store. What was moved stays so when another
    /// fails.
    pub(super) async fn place(&self, reports: &mut [Placed]) -> Result<(), SinkError> {
        for placed in reports {
            let Placed {
                project,
                report,
                input,
                output,
            } = placed;
            for (name, body) in [("input", input), ("output", output)] {
                let is_large =
                    |body: &&mut Body| body.object.is_none() && body.text.len() > self.large_bytes;
                if let Some(body) = body.as_mut().filter(is_large) {
                    *body = self.store_apart(*project, report, name, &body.text).await?;
                }
            }
        }
        Ok(())
    }

    async fn store_apart(
        &self,
        project: ProjectId,
        report: &Report,
        name: &str,
        text: &JsonText,
    ) -> Result<Body, SinkError> {
        let key = object_key(project, report, name, text);
        let bytes = Bytes::copy_from_slice(text.get().as_bytes());
        let size = bytes.len() as u64;
        self.objects.put(&key, bytes).await?;
        let preview = text.clone().cut(PREVIEW_BYTES);
        Ok(Body {
            text: preview,
            object: Some(ObjectRef { bytes: size, key }),
        })
    }

    /// Commits changes, and says which traces they changed. A trace that the database refuses for
    /// what it holds is lost, and takes no other with it.
    pub(super) async fn write(
        &self,
        changes: &Arc<Changes>,
        pace: Pace,
    ) -> Result<Vec<(ProjectId, TraceId)>, SinkError> {
        let mut traces = Vec::new();
        let mut left = vec![Arc::clone(changes)];
        while let Some(changes) = left.pop() {
            let error = match self.commit(&changes, pace).await {
                Ok(applied) => {
                    traces.extend(applied.traces);
                    self.remove(applied.replaced_objects).await;
                    continue;
                }
                Err(error) => error,
            };
            if !is_about_content(&error) {
                return Err(SinkError::Db(error));
            }
            if changes.len() == 1 {
                lost(1, &error_chain(error.as_ref()));
                continue;
            }
            let mut first = Changes::clone(&changes);
            if let Some((middle, _)) = changes.iter().nth(changes.len() / 2) {
                left.push(Arc::new(first.split_off(middle)));
            }
            left.push(Arc::new(first));
        }
        Ok(traces)
    }

    async fn commit(
        &self,
        changes: &Arc<Changes>,
        pace: Pace,
    ) -> Result<store::Applied, Arc<DbError>> {
        let costs = Costs::of(&self.prices, changes).await?;
        let (changes, now) = (Arc::clone(changes), self.clock.now());
        let written = self.db.write(move |conn| {
            let price = |project, state: &_| costs.cost(project, state);
            store::apply(conn, &changes, &price, (now, pace))
        });
        let applied = written.await.map_err(Arc::new)?;
        let traces = applied.traces.len() as u64;
        metrics::counter!("kaname_traces_written_total").increment(traces);
        Ok(applied)
    }

    /// What no row refers to any more. Left behind it costs room until its day is removed.
    async fn remove(&self, keys: Vec<String>) {
        if let Err(error) = self.objects.delete(keys).await {
            let error = error_chain(&error);
            tracing::warn!(error, "objects that were replaced were not removed");
        }
    }
}

/// Whether the database refuses the values themselves: what else fails can succeed later.
fn is_about_content(error: &DbError) -> bool {
    !error.is_transient() && error.is_refusal()
}

/// `traces/<day>/<project>/<trace>/<observation>-<input or output>-<content>`. The day is the report's
/// own, so that it does not change with what others say; a row never lies on a later day than its
/// objects.
fn object_key(project: ProjectId, report: &Report, name: &str, text: &JsonText) -> String {
    let (day, of) = match report {
        Report::Trace(report) => (report.started_at.unwrap_or(report.at), String::new()),
        Report::Observation(report) => {
            let id = ObservationId::as_str(&report.id);
            (report.started_at.unwrap_or(report.at), hash(id) + "-")
        }
    };
    let below = objects_of(day, project, report.trace_id());
    format!("{below}/{of}{name}-{}", hash(text.get()))
}

/// The path of a trace's objects of one day.
pub(super) fn objects_of(day: Timestamp, project: ProjectId, trace: &TraceId) -> String {
    let day = day.as_datetime().date_naive();
    format!("{OBJECTS}/{day}/{project}/{}", hash(trace.as_str()))
}

fn hash(text: &str) -> String {
    let mut hash = blake3::hash(text.as_bytes()).to_hex().to_string();
    hash.truncate(HASH_DIGITS);
    hash
}
