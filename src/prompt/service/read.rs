//! Reading one prompt: as it is served, as it is stored, compared and compiled.

use std::sync::Arc;

use super::{Prompts, resolve_version};
use crate::{
    kernel::{Actor, Failure, Page, PageLimit, Permission, ProjectId},
    platform::db::Conn,
    prompt::{
        PromptError, Served, Snapshot,
        model::{
            Compiled, Diff, Missing, Prompt, PromptName, Selector, Values, Version, VersionNumber,
            compile, diff,
        },
        store,
    },
};

impl Prompts {
    /// The version that `selector` means, references replaced; from memory when it can be.
    ///
    /// # Errors
    /// `not_found`, or a reference that no longer resolves.
    pub async fn fetch(
        &self,
        actor: &Actor,
        name: &PromptName,
        selector: &Selector,
    ) -> Result<Arc<Served>, Failure> {
        actor.require(Permission::PromptsRead)?;
        let load = || self.load(actor.project, name.clone(), selector.clone());
        let served = self
            .cache
            .get_or_load(actor.project, name, selector, load)
            .await?;
        served.count_fetch();
        Ok(served)
    }

    async fn load(
        &self,
        project: ProjectId,
        name: PromptName,
        selector: Selector,
    ) -> Result<Served, Failure> {
        let snapshot = self
            .db
            .read(move |conn| {
                let mut snapshot = selected(conn, project, name, selector)?;
                let resolution = resolve_version(conn, &snapshot.prompt, &snapshot.version)?;
                snapshot.version.content = resolution.content;
                snapshot.graph = resolution.graph;
                Ok::<_, PromptError>(snapshot)
            })
            .await?;
        let fetches = self.counters.of(snapshot.version.id);
        Ok(Served::new(snapshot, fetches))
    }

    /// The version that `selector` means as it is stored, references in place.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn get(
        &self,
        actor: &Actor,
        name: PromptName,
        selector: Selector,
    ) -> Result<Snapshot, Failure> {
        actor.require(Permission::PromptsRead)?;
        let project = actor.project;
        let snapshot = self
            .db
            .read(move |conn| selected(conn, project, name, selector))
            .await?;
        Ok(snapshot)
    }

    /// A prompt's versions, from the highest down.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn versions(
        &self,
        actor: &Actor,
        name: PromptName,
        before: Option<VersionNumber>,
        limit: PageLimit,
    ) -> Result<(Prompt, Page<Version>), Failure> {
        actor.require(Permission::PromptsRead)?;
        let project = actor.project;
        let (prompt, versions) = self
            .db
            .read(move |conn| {
                let prompt = existing(conn, project, name)?;
                let limit = limit.with_lookahead();
                let versions = store::version_page(conn, prompt.id, before, limit)?;
                Ok::<_, PromptError>((prompt, versions))
            })
            .await?;
        Ok((
            prompt,
            Page::from_lookahead(versions, limit, |version| version.number),
        ))
    }

    /// What leads from one version to another, as they are stored.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn diff(
        &self,
        actor: &Actor,
        name: PromptName,
        from: VersionNumber,
        to: VersionNumber,
    ) -> Result<Diff, Failure> {
        actor.require(Permission::PromptsRead)?;
        let project = actor.project;
        let diff = self
            .db
            .read(move |conn| {
                let from = selected(conn, project, name.clone(), Selector::Version(from))?;
                let to = selected(conn, project, name, Selector::Version(to))?;
                Ok::<_, PromptError>(diff(&from.version, &to.version))
            })
            .await?;
        Ok(diff)
    }

    /// The version that `selector` means, filled with values.
    ///
    /// # Errors
    /// As for [`Prompts::fetch`], and `prompt_variables_missing`.
    pub async fn compile(
        &self,
        actor: &Actor,
        name: &PromptName,
        selector: &Selector,
        values: &Values,
        missing: Missing,
    ) -> Result<(Arc<Served>, Compiled), Failure> {
        let served = self.fetch(actor, name, selector).await?;
        let compiled = compile(&served.snapshot.version.content, values, missing)?;
        Ok((served, compiled))
    }
}

fn selected(
    conn: &mut Conn,
    project: ProjectId,
    name: PromptName,
    selector: Selector,
) -> Result<Snapshot, PromptError> {
    match store::select(conn, project, &name, &selector)? {
        Some((prompt, version)) => Ok(Snapshot {
            prompt,
            version,
            graph: None,
        }),
        None => Err(PromptError::SelectionNotFound { name, selector }),
    }
}

pub(super) fn existing(
    conn: &mut Conn,
    project: ProjectId,
    name: PromptName,
) -> Result<Prompt, PromptError> {
    store::find(conn, project, &name)?.ok_or(PromptError::NotFound { name })
}
