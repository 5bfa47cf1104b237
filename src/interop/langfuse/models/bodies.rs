//! A price as Langfuse's API shows a model: amounts in US dollars for one unit.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::{
    interop::langfuse::paging::LangfusePageMeta,
    kernel::Timestamp,
    llm_integration::{
        AttributeCondition, AttributeSource, Class, Operator, PriceEntry, PriceSource, Rates, Tier,
        UsageCondition,
    },
};

/// When the bundled table was written, in seconds since 1970: 2026-11-22.
const BUNDLED_AT: i64 = 1_795_305_600;
/// The usage that the length of an input is counted by.
const INPUT_PATTERN: &str = "^(input|prompt|cache_(read|creation))";

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ModelBody {
    id: String,
    model_name: String,
    match_pattern: String,
    start_date: Option<DateTime<Utc>>,
    unit: Option<String>,
    input_price: Option<f64>,
    output_price: Option<f64>,
    total_price: Option<f64>,
    tokenizer_id: Option<String>,
    tokenizer_config: Option<Value>,
    is_langfuse_managed: bool,
    created_at: DateTime<Utc>,
    prices: BTreeMap<String, ModelPriceBody>,
    pricing_tiers: Vec<PricingTierBody>,
}

#[derive(Serialize, ToSchema)]
pub struct ModelPriceBody {
    price: f64,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PricingTierBody {
    id: String,
    name: String,
    is_default: bool,
    priority: usize,
    conditions: Vec<ConditionBody>,
    prices: BTreeMap<String, f64>,
}

/// Either a threshold of usage, or values that an attribute may have.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(untagged)]
pub enum ConditionBody {
    #[serde(rename_all = "camelCase")]
    Usage {
        usage_detail_pattern: String,
        #[schema(value_type = String)]
        operator: Operator,
        value: f64,
        case_sensitive: Option<bool>,
    },
    Attribute {
        #[schema(value_type = String)]
        source: AttributeSource,
        key: String,
        /// Always `in`.
        operator: Option<String>,
        values: Vec<String>,
    },
}

#[derive(Serialize, ToSchema)]
pub struct ModelListBody {
    pub data: Vec<ModelBody>,
    pub meta: LangfusePageMeta,
}

impl From<PriceEntry> for ModelBody {
    fn from(entry: PriceEntry) -> Self {
        let PriceEntry {
            id,
            model,
            validity,
            price,
            definition,
            source,
            created_at,
            updated_at: _,
        } = entry;
        let usual = per_unit(&price.usd_per_million);
        let one = |class: Class| usual.get(class.usage_name()).copied();
        let id = id.as_str().to_owned();
        let first = PricingTierBody {
            id: format!("{id}-0"),
            name: "Standard".to_owned(),
            is_default: true,
            priority: 0,
            conditions: Vec::new(),
            prices: usual.clone(),
        };
        let tiers = price.tiers.into_iter().enumerate();
        let others = tiers.map(|(at, tier)| PricingTierBody::new(&id, at + 1, tier));
        Self {
            input_price: one(Class::Input),
            output_price: one(Class::Output),
            total_price: one(Class::Total),
            pricing_tiers: std::iter::once(first).chain(others).collect(),
            prices: usual
                .iter()
                .map(|(name, price)| (name.clone(), ModelPriceBody { price: *price }))
                .collect(),
            id,
            match_pattern: model.to_regex(),
            model_name: definition.name.unwrap_or_else(|| model.as_str().to_owned()),
            start_date: validity.from.map(Into::into),
            unit: Some(definition.unit.unwrap_or_else(|| "TOKENS".to_owned())),
            tokenizer_id: definition.tokenizer_id,
            tokenizer_config: definition.tokenizer_config,
            is_langfuse_managed: source == PriceSource::Bundled,
            created_at: created_at.map_or_else(bundled_at, Timestamp::as_datetime),
        }
    }
}

impl PricingTierBody {
    #[expect(clippy::cast_precision_loss, reason = "a count of tokens")]
    fn new(model: &str, priority: usize, tier: Tier) -> Self {
        let Tier {
            name,
            when,
            usd_per_million,
        } = tier;
        let mut conditions: Vec<_> = when.usage.into_iter().map(ConditionBody::from).collect();
        conditions.extend(when.attributes.into_iter().map(ConditionBody::from));
        conditions.extend(when.input_above.map(|limit| ConditionBody::Usage {
            usage_detail_pattern: INPUT_PATTERN.to_owned(),
            operator: Operator::Gt,
            value: limit as f64,
            case_sensitive: Some(false),
        }));
        conditions.extend(when.service_tier.map(|tier| ConditionBody::Attribute {
            source: AttributeSource::ModelParameters,
            key: "service_tier".to_owned(),
            operator: Some("in".to_owned()),
            values: vec![tier],
        }));
        Self {
            id: format!("{model}-{priority}"),
            name,
            is_default: false,
            priority,
            conditions,
            prices: per_unit(&usd_per_million),
        }
    }
}

impl From<UsageCondition> for ConditionBody {
    fn from(condition: UsageCondition) -> Self {
        let UsageCondition {
            pattern,
            operator,
            value,
        } = condition;
        Self::Usage {
            usage_detail_pattern: pattern.expression().to_owned(),
            operator,
            value,
            case_sensitive: Some(pattern.is_case_sensitive()),
        }
    }
}

impl From<AttributeCondition> for ConditionBody {
    fn from(condition: AttributeCondition) -> Self {
        let AttributeCondition {
            source,
            key,
            values,
        } = condition;
        Self::Attribute {
            source,
            key,
            operator: Some("in".to_owned()),
            values,
        }
    }
}

fn per_unit(rates: &Rates) -> BTreeMap<String, f64> {
    let each = rates.0.iter();
    each.map(|(class, rate)| (class.usage_name().to_owned(), rate.usd_per_unit()))
        .collect()
}

fn bundled_at() -> DateTime<Utc> {
    DateTime::from_timestamp(BUNDLED_AT, 0).unwrap_or_default()
}
