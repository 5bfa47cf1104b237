//! Labels and tags: what may change about a version that never changes.

use super::{Change, Prompts, require_unreferenced, resolve_version};
use crate::{
    kernel::{Actor, Failure, Permission},
    platform::db::Conn,
    prompt::{
        PromptChange, PromptError, Snapshot,
        model::{Label, Prompt, PromptName, Selector, Tags, VersionNumber},
        store::{self, ProtectedLabel},
    },
};

impl Prompts {
    /// Points `labels` at `version`; every other version loses them. Its other labels stay.
    ///
    /// # Errors
    /// `not_found`; the prompt is archived; a label is protected; or the version's references can
    /// not be resolved with the labels in their new place.
    pub async fn move_labels(
        &self,
        actor: &Actor,
        name: PromptName,
        version: VersionNumber,
        labels: Vec<Label>,
    ) -> Result<Snapshot, Failure> {
        actor.require(Permission::PromptsWrite)?;
        let labelled = self
            .change(actor, move |conn, change| {
                change.move_labels(conn, &name, version, labels)
            })
            .await?;
        Ok(labelled)
    }

    /// Takes a label away from the prompt.
    ///
    /// # Errors
    /// `not_found`; the prompt is archived; the label is protected; or others refer to it.
    pub async fn remove_label(
        &self,
        actor: &Actor,
        name: PromptName,
        label: Label,
    ) -> Result<(), Failure> {
        actor.require(Permission::PromptsWrite)?;
        self.change(actor, move |conn, change| {
            change.remove_label(conn, &name, label)
        })
        .await?;
        Ok(())
    }

    /// Replaces the prompt's tags.
    ///
    /// # Errors
    /// `not_found`, or the prompt is archived.
    pub async fn set_tags(
        &self,
        actor: &Actor,
        name: PromptName,
        tags: Tags,
    ) -> Result<Prompt, Failure> {
        actor.require(Permission::PromptsWrite)?;
        let tagged = self
            .change(actor, move |conn, change| {
                change.set_tags(conn, &name, tags)
            })
            .await?;
        Ok(tagged)
    }

    /// From now on only keys with `prompts:protect` can move or remove `label` in this project.
    ///
    /// # Errors
    /// `forbidden`.
    pub async fn protect(&self, actor: &Actor, label: Label) -> Result<(), Failure> {
        actor.require(Permission::PromptsProtect)?;
        self.change(actor, move |conn, change| {
            let (by, now) = (change.actor.signature(), change.clock.now());
            Ok(store::protect(
                conn,
                change.actor.project,
                &label,
                &by,
                now,
            )?)
        })
        .await?;
        Ok(())
    }

    /// Undoes [`Prompts::protect`]; nothing happens when the label was not protected.
    ///
    /// # Errors
    /// `forbidden`.
    pub async fn unprotect(&self, actor: &Actor, label: Label) -> Result<(), Failure> {
        actor.require(Permission::PromptsProtect)?;
        self.change(actor, move |conn, change| {
            Ok(store::unprotect(conn, change.actor.project, &label)?)
        })
        .await?;
        Ok(())
    }

    /// The project's protected labels.
    ///
    /// # Errors
    /// `forbidden`.
    pub async fn protected_labels(&self, actor: &Actor) -> Result<Vec<ProtectedLabel>, Failure> {
        actor.require(Permission::PromptsRead)?;
        let project = actor.project;
        Ok(self
            .db
            .read(move |conn| store::protected(conn, project))
            .await?)
    }
}

impl Change {
    fn move_labels(
        &self,
        conn: &mut Conn,
        name: &PromptName,
        number: VersionNumber,
        labels: Vec<Label>,
    ) -> Result<Snapshot, PromptError> {
        let mut prompt = self.open(conn, name)?;
        let version = store::find_version(conn, prompt.id, number)?.ok_or_else(|| {
            let selector = Selector::Version(number);
            PromptError::SelectionNotFound {
                name: name.clone(),
                selector,
            }
        })?;
        self.require_unprotected(conn, &labels)?;
        let touched = prompt.move_labels(&labels, number)?;
        store::touch(conn, prompt.id, &touched, self.clock.now())?;
        store::save(conn, &prompt)?;
        // Any circle that a move closes goes through the version that was moved to.
        resolve_version(conn, &prompt, &version)?;
        let change = PromptChange::Labelled {
            version: number,
            labels,
        };
        self.announce(conn, &prompt, change)?;
        Ok(Snapshot {
            prompt,
            version,
            graph: None,
        })
    }

    fn remove_label(
        &self,
        conn: &mut Conn,
        name: &PromptName,
        label: Label,
    ) -> Result<(), PromptError> {
        let mut prompt = self.open(conn, name)?;
        self.require_unprotected(conn, std::slice::from_ref(&label))?;
        let version = prompt.remove_label(&label)?;
        require_unreferenced(conn, &prompt, |target| {
            *target == Selector::Label(label.clone())
        })?;
        store::touch(conn, prompt.id, &[version], self.clock.now())?;
        store::save(conn, &prompt)?;
        self.announce(conn, &prompt, PromptChange::Unlabelled { version, label })
    }

    fn set_tags(
        &self,
        conn: &mut Conn,
        name: &PromptName,
        tags: Tags,
    ) -> Result<Prompt, PromptError> {
        let mut prompt = self.open(conn, name)?;
        prompt.require_active()?;
        prompt.tags = tags;
        store::touch_all(conn, prompt.id, self.clock.now())?;
        store::save(conn, &prompt)?;
        let tags = prompt.tags.as_slice().to_vec();
        self.announce(conn, &prompt, PromptChange::Tagged { tags })?;
        Ok(prompt)
    }
}
