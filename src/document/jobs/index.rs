//! Cuts the text of a version and makes it searchable: a document is found by the highest of its versions that is indexed,
//! whichever of them comes to its end last.

use super::kinds::IndexVersion;
use crate::{
    document::{
        Documents,
        model::{DocumentId, DocumentVersion, VersionId, VersionState},
        search::{IndexNumber, IndexTarget, found_versions},
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
/// How often one attempt puts a document right that others index at the same time.
const PUTS_MAX: usize = 5;

/// Another version of the document came to its end meanwhile; the next attempt sees it.
#[derive(Debug, thiserror::Error)]
#[error("another version of the document was indexed at the same time")]
struct Overtaken;

impl Documents {
    pub(super) async fn index(
        &self,
        job: IndexVersion,
        context: JobContext,
    ) -> Result<(), JobError> {
        let id = context.id();
        let begun = self.db.read(move |conn| standing(conn, job, Some(id)));
        if !begun.await?.is_ours {
            return Ok(());
        }
        let targets = self.search.targets(job.project).await?;
        self.put_right(job, Some(id), &targets).await?;
        let (clock, numbers) = (self.clock.clone(), numbers_of(&targets));
        let completed = context.complete_with(move |conn| {
            // Versions of one document come to their ends one after the other.
            store::open(conn, job.project, job.document)?;
            let standing = standing(conn, job, Some(id))?;
            let Some(mut version) = store::open_version(conn, job.version, clock.now())? else {
                return Ok(false);
            };
            if !standing.is_ours {
                return Ok(false);
            }
            if !is_found(conn, &numbers, job.document, standing.wanted)? {
                return Err(JobError::Retry(Box::new(Overtaken)));
            }
            version.state = VersionState::Indexed;
            version.indexed_at = Some(clock.now());
            if standing.wanted != Some(job.version) {
                version.reason = Some(SUPERSEDED.to_owned());
            }
            store::save_version(conn, &version)?;
            announce(conn, &clock, &version, &Milestone::Indexed)?;
            Ok(true)
        });
        if !completed.await? {
            // Cancelled or deleted while it was put into the index: what was found before is found again.
            self.put_right(job, None, &targets).await?;
        }
        self.news.tell(job.version);
        Ok(())
    }

    /// Has the document found by the version by which it should be found.
    async fn put_right(
        &self,
        job: IndexVersion,
        by: Option<JobId>,
        targets: &[IndexTarget],
    ) -> Result<(), JobError> {
        for _ in 0..PUTS_MAX {
            let numbers = numbers_of(targets);
            let look = self.db.read(move |conn| {
                let wanted = standing(conn, job, by)?.wanted;
                let is_right = is_found(conn, &numbers, job.document, wanted)?;
                Ok::<_, DbError>((wanted, is_right))
            });
            match look.await? {
                (_, true) => break,
                (Some(version), false) => {
                    let of = (job.project, job.document, version);
                    self.search.put_version(of, targets).await?;
                }
                (None, false) => self.search.remove(job.project, job.document).await?,
            }
        }
        Ok(())
    }
}

fn numbers_of(targets: &[IndexTarget]) -> Vec<IndexNumber> {
    targets.iter().map(|target| target.number).collect()
}

/// Whether every one of these indexes finds the document by this version; without one, whether none finds it.
fn is_found(
    conn: &mut Conn,
    indexes: &[IndexNumber],
    document: DocumentId,
    wanted: Option<VersionId>,
) -> Result<bool, DbError> {
    let found = found_versions(conn, indexes, document)?;
    Ok(match wanted {
        Some(wanted) => {
            found.len() == indexes.len() && found.iter().all(|version| *version == wanted)
        }
        None => found.is_empty(),
    })
}

/// What is to become of a version.
struct Standing {
    /// It is still for this job to index it.
    is_ours: bool,
    /// The version by which the document should be found, once the job is done.
    wanted: Option<VersionId>,
}

fn standing(conn: &mut Conn, job: IndexVersion, by: Option<JobId>) -> Result<Standing, DbError> {
    let versions = store::versions_of(conn, job.document)?;
    let is_ours = |version: &&DocumentVersion| {
        version.id == job.version
            && version.state == VersionState::Read
            && by.is_some()
            && version.job == by
    };
    let counts =
        |version: &&DocumentVersion| version.state == VersionState::Indexed || is_ours(version);
    let wanted = versions
        .iter()
        .filter(counts)
        .max_by_key(|version| version.number);
    Ok(Standing {
        is_ours: versions.iter().any(|version| is_ours(&version)),
        wanted: wanted.map(|version| version.id),
    })
}
