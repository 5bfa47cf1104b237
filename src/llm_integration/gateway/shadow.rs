//! Shadow traffic: a call that is also made elsewhere, for nothing but its trace.
//!
//! Nobody waits for it, it counts for nobody's limits, and when too many are under way it is left
//! out. It is tried once.

use std::sync::Arc;

use futures::StreamExt;
use tokio::time::Instant;
use tracing::Instrument;

use super::{Gateway, answer::AnswerBody, pipeline::Ready, tries::Tries};

/// Begins the shadow that the plan asks for, if any.
pub(super) fn begin(gateway: &Gateway, ready: &Ready) {
    let Some(target) = ready.plan.shadow.clone() else {
        return;
    };
    let parts = &gateway.0;
    let Ok(place) = Arc::clone(&parts.shadows).try_acquire_owned() else {
        metrics::counter!("gateway_shadows_left_out_total").increment(1);
        return;
    };
    let Some(call) = ready.call.shadow() else {
        return;
    };
    let policy = parts.tries.policy.with(&target.overrides);
    let tries = Tries::new(
        &parts.tries,
        policy,
        ready.tries.project,
        (Arc::clone(&ready.tries.body), ready.tries.headers.clone()),
        (call.log.clone(), Instant::now() + policy.total_timeout),
    );
    let gateway = gateway.clone();
    let span = call.span();
    let shadow = async move {
        let _place = place;
        let outcome = tries.once(&target).await;
        let answer = gateway.conclude(&tries, outcome, call, Vec::new()).await;
        // What it answered, or failed with, is in its trace.
        if let Ok(answer) = answer
            && let AnswerBody::Stream(mut stream) = answer.body
        {
            while stream.next().await.is_some() {}
        }
    };
    tokio::spawn(shadow.instrument(span));
}
