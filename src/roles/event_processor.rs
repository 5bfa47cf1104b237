//! The event-processor role: moves events from the outbox to those who wait for them.

use super::process::{StartError, Starting};

pub(super) async fn start(_starting: &Starting<'_>) -> Result<(), StartError> {
    Ok(())
}
