//! Conversations: finding them, reading them, deleting them.

use super::Answers;
use crate::{
    document::{
        DocumentError,
        answering::{
            model::{Answered, Thread, ThreadId},
            store::{self, ThreadPosition},
        },
    },
    kernel::{Actor, Cursor, Failure, Page, PageLimit, Permission},
};

/// A thread and one page of its answers.
#[derive(Clone, Debug)]
pub struct Conversation {
    pub thread: Thread,
    pub answers: Page<Answered>,
}

impl Answers {
    /// The project's threads, the one that last went on first.
    ///
    /// # Errors
    /// `forbidden`, or `invalid_request` for a cursor of another list.
    pub async fn threads(
        &self,
        actor: &Actor,
        cursor: Option<Cursor>,
        limit: PageLimit,
    ) -> Result<Page<Thread>, Failure> {
        actor.require(Permission::DocumentsRead)?;
        let after: Option<ThreadPosition> = cursor.map(|cursor| cursor.position()).transpose()?;
        let project = actor.project;
        let threads = self
            .0
            .db
            .read(move |conn| store::threads(conn, project, after.as_ref(), limit.with_lookahead()))
            .await?;
        let position = |thread: &Thread| ThreadPosition(thread.updated_at, thread.id);
        Ok(Page::from_lookahead(threads, limit, position))
    }

    /// A thread, and its answers in order.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, or `invalid_request` for a cursor of another list.
    pub async fn thread(
        &self,
        actor: &Actor,
        id: ThreadId,
        cursor: Option<Cursor>,
        limit: PageLimit,
    ) -> Result<Conversation, Failure> {
        actor.require(Permission::DocumentsRead)?;
        let after: i32 = cursor.map_or(Ok(0), |cursor| cursor.position())?;
        let project = actor.project;
        let (thread, answers) = self
            .0
            .db
            .read(move |conn| {
                let thread = store::find_thread(conn, project, id)?;
                let thread = thread.ok_or(DocumentError::ThreadNotFound(id))?;
                let answers = store::answers(conn, id, after, limit.with_lookahead())?;
                Ok::<_, DocumentError>((thread, answers))
            })
            .await?;
        Ok(Conversation {
            thread,
            answers: Page::from_lookahead(answers, limit, |answer| answer.number),
        })
    }

    /// Deletes a thread with its answers. Their traces stay, as long as traces are kept.
    ///
    /// # Errors
    /// `forbidden`, or `not_found`.
    pub async fn delete_thread(&self, actor: &Actor, id: ThreadId) -> Result<(), Failure> {
        actor.require(Permission::DocumentsWrite)?;
        let project = actor.project;
        let deleted = self
            .0
            .db
            .write(move |conn| store::delete_thread(conn, project, id))
            .await?;
        if deleted {
            Ok(())
        } else {
            Err(DocumentError::ThreadNotFound(id).into())
        }
    }
}
