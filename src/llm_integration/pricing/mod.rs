//! What models cost: the bundled price table, a project's own prices over it, and the arithmetic.
//!
//! [`Usage`] is what a call used, in classes that do not overlap; [`PriceTable::cost`] finds the
//! price that counts for the call's model, time and tier, and multiplies.

mod amount;
mod bundled;
mod class;
mod cost;
mod entry;
mod model;
mod pattern;
mod schema;
mod service;
mod store;
mod table;
mod tokens;
mod usage;
mod vendor_usage;

pub use amount::UsdPerMillion;
pub use class::Class;
pub use cost::{Cost, PricedCall};
pub use entry::{ModelDefinition, PriceEntry, PriceId, PriceSource};
pub use model::{
    AttributeCondition, AttributeSource, ModelPrice, Operator, Rates, Tier, UsageCondition,
    UsagePattern, Validity, When,
};
pub use pattern::ModelPattern;
pub use service::{NewPrice, Prices, Replaces};
pub use table::{PriceLine, PriceTable};
pub use tokens::{BYTES_PER_TOKEN, estimate_input, estimate_output, estimate_text};
pub use usage::Usage;
pub use vendor_usage::{AnthropicUsage, OpenAiResponsesUsage, OpenAiUsage};
