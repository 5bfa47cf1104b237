//! A second try beside a slow first one: who answers first wins, and the other is cancelled.

use std::pin::pin;

use futures::future::{Either, select};
use tokio::time;

use super::{attempt::Upstream, chain::Tries, failed::Failed};
use crate::llm_integration::{
    providers::Resolved,
    routing::{HedgePolicy, Policy, Target},
};

impl Tries {
    /// Tries `target`, and after a while `second` beside it.
    pub(super) async fn hedged(
        &self,
        target: &Target,
        policy: &Policy,
        hedge: HedgePolicy,
        (second, second_policy): (&Target, &Policy),
    ) -> Result<Upstream, Failed> {
        let alone = time::sleep(self.alone_for(target, hedge).await);
        let first = pin!(self.attempt(target, policy, false));
        let first = match select(first, pin!(alone)).await {
            Either::Left((tried, _)) => return tried,
            Either::Right(((), first)) => first,
        };
        if !self.budget.spend(time::Instant::now()) {
            return first.await;
        }
        metrics::counter!("gateway_hedges_total").increment(1);
        let second = pin!(self.attempt(second, second_policy, true));
        // Who fails does not end the other; dropping the loser closes its connection.
        match select(first, second).await {
            Either::Left((Ok(won), _)) => Ok(won),
            Either::Left((Err(failed), second)) => second.await.map_err(|_| failed),
            Either::Right((Ok(won), _)) => {
                metrics::counter!("gateway_hedges_won_total").increment(1);
                Ok(won)
            }
            Either::Right((Err(_), first)) => first.await,
        }
    }

    async fn alone_for(&self, target: &Target, hedge: HedgePolicy) -> time::Duration {
        let fixed = time::Duration::from_millis(hedge.after_ms);
        if !hedge.after_p95 {
            return fixed;
        }
        // What can not be resolved fails in the try itself.
        let Ok(Resolved { provider, model }) = self.resolve(target).await else {
            return fixed;
        };
        let endpoint = self.health.known(&self.health_name(&provider), &model);
        endpoint
            .and_then(|endpoint| endpoint.p95())
            .unwrap_or(fixed)
    }
}
