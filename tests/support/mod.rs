//! What every test over HTTP needs: the real app on port 0, on a database of its own.

pub mod app;
pub mod database;
pub mod provider;
pub mod seed;

pub use app::App;
pub use database::Engine;

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
