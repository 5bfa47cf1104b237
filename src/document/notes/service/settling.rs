//! Notes that nobody writes any more: their job died or was cancelled.

use std::time::Duration;

use super::Notes;
use crate::{
    document::notes::{
        model::{Note, NoteState},
        store,
    },
    kernel::Clock,
    platform::{
        db::{Conn, DbError},
        jobs::{self, JobError, JobState},
    },
};

/// A note that was not touched for so long may have lost its job.
const QUIET: Duration = Duration::from_mins(1);
/// Notes that are settled in one run.
const AT_ONCE: i64 = 200;

impl Notes {
    pub(in crate::document) async fn settle(&self) -> Result<(), JobError> {
        let clock = self.0.clock.clone();
        let settled = self.0.db.write(move |conn| {
            let notes = store::in_writing(conn, clock.now().minus(QUIET), AT_ONCE)?;
            notes.iter().try_for_each(|note| settle(conn, &clock, note))
        });
        Ok(settled.await?)
    }
}

fn settle(conn: &mut Conn, clock: &Clock, found: &Note) -> Result<(), DbError> {
    let job = match found.job {
        Some(job) => jobs::find(conn, found.project, job)?,
        None => None,
    };
    let why = match &job {
        Some(job) if matches!(job.state, JobState::Queued | JobState::Running) => return Ok(()),
        Some(job) if job.state == JobState::Cancelled => "it was cancelled".to_owned(),
        Some(job) => job
            .error
            .clone()
            .unwrap_or_else(|| "its job ended without a word".to_owned()),
        None => "its job is gone".to_owned(),
    };
    let opened = store::open_note(conn, found.project, found.id, clock.now())?;
    let Some(mut note) = opened.filter(|note| note.job == found.job) else {
        return Ok(());
    };
    (note.state, note.reason, note.job) = (NoteState::Failed, Some(why), None);
    store::delete_parts(conn, note.id)?;
    store::save_note(conn, &note)
}
