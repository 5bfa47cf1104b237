//! Publishing: a draft becomes the next version, for ever.

use super::{Change, Prompts, resolve_version};
use crate::{
    kernel::{Actor, Failure, Permission},
    platform::db::Conn,
    prompt::{
        PromptChange, PromptError, Snapshot,
        model::{
            CommitMessage, Draft, Label, Prompt, PromptName, Selector, Version, VersionNumber,
            references,
        },
        store::{self, Inserted},
    },
};

impl Prompts {
    /// Makes the next version of the draft's name, the first if there is none.
    ///
    /// # Errors
    /// Besides `prompt_invalid`: the prompt is archived or of the other kind, a label is
    /// protected, or a reference can not be resolved.
    pub async fn publish(&self, actor: &Actor, draft: Draft) -> Result<Snapshot, Failure> {
        actor.require(Permission::PromptsWrite)?;
        let published = self
            .change(actor, move |conn, change| change.publish(conn, draft))
            .await?;
        Ok(published)
    }

    /// Publishes the content and config of an older version again, as the next one.
    ///
    /// # Errors
    /// `not_found`, and as for [`Prompts::publish`].
    pub async fn revert(
        &self,
        actor: &Actor,
        name: PromptName,
        to: VersionNumber,
        commit_message: Option<CommitMessage>,
        labels: Vec<Label>,
    ) -> Result<Snapshot, Failure> {
        actor.require(Permission::PromptsWrite)?;
        let reverted = self
            .change(actor, move |conn, change| {
                let selector = Selector::Version(to);
                let found = store::select(conn, change.actor.project, &name, &selector)?;
                let Some((_, old)) = found else {
                    return Err(PromptError::SelectionNotFound { name, selector });
                };
                let commit_message = match commit_message {
                    Some(message) => message,
                    None => CommitMessage::parse(format!("Revert to version {to}"))?,
                };
                let (content, config) = (old.content, old.config);
                let commit_message = Some(commit_message);
                let draft = Draft {
                    name,
                    content,
                    config,
                    commit_message,
                    labels,
                    tags: None,
                };
                change.publish(conn, draft)
            })
            .await?;
        Ok(reverted)
    }
}

impl Change {
    fn publish(&self, conn: &mut Conn, draft: Draft) -> Result<Snapshot, PromptError> {
        let Draft {
            name,
            content,
            config,
            commit_message,
            labels,
            tags,
        } = draft;
        let now = self.clock.now();
        let references = references(content.templates())?;
        self.require_unprotected(conn, &labels)?;
        let fresh = Prompt::new(
            self.clock.new_id(),
            self.actor.project,
            name,
            content.kind(),
            now,
        );
        let (mut prompt, inserted) = store::insert_or_open(conn, fresh)?;
        let number = match inserted {
            Inserted::Yes => VersionNumber::FIRST,
            Inserted::No => prompt.publish(content.kind())?,
        };
        let version = Version {
            id: self.clock.new_id(),
            prompt: prompt.id,
            number,
            content,
            config,
            commit_message,
            author: self.actor.signature(),
            created_at: now,
            updated_at: now,
        };
        let touched = prompt.move_labels(&labels, number)?;
        let retagged = tags.filter(|tags| *tags != prompt.tags);
        resolve_version(conn, &prompt, &version)?;
        store::insert_version(conn, prompt.project, &version, &references)?;
        store::touch(conn, prompt.id, &touched, now)?;
        if let Some(tags) = retagged {
            prompt.tags = tags;
            store::touch_all(conn, prompt.id, now)?;
        }
        store::save(conn, &prompt)?;
        self.announce(
            conn,
            &prompt,
            PromptChange::Published {
                version: number,
                labels,
            },
        )?;
        Ok(Snapshot {
            prompt,
            version,
            graph: None,
        })
    }
}
