//! The worker role: background jobs.

use super::process::{StartError, Starting};

pub(super) async fn start(_starting: &Starting<'_>) -> Result<(), StartError> {
    Ok(())
}
