//! Shadow traffic: a call that is also made elsewhere, for nothing but its trace.
//!
//! Nobody waits for it, it counts for nobody's limits, and when too many are under way it is left
//! out. It is tried once.

use std::sync::Arc;

use futures::StreamExt;
use tokio::time::Instant;
use tracing::Instrument;

use super::{Gateway, answer::AnswerBody, call::Call, conclude::After, tries::Tries};
use crate::llm_integration::{
    guardrails::GuardPlan,
    routing::{Overrides, Plan},
};

/// Begins the shadow that the plan asks for, if any.
pub(super) fn begin(
    gateway: &Gateway,
    (plan, main): (&Plan, &Tries),
    guards: &Arc<GuardPlan>,
    call: &Call,
) {
    let Some(target) = plan.shadow.clone() else {
        return;
    };
    let parts = &gateway.0;
    let Ok(place) = Arc::clone(&parts.shadows).try_acquire_owned() else {
        metrics::counter!("gateway_shadows_left_out_total").increment(1);
        return;
    };
    let Some(call) = call.shadow() else {
        return;
    };
    let policy = parts.tries.policy.with(&target.overrides);
    let tries = Tries::new(
        &parts.tries,
        (policy, Overrides::default()),
        main.project,
        (Arc::clone(&main.body), main.headers.clone()),
        (call.log.clone(), Instant::now() + policy.total_timeout),
    );
    let gateway = gateway.clone();
    // What may not be let out may not be in a trace either.
    let after = After {
        guards: Some(Arc::clone(guards)),
        ..After::default()
    };
    let span = call.span();
    let shadow = async move {
        let _place = place;
        let outcome = tries.once(&target).await;
        let answer = Box::pin(gateway.conclude(&tries, outcome, call, after)).await;
        // What it answered, or failed with, is in its trace.
        if let Ok(answer) = answer
            && let AnswerBody::Stream(mut stream) = answer.body
        {
            while stream.next().await.is_some() {}
        }
    };
    tokio::spawn(shadow.instrument(span));
}
