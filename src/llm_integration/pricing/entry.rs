//! One line of a project's price table, as it is listed and stored.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{ModelPattern, ModelPrice, PriceLine, Validity};
use crate::kernel::Timestamp;

const BUNDLED: &str = "bundled";
const MAX_ID_CHARS: usize = 200;
/// Hexadecimal digits of an id that follows from what the price is the price of.
const DERIVED_DIGITS: usize = 24;

/// Finds one entry again. Clients of Langfuse's API choose their own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PriceId(String);

/// Where a price comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PriceSource {
    /// Set in this project.
    Project,
    /// Comes with the binary.
    Bundled,
}

/// What Langfuse's API keeps of a model beside its price.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ModelDefinition {
    /// The name it was given, which need not be one that calls name.
    pub name: Option<String>,
    pub unit: Option<String>,
    pub tokenizer_id: Option<String>,
    pub tokenizer_config: Option<Value>,
}

/// One line of a project's price table.
#[derive(Clone, Debug)]
pub struct PriceEntry {
    pub id: PriceId,
    pub model: ModelPattern,
    pub validity: Validity,
    pub price: ModelPrice,
    pub definition: ModelDefinition,
    pub source: PriceSource,
    /// `None` for a bundled price.
    pub created_at: Option<Timestamp>,
    pub updated_at: Option<Timestamp>,
}

impl PriceId {
    /// # Errors
    /// Says what would be right.
    pub fn parse(text: &str) -> Result<Self, String> {
        let length = text.chars().count();
        if length == 0 || length > MAX_ID_CHARS || text.chars().any(char::is_control) {
            return Err(format!(
                "an id has 1 to {MAX_ID_CHARS} characters, none of them control characters"
            ));
        }
        Ok(Self(text.to_owned()))
    }

    /// The same model from the same time on has the same id, so that setting it again replaces it.
    pub(super) fn derived(source: PriceSource, model: &ModelPattern, validity: Validity) -> Self {
        let from = validity.from.map(Timestamp::to_fixed_width);
        let mut hasher = blake3::Hasher::new();
        hasher.update(from.unwrap_or_default().as_bytes());
        hasher.update(b"\0");
        hasher.update(model.as_str().as_bytes());
        let hash = hasher.finalize().to_hex();
        let kind = match source {
            PriceSource::Project => "price",
            PriceSource::Bundled => BUNDLED,
        };
        Self(format!("{kind}-{}", &hash[..DERIVED_DIGITS]))
    }

    pub(super) fn is_bundled(&self) -> bool {
        let has_id = |line: &PriceLine| PriceEntry::from(line).id == *self;
        self.0.starts_with(BUNDLED) && super::bundled::lines().iter().any(has_id)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&PriceLine> for PriceEntry {
    /// A line of the bundled table.
    fn from(line: &PriceLine) -> Self {
        Self {
            id: PriceId::derived(PriceSource::Bundled, &line.model, line.validity),
            model: line.model.clone(),
            validity: line.validity,
            price: line.price.as_ref().clone(),
            definition: ModelDefinition::default(),
            source: PriceSource::Bundled,
            created_at: None,
            updated_at: None,
        }
    }
}

impl From<PriceEntry> for PriceLine {
    fn from(entry: PriceEntry) -> Self {
        Self {
            model: entry.model,
            validity: entry.validity,
            price: entry.price.into(),
        }
    }
}
