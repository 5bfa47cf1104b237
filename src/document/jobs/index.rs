//! Cuts the text of a version into chunks, and makes it searchable.

use super::kinds::IndexVersion;
use crate::{
    document::{
        Documents,
        model::{DocumentVersion, VersionState},
        service::{Milestone, announce},
        store,
    },
    platform::jobs::{JobContext, JobError, JobId},
};

impl Documents {
    pub(super) async fn index(
        &self,
        job: IndexVersion,
        context: JobContext,
    ) -> Result<(), JobError> {
        let of = (job.project, job.document, job.version);
        let targets = self.search.targets(job.project).await?;
        self.search.put_version(of, &targets).await?;
        let (id, clock) = (context.id(), self.clock.clone());
        context
            .complete_with(move |conn| {
                let found = store::open_version(conn, job.version, clock.now())?;
                let Some(mut version) = found.filter(|version| is_ours(version, id)) else {
                    return Ok(());
                };
                version.state = VersionState::Indexed;
                version.indexed_at = Some(clock.now());
                store::save_version(conn, &version)?;
                Ok(announce(conn, &clock, &version, &Milestone::Indexed)?)
            })
            .await
    }
}

fn is_ours(version: &DocumentVersion, job: JobId) -> bool {
    version.state == VersionState::Read && version.job == Some(job)
}
