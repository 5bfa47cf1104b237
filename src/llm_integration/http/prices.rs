//! The price table: what a project's calls are counted with.

use actix_web::{HttpResponse, Responder, delete, get, put, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    kernel::Failure,
    llm_integration::{
        LlmError, ModelPattern, ModelPrice, PriceEntry, PriceSource, Prices, UsdPerMillion,
    },
    platform::http::{ErrorBody, Granted, may},
};

/// US dollars for a million tokens, as decimal texts such as `"0.15"`.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PriceBody {
    input: String,
    /// Includes reasoning.
    output: String,
    /// Input read from the provider's cache; absent, it costs what other input does.
    #[serde(skip_serializing_if = "Option::is_none")]
    cached_input: Option<String>,
    /// Input written to the provider's cache; absent, it costs what other input does.
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_write: Option<String>,
    /// Absent, a call with audio has no known cost.
    #[serde(skip_serializing_if = "Option::is_none")]
    audio_input: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    audio_output: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct PriceEntryBody {
    /// A model's name, or a pattern in which `*` stands for any characters.
    model: String,
    usd_per_million: PriceBody,
    /// `project` entries win over `bundled` ones, names over patterns, longer patterns over shorter.
    #[schema(value_type = String)]
    source: PriceSource,
    updated_at: Option<DateTime<Utc>>,
}

#[derive(Serialize, ToSchema)]
struct PriceListBody {
    items: Vec<PriceEntryBody>,
}

impl PriceBody {
    fn parse(self) -> Result<ModelPrice, LlmError> {
        let amount = |name: &str, text: &str| {
            text.parse::<UsdPerMillion>()
                .map_err(|why| LlmError::PriceInvalid {
                    what: format!("`{name}`: {why}"),
                })
        };
        let optional =
            |name: &str, text: Option<String>| text.map(|text| amount(name, &text)).transpose();
        let Self {
            input,
            output,
            cached_input,
            cache_write,
            audio_input,
            audio_output,
        } = self;
        Ok(ModelPrice {
            input: amount("input", &input)?,
            output: amount("output", &output)?,
            cached_input: optional("cached_input", cached_input)?,
            cache_write: optional("cache_write", cache_write)?,
            audio_input: optional("audio_input", audio_input)?,
            audio_output: optional("audio_output", audio_output)?,
        })
    }
}

impl From<ModelPrice> for PriceBody {
    fn from(price: ModelPrice) -> Self {
        let ModelPrice {
            input,
            output,
            cached_input,
            cache_write,
            audio_input,
            audio_output,
        } = price;
        let text = |amount: UsdPerMillion| amount.to_string();
        Self {
            input: text(input),
            output: text(output),
            cached_input: cached_input.map(text),
            cache_write: cache_write.map(text),
            audio_input: audio_input.map(text),
            audio_output: audio_output.map(text),
        }
    }
}

impl From<PriceEntry> for PriceEntryBody {
    fn from(entry: PriceEntry) -> Self {
        let PriceEntry {
            model,
            price,
            source,
            updated_at,
        } = entry;
        Self {
            model: model.as_str().to_owned(),
            usd_per_million: price.into(),
            source,
            updated_at: updated_at.map(Into::into),
        }
    }
}

fn pattern(text: &str) -> Result<ModelPattern, LlmError> {
    text.parse().map_err(|what| LlmError::PriceInvalid { what })
}

/// The price table of the project: its own prices first, then the bundled ones.
#[utoipa::path(tag = "prices", security(("api_key" = [])), responses((status = OK, body = PriceListBody)))]
#[get("/api/v1/prices")]
pub(super) async fn list(
    granted: Granted<may::TracesRead>,
    prices: web::Data<Prices>,
) -> Result<impl Responder, Failure> {
    let entries = prices.list(&granted.actor).await?;
    Ok(web::Json(PriceListBody {
        items: entries.into_iter().map(Into::into).collect(),
    }))
}

/// Sets the project's price of a model or a pattern of models; it counts for calls that begin
/// later, on every replica within 5 seconds.
#[utoipa::path(tag = "prices", security(("api_key" = [])), params(("model" = String, Path)),
    request_body = PriceBody,
    responses((status = OK, body = PriceEntryBody), (status = BAD_REQUEST, body = ErrorBody)))]
#[put("/api/v1/prices/{model:.*}")]
pub(super) async fn put(
    granted: Granted<may::PricesManage>,
    prices: web::Data<Prices>,
    model: web::Path<String>,
    body: web::Json<PriceBody>,
) -> Result<impl Responder, Failure> {
    let price = body.into_inner().parse()?;
    let entry = prices.put(&granted.actor, pattern(&model)?, price).await?;
    Ok(web::Json(PriceEntryBody::from(entry)))
}

/// Removes the project's own price; a bundled one counts again.
#[utoipa::path(tag = "prices", security(("api_key" = [])), params(("model" = String, Path)),
    responses((status = NO_CONTENT), (status = NOT_FOUND, body = ErrorBody)))]
#[delete("/api/v1/prices/{model:.*}")]
pub(super) async fn delete(
    granted: Granted<may::PricesManage>,
    prices: web::Data<Prices>,
    model: web::Path<String>,
) -> Result<impl Responder, Failure> {
    prices.delete(&granted.actor, pattern(&model)?).await?;
    Ok(HttpResponse::NoContent())
}
