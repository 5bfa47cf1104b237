//! The jobs of notes: writing one, and settling those whose job ended without it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{model::NoteId, service::Notes};
use crate::{
    document::queues::GENERATION,
    kernel::{Actor, ApiKeyId, OrganizationId, Permission, ProjectId, Subject},
    platform::jobs::{Backoff, Job, JobPolicy, JobRegistry},
};

const SETTLE_EVERY: Duration = Duration::from_mins(1);

/// Writes a note's next version, under the limits of who asked for it.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(in crate::document) struct WriteNote {
    pub note: NoteId,
    organization: OrganizationId,
    /// The key that asked for it.
    key: Option<ApiKeyId>,
}

impl Job for WriteNote {
    const KIND: &'static str = "document.write_note";
    const QUEUE: &'static str = GENERATION;
    const POLICY: JobPolicy = JobPolicy {
        max_attempts: 5,
        backoff: Backoff {
            first: Duration::from_secs(5),
            factor: 4,
            max: Duration::from_mins(10),
        },
        timeout: Duration::from_hours(2),
    };
}

impl WriteNote {
    pub fn of(note: NoteId, actor: &Actor) -> Self {
        let key = match &actor.subject {
            Subject::ApiKey { id, .. } => Some(*id),
            Subject::User(_) | Subject::System => None,
        };
        Self {
            note,
            organization: actor.organization,
            key,
        }
    }

    /// Who calls the model: whoever asked for the note, who may do nothing else here.
    pub fn actor(&self, project: ProjectId, requested_by: &str) -> Actor {
        let subject = match self.key {
            Some(id) => Subject::ApiKey {
                id,
                public_key: requested_by.to_owned(),
            },
            None => Subject::System,
        };
        Actor {
            subject,
            organization: self.organization,
            project,
            permissions: [Permission::GatewayCall].into_iter().collect(),
        }
    }
}

/// Settles notes whose job ended without them.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct SettleNotes {}

impl Job for SettleNotes {
    const KIND: &'static str = "document.settle_notes";
    const QUEUE: &'static str = GENERATION;
    const POLICY: JobPolicy = JobPolicy {
        max_attempts: 3,
        backoff: Backoff {
            first: Duration::from_secs(5),
            factor: 4,
            max: Duration::from_mins(1),
        },
        timeout: Duration::from_mins(5),
    };
}

impl Notes {
    /// Adds the jobs of notes to a process's registry.
    #[must_use]
    pub fn register(&self, registry: JobRegistry) -> JobRegistry {
        let (writing, settling) = (self.clone(), self.clone());
        registry
            .on::<WriteNote, _, _>(move |job, context| {
                let notes = writing.clone();
                async move { notes.perform(job, &context).await }
            })
            .on::<SettleNotes, _, _>(move |_, _| {
                let notes = settling.clone();
                async move { notes.settle().await }
            })
            .every(SETTLE_EVERY, SettleNotes {})
    }
}
