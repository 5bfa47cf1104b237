//! The price table: what a project's calls are counted with.

use std::collections::BTreeMap;

use actix_web::{HttpResponse, Responder, delete, get, put, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    kernel::Failure,
    llm_integration::{
        LlmError, ModelDefinition, ModelPattern, ModelPrice, NewPrice, PriceEntry, PriceSource,
        Prices, Rates, Replaces, Tier, Validity,
    },
    platform::http::{ErrorBody, Granted, may},
};

/// What a model costs, and when.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PriceBody {
    /// US dollars for a million units of each class, as decimal texts such as `"0.15"`. Classes are
    /// `input`, `cached_input`, `cache_write`, `cache_write_1h`, `audio_input`,
    /// `cached_audio_input`, `image_input`, `output`, `reasoning`, `audio_output`, `image_output`,
    /// `web_search`, `request`, `image`, `second` and `total`; `usage:<name>` is usage that is reported under a name of its own.
    #[schema(value_type = BTreeMap<String, String>)]
    usd_per_million: Rates,
    /// The first whose conditions all hold counts instead, for the whole call.
    #[serde(default)]
    #[schema(value_type = Vec<TierBody>)]
    tiers: Vec<Tier>,
    /// Calls that begin earlier are not counted with this price.
    from: Option<DateTime<Utc>>,
    /// Calls that begin then or later are not counted with this price.
    until: Option<DateTime<Utc>>,
}

/// Other rates, for calls that meet every condition.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes `Tier` in the API's document")]
struct TierBody {
    name: String,
    when: WhenBody,
    usd_per_million: BTreeMap<String, String>,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "describes `When` in the API's document")]
struct WhenBody {
    /// How the provider served the call: `batch`, `flex`, `priority`.
    service_tier: Option<String>,
    /// The input of every class has more tokens than this.
    input_above: Option<u64>,
    /// `{"pattern", "operator", "value"}`: compares the sum of usage whose names match.
    usage: Option<Vec<serde_json::Value>>,
    /// `{"source", "key", "values"}`: looks into `model_parameters` or `metadata`.
    attributes: Option<Vec<serde_json::Value>>,
}

#[derive(Serialize, ToSchema)]
struct PriceEntryBody {
    id: String,
    /// A model's name, a pattern in which `*` stands for any characters, or `regex:` and a regular
    /// expression; `<provider>/<model>` is the price of a model at one kind of provider.
    model: String,
    #[schema(value_type = BTreeMap<String, String>)]
    usd_per_million: Rates,
    #[schema(value_type = Vec<TierBody>)]
    tiers: Vec<Tier>,
    from: Option<DateTime<Utc>>,
    until: Option<DateTime<Utc>>,
    /// `project` entries win over `bundled` ones, names over patterns, longer patterns over
    /// shorter, later `from` over earlier.
    #[schema(value_type = String)]
    source: PriceSource,
    updated_at: Option<DateTime<Utc>>,
}

#[derive(Serialize, ToSchema)]
struct PriceListBody {
    items: Vec<PriceEntryBody>,
}

impl From<PriceEntry> for PriceEntryBody {
    fn from(entry: PriceEntry) -> Self {
        let PriceEntry {
            id,
            model,
            validity,
            price,
            definition: _,
            source,
            created_at: _,
            updated_at,
        } = entry;
        Self {
            id: id.as_str().to_owned(),
            model: model.as_str().to_owned(),
            usd_per_million: price.usd_per_million,
            tiers: price.tiers,
            from: validity.from.map(Into::into),
            until: validity.until.map(Into::into),
            source,
            updated_at: updated_at.map(Into::into),
        }
    }
}

impl PriceBody {
    /// A price is read here and not by the extractor, so that what is wrong in it has its own code.
    fn parse(body: serde_json::Value) -> Result<Self, LlmError> {
        serde_json::from_value(body).map_err(|error| LlmError::PriceInvalid {
            what: error.to_string(),
        })
    }

    fn for_model(self, model: ModelPattern) -> NewPrice {
        NewPrice {
            model,
            validity: Validity {
                from: self.from.map(Into::into),
                until: self.until.map(Into::into),
            },
            price: ModelPrice {
                usd_per_million: self.usd_per_million,
                tiers: self.tiers,
            },
            definition: ModelDefinition::default(),
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

/// Sets the project's price of a model or a pattern of models from a time on; it counts for calls
/// that begin later, on every replica within 5 seconds.
#[utoipa::path(tag = "prices", security(("api_key" = [])), params(("model" = String, Path)),
    request_body = PriceBody,
    responses((status = OK, body = PriceEntryBody), (status = BAD_REQUEST, body = ErrorBody)))]
#[put("/api/v1/prices/{model:.*}")]
pub(super) async fn put(
    granted: Granted<may::PricesManage>,
    prices: web::Data<Prices>,
    model: web::Path<String>,
    body: web::Json<serde_json::Value>,
) -> Result<impl Responder, Failure> {
    let price = PriceBody::parse(body.into_inner())?.for_model(pattern(&model)?);
    let entry = prices
        .put(&granted.actor, price, Replaces::SameModel)
        .await?;
    Ok(web::Json(PriceEntryBody::from(entry)))
}

/// Removes the project's own prices of a model, of every time; a bundled one counts again.
#[utoipa::path(tag = "prices", security(("api_key" = [])), params(("model" = String, Path)),
    responses((status = NO_CONTENT), (status = NOT_FOUND, body = ErrorBody)))]
#[delete("/api/v1/prices/{model:.*}")]
pub(super) async fn delete(
    granted: Granted<may::PricesManage>,
    prices: web::Data<Prices>,
    model: web::Path<String>,
) -> Result<impl Responder, Failure> {
    prices
        .delete_model(&granted.actor, pattern(&model)?)
        .await?;
    Ok(HttpResponse::NoContent())
}
