//! Writes and reads comments.

use super::{Comment, CommentFilter, NewComment, store};
use crate::{
    kernel::{Actor, Clock, PageLimit, Permission},
    llm_integration::{LlmError, Paged, Recorder},
    platform::db::{Db, DbError},
};

/// The comments of every project. Cheap to clone.
#[derive(Clone)]
pub struct Comments {
    db: Db,
    clock: Clock,
    recorder: Recorder,
}

impl Comments {
    pub fn new(db: Db, clock: Clock, recorder: Recorder) -> Self {
        Self {
            db,
            clock,
            recorder,
        }
    }

    pub async fn create(&self, actor: &Actor, new: NewComment) -> Result<Comment, LlmError> {
        actor.require(Permission::TracesWrite)?;
        let id = self.clock.new_id::<Comment>().to_string();
        let comment = Comment::create(new, id, self.clock.now())?;
        // Who has just sent a trace can comment on it.
        self.recorder.applied().await;
        let (project, stored) = (actor.project, comment.clone());
        self.db
            .write(move |conn| {
                if !store::object_exists(conn, project, stored.object, &stored.object_id)? {
                    return Err(LlmError::Missing {
                        what: "object to comment on with the id",
                        id: stored.object_id,
                    });
                }
                Ok(store::insert(conn, project, stored)?)
            })
            .await?;
        Ok(comment)
    }

    pub async fn get(&self, actor: &Actor, id: String) -> Result<Comment, LlmError> {
        actor.require(Permission::TracesRead)?;
        let project = actor.project;
        self.db
            .read(move |conn| {
                let found = store::comment(conn, project, &id)?;
                found.ok_or(LlmError::Missing {
                    what: "comment",
                    id,
                })
            })
            .await
    }

    /// Page `page` (the first is 1) of the comments that match, newest first.
    pub async fn list(
        &self,
        actor: &Actor,
        filter: CommentFilter,
        page: u32,
        limit: PageLimit,
    ) -> Result<Paged<Comment>, LlmError> {
        actor.require(Permission::TracesRead)?;
        let project = actor.project;
        let offset = i64::from(page.saturating_sub(1)) * i64::from(limit.get());
        self.db
            .read(move |conn| {
                let total = store::count(conn, project, &filter)?;
                Ok::<_, DbError>(Paged {
                    items: store::list(conn, project, &filter, offset, i64::from(limit.get()))?,
                    total: total.unsigned_abs(),
                })
            })
            .await
            .map_err(LlmError::from)
    }
}
