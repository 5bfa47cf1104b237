//! Reading: documents, their versions, their pages and their files.

use std::collections::HashMap;

use super::{
    Documents,
    documents::{existing, version_of},
};
use crate::{
    document::{
        DocumentError,
        extraction::TextSource,
        model::{Document, DocumentId, DocumentVersion, StoredPage, VersionNumber},
        store::{self, CatalogFilter, CatalogOrder, CatalogPosition, PageSummary, SortBy},
    },
    kernel::{Actor, Cursor, ErrorCode, Failure, Page, PageLimit, Permission},
};

/// A document and its latest version.
#[derive(Clone, Debug)]
pub struct DocumentDetails {
    pub document: Document,
    pub version: DocumentVersion,
}

/// A version, and by whose reading its pages are.
#[derive(Clone, Debug)]
pub struct VersionDetails {
    pub version: DocumentVersion,
    pub sources: Vec<(TextSource, i64)>,
}

impl Documents {
    /// Documents that match, in the given order.
    ///
    /// # Errors
    /// `forbidden`, or `invalid_request` for a cursor of another order.
    pub async fn catalog(
        &self,
        actor: &Actor,
        filter: CatalogFilter,
        order: CatalogOrder,
        (cursor, limit): (Option<Cursor>, PageLimit),
    ) -> Result<Page<DocumentDetails>, Failure> {
        actor.require(Permission::DocumentsRead)?;
        let after = cursor.map(|cursor| position(&cursor, order)).transpose()?;
        let project = actor.project;
        let (documents, versions) = self
            .db
            .read(move |conn| {
                let limit = limit.with_lookahead();
                let documents = store::catalog(conn, project, &filter, (order, after), limit)?;
                let ids: Vec<DocumentId> = documents.iter().map(|document| document.id).collect();
                let versions = store::latest_versions(conn, &ids)?;
                Ok::<_, DocumentError>((documents, versions))
            })
            .await?;
        let page = Page::from_lookahead(documents, limit, |document| {
            CatalogPosition::of(document, order.by)
        });
        let mut latest: HashMap<DocumentId, DocumentVersion> = versions
            .into_iter()
            .map(|version| (version.document, version))
            .collect();
        // One that went between the two queries is not listed.
        let details = |document: Document| {
            let version = latest.remove(&document.id)?;
            Some(DocumentDetails { document, version })
        };
        Ok(Page {
            items: page.items.into_iter().filter_map(details).collect(),
            next: page.next,
        })
    }

    /// A document and its latest version.
    ///
    /// # Errors
    /// `forbidden`, or `not_found`.
    pub async fn get(&self, actor: &Actor, id: DocumentId) -> Result<DocumentDetails, Failure> {
        actor.require(Permission::DocumentsRead)?;
        let project = actor.project;
        let details = self
            .db
            .read(move |conn| {
                let document = existing(conn, project, id)?;
                let version = version_of(conn, &document, None)?;
                Ok::<_, DocumentError>(DocumentDetails { document, version })
            })
            .await?;
        Ok(details)
    }

    /// That a document is there, before a file is received for it.
    ///
    /// # Errors
    /// `forbidden`, or `not_found`.
    pub async fn require(&self, actor: &Actor, id: DocumentId) -> Result<(), Failure> {
        actor.require(Permission::DocumentsWrite)?;
        let project = actor.project;
        self.db
            .read(move |conn| existing(conn, project, id))
            .await?;
        Ok(())
    }

    /// A document's versions, from the highest down.
    ///
    /// # Errors
    /// `forbidden`, or `not_found`.
    pub async fn versions(
        &self,
        actor: &Actor,
        id: DocumentId,
        before: Option<VersionNumber>,
        limit: PageLimit,
    ) -> Result<Page<DocumentVersion>, Failure> {
        actor.require(Permission::DocumentsRead)?;
        let project = actor.project;
        let versions = self
            .db
            .read(move |conn| {
                existing(conn, project, id)?;
                let versions = store::version_page(conn, id, before, limit.with_lookahead())?;
                Ok::<_, DocumentError>(versions)
            })
            .await?;
        Ok(Page::from_lookahead(versions, limit, |version| {
            version.number
        }))
    }

    /// One version: the one that is named, or the latest.
    ///
    /// # Errors
    /// `forbidden`, or `not_found`.
    pub async fn version(
        &self,
        actor: &Actor,
        id: DocumentId,
        number: Option<VersionNumber>,
    ) -> Result<VersionDetails, Failure> {
        actor.require(Permission::DocumentsRead)?;
        let project = actor.project;
        let details = self
            .db
            .read(move |conn| {
                let document = existing(conn, project, id)?;
                let version = version_of(conn, &document, number)?;
                let sources = store::sources(conn, version.id)?;
                Ok::<_, DocumentError>(VersionDetails { version, sources })
            })
            .await?;
        Ok(details)
    }

    /// The pages of a version that are stored so far, without what they say.
    ///
    /// # Errors
    /// `forbidden`, or `not_found`.
    pub async fn pages(
        &self,
        actor: &Actor,
        (id, number): (DocumentId, VersionNumber),
        after: i32,
        limit: PageLimit,
    ) -> Result<Page<PageSummary>, Failure> {
        actor.require(Permission::DocumentsRead)?;
        let project = actor.project;
        let pages = self
            .db
            .read(move |conn| {
                let document = existing(conn, project, id)?;
                let version = version_of(conn, &document, Some(number))?;
                let pages = store::summaries(conn, version.id, after, limit.with_lookahead())?;
                Ok::<_, DocumentError>(pages)
            })
            .await?;
        Ok(Page::from_lookahead(pages, limit, |page| page.number))
    }

    /// One page with its blocks and its text.
    ///
    /// # Errors
    /// `forbidden`, or `not_found`.
    pub async fn page(
        &self,
        actor: &Actor,
        (id, number): (DocumentId, VersionNumber),
        page: i32,
    ) -> Result<StoredPage, Failure> {
        actor.require(Permission::DocumentsRead)?;
        let project = actor.project;
        let page = self
            .db
            .read(move |conn| {
                let document = existing(conn, project, id)?;
                let version = version_of(conn, &document, Some(number))?;
                let done = version.pages_done;
                store::page(conn, version.id, page)?.ok_or(DocumentError::PageNotFound {
                    number,
                    page,
                    done,
                })
            })
            .await?;
        Ok(page)
    }
}

/// Where a page begins: a cursor belongs to the order in which it was given out.
fn position(cursor: &Cursor, order: CatalogOrder) -> Result<CatalogPosition, Failure> {
    let position: CatalogPosition = cursor.position()?;
    let is_of_order = match (&position, order.by) {
        (CatalogPosition::Time(..), SortBy::CreatedAt | SortBy::UpdatedAt)
        | (CatalogPosition::Title(..), SortBy::Title) => true,
        (CatalogPosition::Time(..), SortBy::Title)
        | (CatalogPosition::Title(..), SortBy::CreatedAt | SortBy::UpdatedAt) => false,
    };
    if is_of_order {
        return Ok(position);
    }
    Err(Failure::new(
        ErrorCode::InvalidRequest,
        "`cursor` was given out by a list in another order",
    ))
}
