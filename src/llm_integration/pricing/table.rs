//! Which price a model has: a project's own entries before the bundled ones.

use std::collections::HashMap;

use super::{ModelPattern, ModelPrice};

/// The prices one project's calls are counted with.
#[derive(Clone, Debug, Default)]
pub struct PriceTable {
    /// The project's own, then the bundled.
    layers: Vec<Layer>,
}

#[derive(Clone, Debug, Default)]
struct Layer {
    exact: HashMap<String, ModelPrice>,
    /// The most exact first.
    patterns: Vec<(ModelPattern, ModelPrice)>,
}

impl PriceTable {
    pub fn new(
        own: Vec<(ModelPattern, ModelPrice)>,
        bundled: Vec<(ModelPattern, ModelPrice)>,
    ) -> Self {
        Self {
            layers: vec![Layer::new(own), Layer::new(bundled)],
        }
    }

    /// The price of the first of these names that has one: an answer's model, then the one asked for.
    pub fn price(&self, models: &[&str]) -> Option<&ModelPrice> {
        models
            .iter()
            .find_map(|model| self.layers.iter().find_map(|layer| layer.price(model)))
    }
}

impl Layer {
    fn new(entries: Vec<(ModelPattern, ModelPrice)>) -> Self {
        let mut layer = Self::default();
        for (pattern, price) in entries {
            if pattern.as_str().contains('*') {
                layer.patterns.push((pattern, price));
            } else {
                layer.exact.insert(pattern.as_str().to_owned(), price);
            }
        }
        layer
            .patterns
            .sort_by_key(|(pattern, _)| std::cmp::Reverse(pattern.precedence()));
        layer
    }

    fn price(&self, model: &str) -> Option<&ModelPrice> {
        self.exact.get(model).or_else(|| {
            self.patterns
                .iter()
                .find(|(pattern, _)| pattern.matches(model))
                .map(|(_, price)| price)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(pattern: &str, input: &str) -> (ModelPattern, ModelPrice) {
        let price = toml::from_str(&format!("input = '{input}'\noutput = '0'")).unwrap();
        (pattern.parse().unwrap(), price)
    }

    #[test]
    fn a_projects_pattern_wins_over_a_bundled_name_and_an_unknown_model_has_no_price() {
        let table = PriceTable::new(
            vec![entry("gpt-*", "1")],
            vec![
                entry("gpt-4o", "2"),
                entry("o1", "3"),
                entry("o1-*", "4"),
                entry("o1-mini-*", "5"),
            ],
        );
        let input = |models: &[&str]| table.price(models).map(|price| price.input.to_string());
        assert_eq!(input(&["gpt-4o"]).as_deref(), Some("1"));
        assert_eq!(input(&["o1"]).as_deref(), Some("3"));
        assert_eq!(input(&["o1-mini-2024"]).as_deref(), Some("5"));
        assert_eq!(input(&["unheard-of", "o1-2024"]).as_deref(), Some("4"));
        assert_eq!(input(&["unheard-of"]), None);
    }
}
