//! The endpoints of models: what comes in, one call, what goes out.

use actix_web::{HttpRequest, HttpResponse, Responder, delete, get, post, put, web};

use super::{
    bodies::{ModelBody, ModelListBody},
    requests::CreateModel,
};
use crate::{
    interop::langfuse::{
        paging::{LangfusePageMeta, page_of},
        query::{Query, invalid},
    },
    kernel::Failure,
    llm_integration::{PriceId, Prices, Replaces},
    platform::http::{Endpoints, Granted, may},
};

pub fn routes(config: &mut Endpoints<'_>) {
    config
        .service(list)
        .service(get)
        .service(create)
        .service(replace)
        .service(delete);
}

fn id(text: &str) -> Result<PriceId, Failure> {
    PriceId::parse(text).map_err(|takes| invalid("id", takes))
}

/// The project's own models, then the built-in ones.
#[utoipa::path(tag = "langfuse", security(("basic" = [])),
    params(("page" = Option<u32>, Query), ("limit" = Option<u32>, Query)),
    responses((status = OK, body = ModelListBody)))]
#[get("/api/public/models")]
async fn list(
    granted: Granted<may::TracesRead>,
    prices: web::Data<Prices>,
    request: HttpRequest,
) -> Result<impl Responder, Failure> {
    let (page, limit) = page_of(&Query::of(&request)?)?;
    let entries = prices.list(&granted.actor).await?;
    let total = entries.len() as u64;
    let per_page = limit.get() as usize;
    let before = per_page.saturating_mul(page as usize - 1);
    let data = entries.into_iter().skip(before).take(per_page);
    Ok(web::Json(ModelListBody {
        data: data.map(ModelBody::from).collect(),
        meta: LangfusePageMeta::new(page, limit, total),
    }))
}

/// One model.
#[utoipa::path(tag = "langfuse", security(("basic" = [])), params(("id" = String, Path)),
    responses((status = OK, body = ModelBody)))]
#[get("/api/public/models/{id}")]
async fn get(
    granted: Granted<may::TracesRead>,
    prices: web::Data<Prices>,
    path: web::Path<String>,
) -> Result<impl Responder, Failure> {
    let entry = prices.get(&granted.actor, id(&path)?).await?;
    Ok(web::Json(ModelBody::from(entry)))
}

/// Adds a model to the project's own.
#[utoipa::path(tag = "langfuse", security(("basic" = [])), request_body = CreateModel,
    responses((status = OK, body = ModelBody)))]
#[post("/api/public/models")]
async fn create(
    granted: Granted<may::PricesManage>,
    prices: web::Data<Prices>,
    body: web::Json<CreateModel>,
) -> Result<impl Responder, Failure> {
    let price = body.into_inner().parse()?;
    let entry = prices.put(&granted.actor, price, Replaces::Nothing).await?;
    Ok(web::Json(ModelBody::from(entry)))
}

/// Creates one of the project's own models under an id, or puts it in the place of what was there.
#[utoipa::path(tag = "langfuse", security(("basic" = [])), params(("id" = String, Path)),
    request_body = CreateModel, responses((status = OK, body = ModelBody)))]
#[put("/api/public/models/{id}")]
async fn replace(
    granted: Granted<may::PricesManage>,
    prices: web::Data<Prices>,
    path: web::Path<String>,
    body: web::Json<CreateModel>,
) -> Result<impl Responder, Failure> {
    let (id, price) = (id(&path)?, body.into_inner().parse()?);
    let entry = prices.put(&granted.actor, price, Replaces::Id(id)).await?;
    Ok(web::Json(ModelBody::from(entry)))
}

/// Removes one of the project's own models.
#[utoipa::path(tag = "langfuse", security(("basic" = [])), params(("id" = String, Path)),
    responses((status = NO_CONTENT)))]
#[delete("/api/public/models/{id}")]
async fn delete(
    granted: Granted<may::PricesManage>,
    prices: web::Data<Prices>,
    path: web::Path<String>,
) -> Result<impl Responder, Failure> {
    prices.delete(&granted.actor, id(&path)?).await?;
    Ok(HttpResponse::NoContent())
}
