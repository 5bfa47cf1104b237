//! Writing, reading, editing and exporting notes.

use actix_web::{HttpResponse, Responder, delete, get, post, put, web};

use super::{
    bodies::{NoteBody, NoteDetailsBody, NoteVersionBody, NoteVersionsBody, NotesBody},
    requests::{EditNote, ListNoteVersions, ListNotes, WriteNote},
};
use crate::{
    document::{DocumentError, notes::service::Notes},
    kernel::Failure,
    platform::http::{ErrorBody, Granted, may, path_id},
};

type NotePath = web::Path<(String, String)>;

/// Has a note written by a model, in the background. Every sentence of it is proved by words of the documents.
#[utoipa::path(tag = "notes", security(("api_key" = [])), params(("project_id" = String, Path)),
    request_body = WriteNote,
    responses((status = ACCEPTED, body = NoteBody), (status = BAD_REQUEST, body = ErrorBody)))]
#[post("/api/v1/projects/{project_id}/notes")]
pub async fn write_note(
    granted: Granted<may::DocumentsWrite>,
    notes: web::Data<Notes>,
    body: web::Json<WriteNote>,
) -> Result<impl Responder, Failure> {
    let request = body.into_inner().parse()?;
    let note = notes.write(&granted.actor, request).await?;
    Ok(HttpResponse::Accepted().json(NoteBody::from(note)))
}

/// The project's notes, the one that last changed first.
#[utoipa::path(tag = "notes", security(("api_key" = [])), params(("project_id" = String, Path), ListNotes),
    responses((status = OK, body = NotesBody), (status = BAD_REQUEST, body = ErrorBody)))]
#[get("/api/v1/projects/{project_id}/notes")]
pub async fn list_notes(
    granted: Granted<may::DocumentsRead>,
    notes: web::Data<Notes>,
    query: web::Query<ListNotes>,
) -> Result<impl Responder, Failure> {
    let (document, window) = query.into_inner().parse()?;
    let page = notes.list(&granted.actor, document, window).await?;
    Ok(web::Json(NotesBody {
        items: page.items.into_iter().map(NoteBody::from).collect(),
        next: page.next,
    }))
}

/// A note and its latest version.
#[utoipa::path(tag = "notes", security(("api_key" = [])),
    params(("project_id" = String, Path), ("note_id" = String, Path)),
    responses((status = OK, body = NoteDetailsBody), (status = NOT_FOUND, body = ErrorBody)))]
#[get("/api/v1/projects/{project_id}/notes/{note_id}")]
pub async fn get_note(
    granted: Granted<may::DocumentsRead>,
    notes: web::Data<Notes>,
    path: NotePath,
) -> Result<impl Responder, Failure> {
    let id = path_id("note", &path.1)?;
    let details = notes.get(&granted.actor, id, None).await?;
    Ok(web::Json(NoteDetailsBody::from(details)))
}

/// Writes a version by hand; those before it stay.
#[utoipa::path(tag = "notes", security(("api_key" = [])),
    params(("project_id" = String, Path), ("note_id" = String, Path)), request_body = EditNote,
    responses((status = OK, body = NoteDetailsBody), (status = NOT_FOUND, body = ErrorBody),
        (status = CONFLICT, body = ErrorBody, description = "It has another version than `base` by now")))]
#[put("/api/v1/projects/{project_id}/notes/{note_id}")]
pub async fn edit_note(
    granted: Granted<may::DocumentsWrite>,
    notes: web::Data<Notes>,
    path: NotePath,
    body: web::Json<EditNote>,
) -> Result<impl Responder, Failure> {
    let id = path_id("note", &path.1)?;
    let EditNote { markdown, base } = body.into_inner();
    let details = notes.edit(&granted.actor, id, markdown, base).await?;
    Ok(web::Json(NoteDetailsBody::from(details)))
}

/// Deletes a note with its versions.
#[utoipa::path(tag = "notes", security(("api_key" = [])),
    params(("project_id" = String, Path), ("note_id" = String, Path)),
    responses((status = NO_CONTENT), (status = NOT_FOUND, body = ErrorBody)))]
#[delete("/api/v1/projects/{project_id}/notes/{note_id}")]
pub async fn delete_note(
    granted: Granted<may::DocumentsWrite>,
    notes: web::Data<Notes>,
    path: NotePath,
) -> Result<impl Responder, Failure> {
    let id = path_id("note", &path.1)?;
    notes.delete(&granted.actor, id).await?;
    Ok(HttpResponse::NoContent())
}

/// Has the note written again, as a version beside those there are.
#[utoipa::path(tag = "notes", security(("api_key" = [])),
    params(("project_id" = String, Path), ("note_id" = String, Path)),
    responses((status = ACCEPTED, body = NoteBody), (status = NOT_FOUND, body = ErrorBody),
        (status = CONFLICT, body = ErrorBody, description = "It is being written")))]
#[post("/api/v1/projects/{project_id}/notes/{note_id}/rewrite")]
pub async fn rewrite_note(
    granted: Granted<may::DocumentsWrite>,
    notes: web::Data<Notes>,
    path: NotePath,
) -> Result<impl Responder, Failure> {
    let id = path_id("note", &path.1)?;
    let note = notes.rewrite(&granted.actor, id).await?;
    Ok(HttpResponse::Accepted().json(NoteBody::from(note)))
}

/// A note's versions, the highest first.
#[utoipa::path(tag = "notes", security(("api_key" = [])),
    params(("project_id" = String, Path), ("note_id" = String, Path), ListNoteVersions),
    responses((status = OK, body = NoteVersionsBody), (status = NOT_FOUND, body = ErrorBody)))]
#[get("/api/v1/projects/{project_id}/notes/{note_id}/versions")]
pub async fn list_note_versions(
    granted: Granted<may::DocumentsRead>,
    notes: web::Data<Notes>,
    path: NotePath,
    query: web::Query<ListNoteVersions>,
) -> Result<impl Responder, Failure> {
    let id = path_id("note", &path.1)?;
    let window = query.into_inner().parse()?;
    let page = notes.versions(&granted.actor, id, window).await?;
    Ok(web::Json(NoteVersionsBody {
        items: page.items.into_iter().map(NoteVersionBody::from).collect(),
        next: page.next,
    }))
}

/// A note with one of its versions.
#[utoipa::path(tag = "notes", security(("api_key" = [])),
    params(("project_id" = String, Path), ("note_id" = String, Path), ("number" = i32, Path)),
    responses((status = OK, body = NoteDetailsBody), (status = NOT_FOUND, body = ErrorBody)))]
#[get("/api/v1/projects/{project_id}/notes/{note_id}/versions/{number}")]
pub async fn get_note_version(
    granted: Granted<may::DocumentsRead>,
    notes: web::Data<Notes>,
    path: web::Path<(String, String, i32)>,
) -> Result<impl Responder, Failure> {
    let id = path_id("note", &path.1)?;
    let details = notes.get(&granted.actor, id, Some(path.2)).await?;
    Ok(web::Json(NoteDetailsBody::from(details)))
}

/// The latest version as Markdown, under its title.
#[utoipa::path(tag = "notes", security(("api_key" = [])),
    params(("project_id" = String, Path), ("note_id" = String, Path)),
    responses((status = OK, body = String, content_type = "text/markdown"),
        (status = NOT_FOUND, body = ErrorBody)))]
#[get("/api/v1/projects/{project_id}/notes/{note_id}/markdown")]
pub async fn export_note(
    granted: Granted<may::DocumentsRead>,
    notes: web::Data<Notes>,
    path: NotePath,
) -> Result<impl Responder, Failure> {
    let id = path_id("note", &path.1)?;
    let details = notes.get(&granted.actor, id, None).await?;
    let version = details.version.ok_or(DocumentError::NoteNotFound(id))?;
    let text = format!(
        "# {}\n\n{}",
        details.note.request.title, version.content.markdown
    );
    Ok(HttpResponse::Ok()
        .content_type("text/markdown; charset=utf-8")
        .body(text))
}
