//! `GET .../progress`: how far a version has come, as server-sent events, until nothing more happens to it.

use std::time::Duration;

use actix_web::{
    HttpResponse, Responder, get,
    http::header::{CACHE_CONTROL, CONTENT_ENCODING, HeaderValue},
    web,
};
use bytes::Bytes;
use futures::{Stream, stream};
use serde::Serialize;
use utoipa::ToSchema;

use super::requests::WatchQuery;
use crate::{
    document::{DocumentVersion, Documents, VersionNumber, VersionState, Watch},
    kernel::Failure,
    platform::http::{ErrorBody, Granted, may, path_id},
};

/// So long without news, something is sent, so that nobody between takes the connection for dead.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// How far a version has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct DocumentProgressBody {
    version: i32,
    state: VersionState,
    /// Null until the file is opened.
    pages: Option<i32>,
    pages_done: i32,
    reason: Option<String>,
}

impl From<&DocumentVersion> for DocumentProgressBody {
    fn from(version: &DocumentVersion) -> Self {
        Self {
            version: version.number.get(),
            state: version.state,
            pages: version.page_count,
            pages_done: version.pages_done,
            reason: version.reason.clone(),
        }
    }
}

/// Tells how far reading has come: an event `progress` at once and at every change, and an event `end` when the
/// version is indexed, has failed or was cancelled.
#[utoipa::path(tag = "documents", security(("api_key" = [])),
    params(("project_id" = String, Path), ("document_id" = String, Path), WatchQuery),
    responses((status = OK, body = DocumentProgressBody, content_type = "text/event-stream"),
        (status = NOT_FOUND, body = ErrorBody)))]
#[get("/api/v1/projects/{project_id}/documents/{document_id}/progress")]
pub async fn watch_document(
    granted: Granted<may::DocumentsRead>,
    documents: web::Data<Documents>,
    path: web::Path<(String, String)>,
    query: web::Query<WatchQuery>,
) -> Result<impl Responder, Failure> {
    let id = path_id("document", &path.1)?;
    let number = query.version.map(VersionNumber::parse).transpose()?;
    let watch = documents.watch(&granted.actor, id, number).await?;
    Ok(HttpResponse::Ok()
        .content_type("text/event-stream")
        .insert_header((CACHE_CONTROL, "no-cache"))
        // Compression would hold events back until it has enough of them.
        .insert_header((CONTENT_ENCODING, HeaderValue::from_static("identity")))
        .streaming(events(watch)))
}

/// Where a stream of events stands.
struct Telling {
    watch: Watch,
    told: Option<DocumentProgressBody>,
    is_over: bool,
}

fn events(watch: Watch) -> impl Stream<Item = Result<Bytes, Failure>> {
    let telling = Telling {
        watch,
        told: None,
        is_over: false,
    };
    stream::try_unfold(telling, |mut telling| async move {
        if telling.is_over {
            return Ok(None);
        }
        let event = telling.next().await?;
        Ok(event.map(|event| (event, telling)))
    })
}

impl Telling {
    /// The next event; `None` when the process ends, and the caller may connect to another.
    async fn next(&mut self) -> Result<Option<Bytes>, Failure> {
        let keep_alive = tokio::time::sleep(KEEP_ALIVE);
        tokio::pin!(keep_alive);
        loop {
            if self.told.is_some() {
                tokio::select! {
                    goes_on = self.watch.changed() => if !goes_on {
                        return Ok(None);
                    },
                    () = &mut keep_alive => return Ok(Some(Bytes::from_static(b": still here\n\n"))),
                }
            }
            let Some(version) = self.watch.look().await? else {
                self.is_over = true;
                return Ok(Some(Bytes::from_static(b"event: deleted\ndata: {}\n\n")));
            };
            let now = DocumentProgressBody::from(&version);
            if self.told.as_ref() == Some(&now) {
                continue;
            }
            self.is_over = version.state.is_final();
            let event = self.render(&now)?;
            self.told = Some(now);
            return Ok(Some(event));
        }
    }

    fn render(&self, progress: &DocumentProgressBody) -> Result<Bytes, Failure> {
        let data = serde_json::to_string(progress).map_err(Failure::internal)?;
        let name = if self.is_over { "end" } else { "progress" };
        Ok(format!("event: {name}\ndata: {data}\n\n").into())
    }
}
