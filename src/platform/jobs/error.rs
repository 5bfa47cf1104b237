//! What can be wrong with a request about jobs.

use super::{JobId, JobState};
use crate::{
    kernel::{ErrorCode, Failure},
    platform::db::DbError,
};

#[derive(Debug, thiserror::Error)]
pub enum JobsError {
    #[error("no job {0} exists in this project")]
    NotFound(JobId),
    #[error("the job is {}; only a job that is dead or cancelled can be retried", .0.name())]
    NotRetryable(JobState),
    #[error("another job with the same unique key is queued or runs")]
    Replaced,
    #[error("the job has ended: it is {}", .0.name())]
    NotCancellable(JobState),
    #[error(transparent)]
    Refused(#[from] Failure),
    #[error("the jobs can not be read or changed")]
    Db(#[from] DbError),
}

impl From<JobsError> for Failure {
    fn from(error: JobsError) -> Self {
        let code = match error {
            JobsError::NotFound(_) => ErrorCode::NotFound,
            JobsError::NotRetryable(_) | JobsError::Replaced => ErrorCode::JobNotRetryable,
            JobsError::NotCancellable(_) => ErrorCode::JobNotCancellable,
            JobsError::Refused(failure) => return failure,
            JobsError::Db(source) => return source.into(),
        };
        Self::new(code, error.to_string())
    }
}
