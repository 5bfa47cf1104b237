//! Cuts the text of a version into chunks, and makes it searchable.

use super::kinds::IndexVersion;
use crate::{
    document::{
        Documents,
        model::{DocumentVersion, VersionState},
        service::{Milestone, announce},
        store,
    },
    platform::{
        db::{Conn, DbError},
        jobs::{JobContext, JobError, JobId},
    },
};

/// Why a version is not searched, though nothing is wrong with it.
const SUPERSEDED: &str = "a later version of the document is searched instead";

impl Documents {
    pub(super) async fn index(
        &self,
        job: IndexVersion,
        context: JobContext,
    ) -> Result<(), JobError> {
        let id = context.id();
        let standing = self.db.read(move |conn| standing(conn, (job, id))).await?;
        let is_searched = match standing {
            Standing::NotOurs => return Ok(()),
            Standing::Superseded => false,
            Standing::Current => {
                let of = (job.project, job.document, job.version);
                let targets = self.search.targets(job.project).await?;
                self.search.put_version(of, &targets).await?;
                true
            }
        };
        let clock = self.clock.clone();
        let completed = context.complete_with(move |conn| {
            let found = store::open_version(conn, job.version, clock.now())?;
            let Some(mut version) = found.filter(|version| is_ours(version, id)) else {
                return Ok(false);
            };
            version.state = VersionState::Indexed;
            version.indexed_at = Some(clock.now());
            if !is_searched {
                version.reason = Some(SUPERSEDED.to_owned());
            }
            store::save_version(conn, &version)?;
            announce(conn, &clock, &version, &Milestone::Indexed)?;
            Ok(true)
        });
        if !completed.await? && is_searched {
            // Cancelled or deleted while it was put into the index.
            self.search.remove(job.project, job.document).await?;
        }
        self.news.tell(job.version);
        Ok(())
    }
}

/// Whether there is anything to index.
enum Standing {
    Current,
    /// Who searches finds a later version, and is not to find this one again.
    Superseded,
    NotOurs,
}

fn standing(conn: &mut Conn, (job, id): (IndexVersion, JobId)) -> Result<Standing, DbError> {
    let versions = store::versions_of(conn, job.document)?;
    let Some(version) = versions.iter().find(|version| version.id == job.version) else {
        return Ok(Standing::NotOurs);
    };
    let is_later = |other: &DocumentVersion| {
        other.number > version.number && other.state == VersionState::Indexed
    };
    Ok(if !is_ours(version, id) {
        Standing::NotOurs
    } else if versions.iter().any(is_later) {
        Standing::Superseded
    } else {
        Standing::Current
    })
}

fn is_ours(version: &DocumentVersion, job: JobId) -> bool {
    version.state == VersionState::Read && version.job == Some(job)
}
