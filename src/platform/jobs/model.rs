//! A job as callers see it.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::kernel::{Id, ProjectId, Timestamp};

pub type JobId = Id<JobRecord>;

/// Where a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    /// Waits for its time, a worker, or another attempt.
    Queued,
    Running,
    Done,
    /// Gave up; `error` says why.
    Dead,
    Cancelled,
}

impl JobState {
    pub const ALL: [Self; 5] = [
        Self::Queued,
        Self::Running,
        Self::Done,
        Self::Dead,
        Self::Cancelled,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Done => "done",
            Self::Dead => "dead",
            Self::Cancelled => "cancelled",
        }
    }
}

impl FromStr for JobState {
    type Err = String;
    fn from_str(name: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|state| state.name() == name)
            .ok_or_else(|| format!("unknown job state `{name}`"))
    }
}

/// How far a running job says it has come.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct JobProgress {
    pub done: i64,
    pub total: Option<i64>,
    pub message: Option<String>,
}

/// One job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct JobRecord {
    pub id: JobId,
    pub project: Option<ProjectId>,
    pub kind: String,
    pub queue: String,
    pub state: JobState,
    pub priority: i32,
    /// Attempts that were begun.
    pub attempts: i32,
    pub max_attempts: i32,
    pub requested_by: String,
    pub created_at: Timestamp,
    /// When it may run, or may run again.
    pub run_at: Timestamp,
    /// When its latest attempt began.
    pub started_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    pub cancel_requested: bool,
    pub progress: Option<JobProgress>,
    /// Why its latest attempt failed.
    pub error: Option<String>,
}

/// Which jobs of a project to list.
#[derive(Clone, Debug, Default)]
pub struct JobFilter {
    pub state: Option<JobState>,
    pub kind: Option<String>,
    pub queue: Option<String>,
}
