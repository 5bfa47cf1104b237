//! Archiving, restoring and deleting.

use super::{Change, Prompts, require_unreferenced};
use crate::{
    kernel::{Actor, Failure, Permission},
    platform::db::Conn,
    prompt::{
        PromptChange, PromptError,
        model::{Label, Prompt, PromptName, Selector, VersionNumber},
        store,
    },
};

impl Prompts {
    /// Hides the prompt from lists and makes it read-only; it is still served.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn archive(&self, actor: &Actor, name: PromptName) -> Result<Prompt, Failure> {
        actor.require(Permission::PromptsWrite)?;
        let archived = self
            .change(actor, move |conn, change| {
                let mut prompt = change.open(conn, &name)?;
                prompt.archive(change.clock.now());
                store::save(conn, &prompt)?;
                change.announce(conn, &prompt, PromptChange::Archived)?;
                Ok(prompt)
            })
            .await?;
        Ok(archived)
    }

    /// Undoes [`Prompts::archive`].
    ///
    /// # Errors
    /// `not_found`.
    pub async fn restore(&self, actor: &Actor, name: PromptName) -> Result<Prompt, Failure> {
        actor.require(Permission::PromptsWrite)?;
        let restored = self
            .change(actor, move |conn, change| {
                let mut prompt = change.open(conn, &name)?;
                prompt.restore();
                store::save(conn, &prompt)?;
                change.announce(conn, &prompt, PromptChange::Restored)?;
                Ok(prompt)
            })
            .await?;
        Ok(restored)
    }

    /// Deletes the version that `selector` means, or with `None` the whole prompt. A prompt whose
    /// last version goes, goes with it.
    ///
    /// # Errors
    /// `not_found`; a label is protected; or others refer to what would go.
    pub async fn delete(
        &self,
        actor: &Actor,
        name: PromptName,
        selector: Option<Selector>,
    ) -> Result<(), Failure> {
        actor.require(Permission::PromptsWrite)?;
        self.change(actor, move |conn, change| {
            change.delete(conn, &name, selector)
        })
        .await?;
        Ok(())
    }
}

impl Change {
    fn delete(
        &self,
        conn: &mut Conn,
        name: &PromptName,
        selector: Option<Selector>,
    ) -> Result<(), PromptError> {
        let mut prompt = self.open(conn, name)?;
        let all = store::numbers(conn, prompt.id)?;
        let doomed = match selector {
            None => all.clone(),
            Some(selector) => {
                let number = prompt
                    .selected(&selector)
                    .filter(|number| all.contains(number));
                vec![number.ok_or_else(|| PromptError::SelectionNotFound {
                    name: name.clone(),
                    selector,
                })?]
            }
        };
        let kept = all
            .iter()
            .filter(|number| !doomed.contains(number))
            .max()
            .copied();
        self.require_deletable(conn, &prompt, &doomed, kept)?;
        match kept {
            None => store::delete(conn, prompt.id)?,
            Some(highest) => {
                for number in &doomed {
                    store::delete_version(conn, prompt.id, *number)?;
                    prompt.delete(*number, highest);
                }
                store::save(conn, &prompt)?;
            }
        }
        self.announce(conn, &prompt, PromptChange::Deleted { versions: doomed })
    }

    fn require_deletable(
        &self,
        conn: &mut Conn,
        prompt: &Prompt,
        doomed: &[VersionNumber],
        kept: Option<VersionNumber>,
    ) -> Result<(), PromptError> {
        let labels: Vec<Label> = doomed
            .iter()
            .flat_map(|number| prompt.labels.of(*number))
            .cloned()
            .collect();
        self.require_unprotected(conn, &labels)?;
        require_unreferenced(conn, prompt, |target| match target {
            Selector::Version(number) => doomed.contains(number),
            Selector::Label(label) if label.is_latest() => kept.is_none(),
            Selector::Label(label) => labels.contains(label),
        })
    }
}
