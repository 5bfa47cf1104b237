//! Gauges that no request moves: pools, queues, lag. Kept current in the background, so that reading
//! `/metrics` touches nothing.

use std::time::Duration;

use metrics::gauge;
use tokio::time;
use tokio_util::sync::CancellationToken;

use super::parts::Parts;
use crate::platform::redis::Redis;

const INTERVAL: Duration = Duration::from_secs(2);

pub(super) async fn keep_current(parts: Parts, stop: CancellationToken) {
    gauge!("kaname_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    loop {
        for pool in parts.db.usage() {
            gauge!("kaname_pool_size", "pool" => pool.name).set(as_gauge(pool.size));
            gauge!("kaname_pool_in_use", "pool" => pool.name).set(as_gauge(pool.in_use));
        }
        if let Some((in_use, size)) = parts.redis.as_ref().map(Redis::usage) {
            gauge!("kaname_pool_size", "pool" => "redis").set(as_gauge(size));
            gauge!("kaname_pool_in_use", "pool" => "redis").set(as_gauge(in_use));
        }
        if stop
            .run_until_cancelled(time::sleep(INTERVAL))
            .await
            .is_none()
        {
            return;
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
const fn as_gauge(count: usize) -> f64 {
    count as f64
}
