//! What the fault tests stand on: databases of their own, and a way to wait for facts.

mod database;

pub use database::{Database, databases};

use std::{future::Future, time::Duration};

use tokio::time;

/// Nothing in these tests takes that long unless it is broken.
const DEADLINE: Duration = Duration::from_secs(30);

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
