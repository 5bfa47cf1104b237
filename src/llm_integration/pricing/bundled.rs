//! The price table that comes with the binary.

use std::sync::LazyLock;

use serde::Deserialize;

use super::{ModelPattern, ModelPrice};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    price: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    /// Names and patterns of models that cost the same.
    models: Vec<ModelPattern>,
    usd: ModelPrice,
}

/// Every entry, in the order of the file.
pub(super) fn prices() -> &'static [(ModelPattern, ModelPrice)] {
    static PRICES: LazyLock<Vec<(ModelPattern, ModelPrice)>> = LazyLock::new(|| {
        let file: File = toml::from_str(include_str!("prices.toml"))
            .expect("the embedded file is read by a test of this module");
        let entries = file.price.into_iter();
        entries
            .flat_map(|Entry { models, usd }| models.into_iter().map(move |model| (model, usd)))
            .collect()
    });
    &PRICES
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::llm_integration::pricing::PriceTable;

    #[test]
    fn the_file_is_read_and_names_no_model_twice() {
        let names: BTreeSet<_> = prices().iter().map(|(model, _)| model).collect();
        assert_eq!(names.len(), prices().len());
    }

    #[test]
    fn snapshots_have_their_models_price_and_not_a_relatives() {
        let table = PriceTable::new(Vec::new(), prices().to_vec());
        let input = |model| table.price(&[model]).map(|price| price.input.to_string());
        assert_eq!(input("gpt-4o-mini-2024-07-18").as_deref(), Some("0.15"));
        assert_eq!(input("gpt-4o-2024-11-20").as_deref(), Some("2.5"));
        assert_eq!(input("gpt-4o-2024-05-13").as_deref(), Some("5"));
        assert_eq!(input("claude-sonnet-4-5-20250929").as_deref(), Some("3"));
        assert_eq!(input("gpt-4o-audio-preview"), None);
        assert_eq!(input("my-own-model"), None);
    }
}
