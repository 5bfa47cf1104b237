//! `Annotations`: making, finding, changing and deleting them.

use super::{
    markdown,
    model::{Annotation, AnnotationId, AnnotationPlace, Color, Comment, NewAnnotation, NewPlace},
    store::{self, Position},
};
use crate::{
    document::{
        DocumentError, DocumentId, DocumentVersion, VersionNumber,
        model::StoredPage,
        service::{existing, version_of},
        store as documents,
    },
    kernel::{Actor, Clock, Cursor, Failure, Page, PageLimit, Permission, ProjectId},
    platform::db::{Conn, Db},
};

/// Annotations of one Markdown text.
const EXPORTED_MAX: i64 = 10_000;
/// Characters of marked words.
const QUOTE_MAX_CHARS: usize = 20_000;

/// The annotations of documents. Cheap to clone.
#[derive(Clone)]
pub struct Annotations {
    db: Db,
    clock: Clock,
}

impl Annotations {
    pub const fn new(db: Db, clock: Clock) -> Self {
        Self { db, clock }
    }

    /// Marks words of a version, or a box on one of its pages.
    ///
    /// # Errors
    /// `forbidden`; `not_found` for the document, the version or the page; `document_invalid` when nothing stands there.
    pub async fn annotate(
        &self,
        actor: &Actor,
        document: DocumentId,
        new: NewAnnotation,
    ) -> Result<Annotation, Failure> {
        actor.require(Permission::DocumentsWrite)?;
        new.place.validate()?;
        let (id, now) = (self.clock.new_id(), self.clock.now());
        let (project, by) = (actor.project, actor.signature());
        let write = self.db.write(move |conn| {
            let version = version(conn, (project, document), new.version)?;
            let (page, place) = placed(conn, &version, new.place)?;
            let annotation = Annotation {
                id,
                project,
                document,
                version: version.id,
                page,
                place,
                comment: new.comment,
                color: new.color,
                created_by: by,
                created_at: now,
                updated_at: now,
            };
            store::insert(conn, &annotation)?;
            Ok::<_, DocumentError>(annotation)
        });
        Ok(write.await?)
    }

    /// A document's annotations in the order of its pages; of one version, where it is named.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, or `invalid_request` for a cursor of another list.
    pub async fn list(
        &self,
        actor: &Actor,
        document: DocumentId,
        number: Option<VersionNumber>,
        (cursor, limit): (Option<Cursor>, PageLimit),
    ) -> Result<Page<Annotation>, Failure> {
        actor.require(Permission::DocumentsRead)?;
        let after: Option<Position> = cursor.map(|cursor| cursor.position()).transpose()?;
        let project = actor.project;
        let read = self.db.read(move |conn| {
            let found = existing(conn, project, document)?;
            let version = match number {
                Some(number) => Some(version_of(conn, &found, Some(number))?.id),
                None => None,
            };
            let limit = limit.with_lookahead();
            Ok::<_, DocumentError>(store::list(conn, document, version, after.as_ref(), limit)?)
        });
        let found = read.await?;
        let position = |one: &Annotation| Position(one.page, one.created_at, one.id);
        Ok(Page::from_lookahead(found, limit, position))
    }

    /// All annotations of a version, the latest where none is named, as Markdown.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, or `document_invalid` where they are too many for one text.
    pub async fn export(
        &self,
        actor: &Actor,
        document: DocumentId,
        number: Option<VersionNumber>,
    ) -> Result<String, Failure> {
        actor.require(Permission::DocumentsRead)?;
        let project = actor.project;
        let read = self.db.read(move |conn| {
            let found = existing(conn, project, document)?;
            let version = version_of(conn, &found, number)?;
            let annotations =
                store::list(conn, document, Some(version.id), None, EXPORTED_MAX + 1)?;
            Ok::<_, DocumentError>((found.title, annotations))
        });
        let (title, annotations) = read.await?;
        if i64::try_from(annotations.len()).unwrap_or(i64::MAX) > EXPORTED_MAX {
            let why = format!("has more than {EXPORTED_MAX} annotations; list them page by page");
            return Err(DocumentError::invalid("version", why).into());
        }
        Ok(markdown::render(title.as_str(), &annotations))
    }

    /// Changes what an annotation says, or its colour.
    ///
    /// # Errors
    /// `forbidden`, or `not_found`.
    pub async fn change(
        &self,
        actor: &Actor,
        (document, id): (DocumentId, AnnotationId),
        comment: Option<Comment>,
        color: Option<Color>,
    ) -> Result<Annotation, Failure> {
        actor.require(Permission::DocumentsWrite)?;
        let (project, now) = (actor.project, self.clock.now());
        let write = self.db.write(move |conn| {
            existing(conn, project, document)?;
            let changed = store::change(conn, (document, id), (comment, color), now)?;
            changed.ok_or(DocumentError::AnnotationNotFound(id))
        });
        Ok(write.await?)
    }

    /// Deletes an annotation.
    ///
    /// # Errors
    /// `forbidden`, or `not_found`.
    pub async fn delete(
        &self,
        actor: &Actor,
        (document, id): (DocumentId, AnnotationId),
    ) -> Result<(), Failure> {
        actor.require(Permission::DocumentsWrite)?;
        let project = actor.project;
        let write = self.db.write(move |conn| {
            existing(conn, project, document)?;
            if store::delete(conn, document, id)? {
                Ok(())
            } else {
                Err(DocumentError::AnnotationNotFound(id))
            }
        });
        Ok(write.await?)
    }
}

fn version(
    conn: &mut Conn,
    (project, document): (ProjectId, DocumentId),
    number: Option<VersionNumber>,
) -> Result<DocumentVersion, DocumentError> {
    let document = existing(conn, project, document)?;
    version_of(conn, &document, number)
}

/// The page and the place that are marked, as they are stored.
fn placed(
    conn: &mut Conn,
    version: &DocumentVersion,
    place: NewPlace,
) -> Result<(i32, AnnotationPlace), DocumentError> {
    match place {
        NewPlace::Box { page, bounds } => {
            documents::page(conn, version.id, page)?.ok_or(DocumentError::PageNotFound {
                number: version.number,
                page,
                done: version.pages_done,
            })?;
            Ok((page, AnnotationPlace::Box { bounds }))
        }
        NewPlace::Text { start, end } => {
            let characters = usize::try_from(version.characters).unwrap_or_default();
            if end > characters || end - start > QUOTE_MAX_CHARS {
                let why = format!(
                    "is {end}; the version's text has {characters} characters, and up to {QUOTE_MAX_CHARS} can be marked"
                );
                return Err(DocumentError::invalid("end", why));
            }
            let pages = documents::pages_over(conn, version.id, (start, end))?;
            let page = pages.first().map_or(1, |page| page.number);
            let quote = words(&pages, (start, end));
            Ok((page, AnnotationPlace::Text { start, end, quote }))
        }
    }
}

/// The words between two offsets of a version's text, on these pages.
fn words(pages: &[StoredPage], (start, end): (usize, usize)) -> String {
    let Some(first) = pages.first() else {
        return String::new();
    };
    let texts: Vec<&str> = pages.iter().map(|page| page.text.as_str()).collect();
    let text = texts.join(crate::document::extraction::SEPARATOR);
    let before = start.saturating_sub(usize::try_from(first.start).unwrap_or_default());
    text.chars().skip(before).take(end - start).collect()
}
