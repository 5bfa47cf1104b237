//! `/api/public/score-configs`: which values a score of a name may have.

use actix_web::{HttpRequest, Responder, get, patch, post, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    paging::{LangfusePageMeta, page_of},
    query::{Query, invalid},
};
use crate::{
    kernel::{Failure, ProjectId},
    llm_integration::{Category, NewScoreConfig, ScoreConfig, ScoreConfigChange, Scores},
    platform::http::{Endpoints, Granted, may},
};

pub(super) fn routes(config: &mut Endpoints<'_>) {
    config
        .service(create)
        .service(list)
        .service(get)
        .service(update);
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct CreateScoreConfig {
    /// Up to 35 characters.
    name: String,
    /// NUMERIC, CATEGORICAL, BOOLEAN or TEXT.
    data_type: String,
    categories: Option<Vec<Category>>,
    min_value: Option<f64>,
    max_value: Option<f64>,
    description: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct UpdateScoreConfig {
    is_archived: Option<bool>,
    name: Option<String>,
    categories: Option<Vec<Category>>,
    min_value: Option<f64>,
    max_value: Option<f64>,
    description: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ScoreConfigBody {
    id: String,
    name: String,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    #[schema(value_type = String)]
    project_id: ProjectId,
    data_type: String,
    is_archived: bool,
    min_value: Option<f64>,
    max_value: Option<f64>,
    categories: Option<Vec<Category>>,
    description: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct ScoreConfigListBody {
    data: Vec<ScoreConfigBody>,
    meta: LangfusePageMeta,
}

impl CreateScoreConfig {
    fn parse(self) -> Result<NewScoreConfig, Failure> {
        let Self {
            name,
            data_type,
            categories,
            min_value,
            max_value,
            description,
        } = self;
        Ok(NewScoreConfig {
            name,
            data_type: data_type
                .parse()
                .map_err(|known| invalid("dataType", known))?,
            min_value,
            max_value,
            categories,
            description,
        })
    }
}

impl From<UpdateScoreConfig> for ScoreConfigChange {
    fn from(wanted: UpdateScoreConfig) -> Self {
        let UpdateScoreConfig {
            is_archived,
            name,
            categories,
            min_value,
            max_value,
            description,
        } = wanted;
        Self {
            is_archived,
            name,
            min_value,
            max_value,
            categories,
            description,
        }
    }
}

impl ScoreConfigBody {
    fn new(project_id: ProjectId, config: ScoreConfig) -> Self {
        let ScoreConfig {
            id,
            name,
            data_type,
            min_value,
            max_value,
            categories,
            description,
            is_archived,
            created_at,
            updated_at,
        } = config;
        Self {
            id,
            name,
            created_at: created_at.into(),
            updated_at: updated_at.into(),
            project_id,
            data_type: data_type.name().to_owned(),
            is_archived,
            min_value,
            max_value,
            categories,
            description,
        }
    }
}

/// Creates a config.
#[utoipa::path(tag = "langfuse", security(("api_key" = [])), request_body = CreateScoreConfig,
    responses((status = OK, body = ScoreConfigBody), (status = BAD_REQUEST)))]
#[post("/api/public/score-configs")]
async fn create(
    granted: Granted<may::TracesWrite>,
    scores: web::Data<Scores>,
    body: web::Json<CreateScoreConfig>,
) -> Result<impl Responder, Failure> {
    let new = body.into_inner().parse()?;
    let config = scores.create_config(&granted.actor, new).await?;
    Ok(web::Json(ScoreConfigBody::new(
        granted.actor.project,
        config,
    )))
}

/// Configs, newest first.
#[utoipa::path(tag = "langfuse", security(("api_key" = [])),
    params(("page" = Option<u32>, Query), ("limit" = Option<u32>, Query)),
    responses((status = OK, body = ScoreConfigListBody)))]
#[get("/api/public/score-configs")]
async fn list(
    granted: Granted<may::TracesRead>,
    scores: web::Data<Scores>,
    request: HttpRequest,
) -> Result<impl Responder, Failure> {
    let (page, limit) = page_of(&Query::of(&request)?)?;
    let (configs, total) = scores.configs(&granted.actor, page, limit).await?;
    let data = configs.into_iter();
    let data = data.map(|config| ScoreConfigBody::new(granted.actor.project, config));
    Ok(web::Json(ScoreConfigListBody {
        data: data.collect(),
        meta: LangfusePageMeta::new(page, limit, total),
    }))
}

/// One config.
#[utoipa::path(tag = "langfuse", security(("api_key" = [])), params(("config_id" = String, Path)),
    responses((status = OK, body = ScoreConfigBody), (status = NOT_FOUND)))]
#[get("/api/public/score-configs/{config_id}")]
async fn get(
    granted: Granted<may::TracesRead>,
    scores: web::Data<Scores>,
    config_id: web::Path<String>,
) -> Result<impl Responder, Failure> {
    let config = scores
        .config(&granted.actor, config_id.into_inner())
        .await?;
    Ok(web::Json(ScoreConfigBody::new(
        granted.actor.project,
        config,
    )))
}

/// Changes a config; scores that were given before stay as they are.
#[utoipa::path(tag = "langfuse", security(("api_key" = [])), params(("config_id" = String, Path)),
    request_body = UpdateScoreConfig,
    responses((status = OK, body = ScoreConfigBody), (status = NOT_FOUND)))]
#[patch("/api/public/score-configs/{config_id}")]
async fn update(
    granted: Granted<may::TracesWrite>,
    scores: web::Data<Scores>,
    config_id: web::Path<String>,
    body: web::Json<UpdateScoreConfig>,
) -> Result<impl Responder, Failure> {
    let (id, change) = (config_id.into_inner(), body.into_inner().into());
    let config = scores.change_config(&granted.actor, id, change).await?;
    Ok(web::Json(ScoreConfigBody::new(
        granted.actor.project,
        config,
    )))
}
