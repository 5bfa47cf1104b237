//! Pictures of pages, for who wants to see where a quote stands: drawn once by a child of the sandbox, then kept.

use bytes::Bytes;

use super::Documents;
use crate::{
    document::{
        DocumentError,
        extraction::FileKind,
        model::{DocumentId, DocumentVersion, PictureWidth, VersionNumber},
    },
    kernel::{Actor, Failure},
    platform::objects::ObjectError,
};

/// Of one picture that is kept.
const PICTURE_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// A page as a reader sees it.
pub struct PagePicture {
    pub png: Bytes,
    /// Never of another picture.
    pub tag: String,
}

impl Documents {
    /// A page of a version as a picture.
    ///
    /// # Errors
    /// `forbidden`; `not_found`, also for a page of a format without layout; `document_page_not_drawn`; `unavailable` where
    /// nothing is installed that draws.
    pub async fn picture(
        &self,
        actor: &Actor,
        (id, number): (DocumentId, VersionNumber),
        page: i32,
        width: PictureWidth,
    ) -> Result<PagePicture, Failure> {
        let version = self.version(actor, id, Some(number)).await?.version;
        let page = drawable(&version, page)?;
        let pixels = width.pixels();
        let tag = format!("\"{}-{page}-{pixels}\"", version.content.sha256);
        let key = format!(
            "{}/{page}-{pixels}.png",
            folder(&version.content.object_key)
        );
        let png = match self.objects.get(&key, PICTURE_BYTES_MAX).await {
            Ok(png) => png,
            Err(ObjectError::NotFound { .. }) => {
                let png = self.draw(&version, page, width).await?;
                let kept = self.objects.put(&key, png.clone()).await;
                kept.map_err(DocumentError::from)?;
                // Deleted while it was drawn: nobody else removes the picture.
                if let Err(gone) = self.version(actor, id, Some(number)).await {
                    let removed = self.objects.delete(vec![key]).await;
                    removed.map_err(DocumentError::from)?;
                    return Err(gone);
                }
                png
            }
            Err(error) => return Err(DocumentError::from(error).into()),
        };
        Ok(PagePicture { png, tag })
    }

    async fn draw(
        &self,
        version: &DocumentVersion,
        page: u32,
        width: PictureWidth,
    ) -> Result<Bytes, DocumentError> {
        let content = &version.content;
        let file = self.objects.file(&content.object_key, u64::MAX).await?;
        let drawn = self
            .extractor
            .draw(file, content.kind, (page, width.pixels()))
            .await;
        Ok(drawn.map_err(DocumentError::NotDrawn)?.into())
    }
}

/// Below this path lie the pictures of the pages of a file.
pub(in crate::document) fn folder(object_key: &str) -> String {
    format!("{object_key}.pages")
}

/// The number of a page that can be drawn.
fn drawable(version: &DocumentVersion, page: i32) -> Result<u32, DocumentError> {
    let kind = version.content.kind;
    let last = match kind {
        FileKind::Native(_) => {
            return Err(DocumentError::NoLayout {
                kind: kind.as_str(),
            });
        }
        FileKind::Image(_) => Some(1),
        FileKind::Pdf => version.page_count,
    };
    let is_there = page >= 1 && last.is_none_or(|last| page <= last);
    let missing = DocumentError::NoSuchPage {
        number: version.number,
        page,
    };
    if is_there {
        Ok(page.unsigned_abs())
    } else {
        Err(missing)
    }
}
