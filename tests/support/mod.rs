//! What every test over HTTP needs: the real app on port 0, on a database of its own.

pub mod app;
pub mod database;
#[expect(dead_code, reason = "shared with tests that read other files")]
pub mod pdf;
pub mod provider;
pub mod s3;
pub mod seed;

pub use app::App;
pub use database::Engine;

use std::{future::Future, time::Duration};

/// Nothing in these tests takes that long unless it is broken.
const DEADLINE: Duration = Duration::from_mins(1);

/// Waits until `fact` holds, looking again and again.
pub async fn eventually<F: Future<Output = bool>>(what: &str, fact: impl Fn() -> F) {
    let looking = async {
        while !fact().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let happened = tokio::time::timeout(DEADLINE, looking).await;
    assert!(happened.is_ok(), "never happened: {what}");
}

/// Writes a test once and runs it on SQLite and on PostgreSQL; the test starts its app.
///
/// ```text
/// each_engine! {
///     async fn a_provider_is_called(engine: Engine) { ... }
/// }
/// ```
#[macro_export]
macro_rules! each_engine {
    ($($(#[$meta:meta])* async fn $name:ident($engine:ident: Engine) $body:block)+) => {$(
        $(#[$meta])*
        mod $name {
            use super::*;

            async fn run($engine: Engine) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                run(Engine::Sqlite).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                run(Engine::Postgres).await;
            }
        }
    )+};
}

/// Writes a test once and runs it on SQLite and on PostgreSQL.
///
/// ```text
/// each_database! {
///     async fn a_key_is_shown_once(app: App) { ... }
/// }
/// ```
#[macro_export]
macro_rules! each_database {
    ($($(#[$meta:meta])* async fn $name:ident($app:ident: App) $body:block)+) => {$(
        $(#[$meta])*
        mod $name {
            use super::*;

            async fn run($app: $crate::support::App) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                run($crate::support::App::start($crate::support::Engine::Sqlite).await).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                run($crate::support::App::start($crate::support::Engine::Postgres).await).await;
            }
        }
    )+};
}
