//! What models cost: the bundled price table, a project's own prices over it, and the arithmetic.

mod bundled;
mod details;
mod model;
mod schema;
mod service;
mod store;
mod table;
mod usage;

pub use model::{ModelPattern, ModelPrice, UsdPerMillion};
pub use service::{PriceEntry, PriceSource, Prices};
pub use table::PriceTable;
pub use usage::{Cost, OpenAiUsage, Usage};
