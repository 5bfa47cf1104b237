//! Finding prompts.

use super::Prompts;
use crate::{
    kernel::{Actor, Failure, Page, PageLimit, Permission},
    prompt::{
        model::{FolderPath, Prompt},
        store::{self, CatalogFilter, Folder, MatchingPrompt, VersionFilter},
    },
};

impl Prompts {
    /// Prompts after the name `after`, in the order of their names.
    ///
    /// # Errors
    /// `forbidden`.
    pub async fn catalog(
        &self,
        actor: &Actor,
        filter: CatalogFilter,
        after: Option<String>,
        limit: PageLimit,
    ) -> Result<Page<Prompt>, Failure> {
        actor.require(Permission::PromptsRead)?;
        let project = actor.project;
        let prompts = self
            .db
            .read(move |conn| {
                let after = after.as_deref();
                store::catalog(conn, project, &filter, after, limit.with_lookahead())
            })
            .await?;
        Ok(Page::from_lookahead(prompts, limit, |prompt| {
            prompt.name.clone()
        }))
    }

    /// The folders directly inside `parent` (`None`: the root), after the path `after`.
    ///
    /// # Errors
    /// `forbidden`.
    pub async fn folders(
        &self,
        actor: &Actor,
        parent: Option<FolderPath>,
        after: Option<String>,
        limit: PageLimit,
    ) -> Result<Page<Folder>, Failure> {
        actor.require(Permission::PromptsRead)?;
        let project = actor.project;
        let folders = self
            .db
            .read(move |conn| {
                let after = after.as_deref();
                store::folders(
                    conn,
                    project,
                    parent.as_ref(),
                    after,
                    limit.with_lookahead(),
                )
            })
            .await?;
        Ok(Page::from_lookahead(folders, limit, |folder| {
            folder.path.as_str().to_owned()
        }))
    }

    /// Prompts with the versions that match, from the `offset`th on, and how many there are.
    ///
    /// # Errors
    /// `forbidden`.
    pub async fn matching_versions(
        &self,
        actor: &Actor,
        filter: VersionFilter,
        offset: i64,
        limit: PageLimit,
    ) -> Result<(Vec<MatchingPrompt>, i64), Failure> {
        actor.require(Permission::PromptsRead)?;
        let project = actor.project;
        let limit = i64::from(limit.get());
        let matching = self
            .db
            .read(move |conn| store::matching_versions(conn, project, &filter, offset, limit))
            .await?;
        Ok(matching)
    }
}
