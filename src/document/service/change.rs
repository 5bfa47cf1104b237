//! Changing what is said about a document: metadata, folder, tags.

use super::{
    Documents,
    documents::{opened, version_of},
};
use crate::{
    document::{
        DocumentError,
        model::{Document, DocumentId, DocumentVersion, Edit},
        search, store,
    },
    kernel::{Actor, Failure, Permission},
};

impl Documents {
    /// Applies an edit. What it sets, reading never changes again, until an edit says otherwise.
    ///
    /// # Errors
    /// `forbidden`, or `not_found`.
    pub async fn edit(
        &self,
        actor: &Actor,
        id: DocumentId,
        edit: Edit,
    ) -> Result<(Document, DocumentVersion), Failure> {
        actor.require(Permission::DocumentsWrite)?;
        let (project, now) = (actor.project, self.clock.now());
        let clock = self.clock.clone();
        let edited = self
            .db
            .write(move |conn| {
                let mut document = opened(conn, project, id)?;
                let latest = version_of(conn, &document, None)?;
                let title = document.title.clone();
                document.edit(edit, (&latest.metadata, &latest.file_name));
                document.updated_at = now;
                store::save(conn, &document)?;
                if document.title != title {
                    search::put_again(conn, &clock, project, id)?;
                }
                Ok::<_, DocumentError>((document, latest))
            })
            .await?;
        Ok(edited)
    }
}
