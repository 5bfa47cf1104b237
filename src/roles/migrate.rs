//! The migrate role, and how the others come to a schema they can use.

use tokio::task;

use super::process::StartError;
use crate::platform::db::{DatabaseSettings, MigrationError, Migrator, SchemaState};

/// Applies what is missing.
pub(super) async fn migrate(settings: &DatabaseSettings) -> Result<SchemaState, StartError> {
    blocking(settings, Migrator::migrate).await
}

/// How the schema stands; changes nothing.
pub(super) async fn check(settings: &DatabaseSettings) -> Result<SchemaState, StartError> {
    blocking(settings, Migrator::state).await
}

/// Before serving: migrates, or waits for the process that does.
pub(super) async fn prepare_schema(settings: &DatabaseSettings) -> Result<(), StartError> {
    let prepare = if settings.migrate_on_start {
        Migrator::migrate
    } else {
        Migrator::wait_until_usable
    };
    let state = blocking(settings, prepare).await?;
    tracing::debug!(version = state.found, "the schema is usable");
    Ok(())
}

async fn blocking(
    settings: &DatabaseSettings,
    body: fn(&Migrator) -> Result<SchemaState, MigrationError>,
) -> Result<SchemaState, StartError> {
    let migrator = Migrator::new(settings)?;
    Ok(task::spawn_blocking(move || body(&migrator)).await??)
}
