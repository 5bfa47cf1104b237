//! A model as Langfuse's clients write one.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::bodies::ConditionBody;
use crate::{
    interop::langfuse::query::invalid,
    kernel::Failure,
    llm_integration::{
        AttributeCondition, Class, ModelDefinition, ModelPattern, ModelPrice, NewPrice, Rates,
        Tier, UsageCondition, UsagePattern, UsdPerMillion, Validity, When,
    },
};

const UNITS: [&str; 6] = [
    "CHARACTERS",
    "TOKENS",
    "MILLISECONDS",
    "SECONDS",
    "IMAGES",
    "REQUESTS",
];

/// Prices are US dollars for one unit.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CreateModel {
    model_name: String,
    /// A regular expression.
    match_pattern: String,
    start_date: Option<DateTime<Utc>>,
    unit: Option<String>,
    input_price: Option<f64>,
    output_price: Option<f64>,
    total_price: Option<f64>,
    /// In place of the three prices.
    pricing_tiers: Option<Vec<CreatePricingTier>>,
    tokenizer_id: Option<String>,
    tokenizer_config: Option<Value>,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct CreatePricingTier {
    name: String,
    #[serde(default)]
    is_default: bool,
    priority: u32,
    conditions: Vec<ConditionBody>,
    prices: BTreeMap<String, f64>,
}

impl CreateModel {
    pub fn parse(self) -> Result<NewPrice, Failure> {
        if let Some(unit) = &self.unit
            && !UNITS.contains(&unit.as_str())
        {
            return Err(invalid(
                "unit",
                format!("it is one of {}", UNITS.join(", ")),
            ));
        }
        let price = self.price()?;
        let model = ModelPattern::of_regex(&self.match_pattern)
            .map_err(|why| invalid("matchPattern", why))?;
        Ok(NewPrice {
            model,
            validity: Validity {
                from: self.start_date.map(Into::into),
                until: None,
            },
            price,
            definition: ModelDefinition {
                name: Some(self.model_name),
                unit: self.unit,
                tokenizer_id: self.tokenizer_id,
                tokenizer_config: self.tokenizer_config,
            },
        })
    }

    fn price(&self) -> Result<ModelPrice, Failure> {
        let flat = [
            ("input", self.input_price),
            ("output", self.output_price),
            ("total", self.total_price),
        ];
        let flat: BTreeMap<String, f64> = flat
            .into_iter()
            .filter_map(|(name, price)| Some((name.to_owned(), price?)))
            .collect();
        match (&self.pricing_tiers, flat.is_empty()) {
            (Some(_), false) => Err(invalid(
                "pricingTiers",
                "give either tiers or `inputPrice`, `outputPrice` and `totalPrice`",
            )),
            (Some(tiers), true) => of_tiers(tiers),
            (None, true) => Err(invalid(
                "pricingTiers",
                "give tiers, or `inputPrice`, `outputPrice` or `totalPrice`",
            )),
            (None, false) if self.total_price.is_some() && flat.len() > 1 => Err(invalid(
                "totalPrice",
                "it can not be given with `inputPrice` or `outputPrice`",
            )),
            (None, false) => Ok(ModelPrice::flat(rates(&flat)?)),
        }
    }
}

fn of_tiers(tiers: &[CreatePricingTier]) -> Result<ModelPrice, Failure> {
    let wrong = |why: &str| Err(invalid("pricingTiers", why));
    let names: BTreeSet<_> = tiers.iter().map(|tier| &tier.name).collect();
    let priorities: BTreeSet<_> = tiers.iter().map(|tier| tier.priority).collect();
    if names.len() < tiers.len() || priorities.len() < tiers.len() {
        return wrong("names and priorities are unique within a model");
    }
    if tiers.iter().any(|tier| tier.prices.is_empty()) {
        return wrong("each tier has at least one price");
    }
    let (defaults, mut others): (Vec<_>, Vec<_>) = tiers.iter().partition(|tier| tier.is_default);
    let [default] = defaults.as_slice() else {
        return wrong("exactly one tier has `isDefault`");
    };
    if default.priority != 0 || !default.conditions.is_empty() {
        return wrong("the default tier has `priority` 0 and no conditions");
    }
    if others.iter().any(|tier| tier.conditions.is_empty()) {
        return wrong("each tier but the default one has a condition");
    }
    others.sort_by_key(|tier| tier.priority);
    let others = others.into_iter().map(|tier| {
        Ok(Tier {
            name: tier.name.clone(),
            when: when(&tier.conditions)?,
            usd_per_million: rates(&tier.prices)?,
        })
    });
    Ok(ModelPrice {
        usd_per_million: rates(&default.prices)?,
        tiers: others.collect::<Result<_, Failure>>()?,
    })
}

fn when(conditions: &[ConditionBody]) -> Result<When, Failure> {
    let mut when = When::default();
    for condition in conditions {
        match condition {
            ConditionBody::Usage {
                usage_detail_pattern,
                operator,
                value,
                case_sensitive,
            } => {
                let sensitive = case_sensitive.unwrap_or(false);
                let pattern = UsagePattern::new(usage_detail_pattern, sensitive)
                    .map_err(|why| invalid("usageDetailPattern", why))?;
                when.usage.push(UsageCondition {
                    pattern,
                    operator: *operator,
                    value: *value,
                });
            }
            ConditionBody::Attribute { values, .. } if values.is_empty() => {
                return Err(invalid("values", "at least one value is required"));
            }
            ConditionBody::Attribute {
                source,
                key,
                operator: _,
                values,
            } => when.attributes.push(AttributeCondition {
                source: *source,
                key: key.clone(),
                values: values.clone(),
            }),
        }
    }
    Ok(when)
}

fn rates(prices: &BTreeMap<String, f64>) -> Result<Rates, Failure> {
    let each = prices.iter().map(|(name, price)| {
        let rate = UsdPerMillion::from_usd_per_unit(*price)
            .ok_or_else(|| invalid(name, format!("{price} is not a price in US dollars")))?;
        Ok((Class::named(name), rate))
    });
    Ok(Rates(each.collect::<Result<_, Failure>>()?))
}
