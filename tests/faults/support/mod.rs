//! What the fault tests stand on: databases of their own, servers and processes to kill, effects
//! to count, and a way to wait for facts.

pub mod binary;
pub mod child;
mod database;
pub mod effects;
mod postgres_server;
pub mod processor;
mod redis_server;
pub mod worker;

pub use database::{Database, databases};
pub use postgres_server::PostgresServer;
pub use processor::{Counted, Processor, event_settings};
pub use redis_server::{RedisServer, client};

use std::{future::Future, time::Duration};

use tokio::time;

/// Nothing in these tests takes that long unless it is broken.
const DEADLINE: Duration = Duration::from_mins(1);

/// Waits until `fact` holds, looking again and again.
pub async fn eventually<F: Future<Output = bool>>(what: &str, fact: impl Fn() -> F) {
    let looking = async {
        while !fact().await {
            time::sleep(Duration::from_millis(10)).await;
        }
    };
    assert!(
        time::timeout(DEADLINE, looking).await.is_ok(),
        "never happened: {what}"
    );
}
