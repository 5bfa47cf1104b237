//! What is found out at start, not under load.

use crate::support::{Engine, app, database::Database};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pool_that_the_server_has_no_room_for_is_refused_with_the_numbers() {
    let database = Database::create(Engine::Postgres);
    let settings = app::settings(&database, &[("APP_DATABASE__CONNECTIONS", "100000")]);
    let refusal = kaname::roles::Process::start(settings, &kaname::roles::Role::SERVING).await;
    let refusal = refusal.err().expect("it does not start").to_string();
    assert!(
        refusal.contains("100000") && refusal.contains("max_connections"),
        "{refusal}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_not_there_is_an_error_within_the_deadline() {
    let mut database = Database::create(Engine::Postgres);
    database.url = "postgres://nobody@127.0.0.1:1/nothing".to_owned();
    let deadline = [("APP_DATABASE__MIGRATION_DEADLINE_SECONDS", "0")];
    let settings = app::settings(&database, &deadline);
    let refusal = kaname::roles::Process::start(settings, &kaname::roles::Role::SERVING).await;
    let refusal = refusal.err().expect("it does not start").to_string();
    assert!(refusal.contains("can not connect"), "{refusal}");
}
