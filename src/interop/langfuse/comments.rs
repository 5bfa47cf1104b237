//! `/api/public/comments`: what people write about what was traced.

use actix_web::{HttpRequest, Responder, get, post, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::{
    paging::{LangfusePageMeta, page_of},
    query::{Query, invalid},
};
use crate::{
    kernel::{Failure, ProjectId},
    llm_integration::{Comment, CommentFilter, CommentObject, Comments, NewComment},
    platform::http::{Endpoints, Granted, may},
};

pub(super) fn routes(config: &mut Endpoints<'_>) {
    config.service(create).service(list).service(get);
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct CreateComment {
    /// The project of the key.
    project_id: String,
    /// TRACE, OBSERVATION, SESSION or PROMPT, in upper or lower case.
    object_type: String,
    object_id: String,
    /// Up to 5000 characters of Markdown.
    content: String,
    author_user_id: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct CommentBody {
    id: String,
    #[schema(value_type = String)]
    project_id: ProjectId,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    object_type: String,
    object_id: String,
    content: String,
    author_user_id: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct CommentListBody {
    data: Vec<CommentBody>,
    meta: LangfusePageMeta,
}

impl CreateComment {
    fn parse(self, project: ProjectId) -> Result<NewComment, Failure> {
        let Self {
            project_id,
            object_type,
            object_id,
            content,
            author_user_id,
        } = self;
        if ProjectId::from_name(&project_id) != project {
            return Err(invalid("projectId", "the project that the key belongs to"));
        }
        Ok(NewComment {
            object: object(&object_type)?,
            object_id,
            content,
            author_user_id,
        })
    }
}

fn object(name: &str) -> Result<CommentObject, Failure> {
    let upper = name.to_ascii_uppercase();
    upper.parse().map_err(|known| invalid("objectType", known))
}

impl CommentBody {
    fn new(project_id: ProjectId, comment: Comment) -> Self {
        let Comment {
            id,
            object,
            object_id,
            content,
            author_user_id,
            created_at,
            updated_at,
        } = comment;
        Self {
            id,
            project_id,
            created_at: created_at.into(),
            updated_at: updated_at.into(),
            object_type: object.name().to_owned(),
            object_id,
            content,
            author_user_id,
        }
    }
}

/// Adds a comment to something that was traced.
#[utoipa::path(tag = "langfuse", security(("api_key" = [])), request_body = CreateComment,
    responses((status = OK), (status = BAD_REQUEST), (status = NOT_FOUND)))]
#[post("/api/public/comments")]
async fn create(
    granted: Granted<may::TracesWrite>,
    comments: web::Data<Comments>,
    body: web::Json<CreateComment>,
) -> Result<impl Responder, Failure> {
    let new = body.into_inner().parse(granted.actor.project)?;
    let comment = comments.create(&granted.actor, new).await?;
    Ok(web::Json(json!({ "id": comment.id })))
}

/// Comments, newest first.
#[utoipa::path(tag = "langfuse", security(("api_key" = [])),
    params(("page" = Option<u32>, Query), ("limit" = Option<u32>, Query),
        ("objectType" = Option<String>, Query), ("objectId" = Option<String>, Query),
        ("authorUserId" = Option<String>, Query)),
    responses((status = OK, body = CommentListBody)))]
#[get("/api/public/comments")]
async fn list(
    granted: Granted<may::TracesRead>,
    comments: web::Data<Comments>,
    request: HttpRequest,
) -> Result<impl Responder, Failure> {
    let query = Query::of(&request)?;
    let (page, limit) = page_of(&query)?;
    let filter = CommentFilter {
        object: query
            .text("objectType")
            .map(|name| object(&name))
            .transpose()?,
        object_id: query.text("objectId"),
        author_user_id: query.text("authorUserId"),
    };
    if filter.object_id.is_some() && filter.object.is_none() {
        return Err(invalid("objectId", "it needs `objectType`"));
    }
    let found = comments.list(&granted.actor, filter, page, limit).await?;
    let data = found.items.into_iter();
    let data = data.map(|comment| CommentBody::new(granted.actor.project, comment));
    Ok(web::Json(CommentListBody {
        data: data.collect(),
        meta: LangfusePageMeta::new(page, limit, found.total),
    }))
}

/// One comment.
#[utoipa::path(tag = "langfuse", security(("api_key" = [])), params(("comment_id" = String, Path)),
    responses((status = OK, body = CommentBody), (status = NOT_FOUND)))]
#[get("/api/public/comments/{comment_id}")]
async fn get(
    granted: Granted<may::TracesRead>,
    comments: web::Data<Comments>,
    comment_id: web::Path<String>,
) -> Result<impl Responder, Failure> {
    let comment = comments
        .get(&granted.actor, comment_id.into_inner())
        .await?;
    Ok(web::Json(CommentBody::new(granted.actor.project, comment)))
}
