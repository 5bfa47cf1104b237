//! Which price a call has: a project's own entries before the bundled ones.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use super::{Cost, ModelPattern, ModelPrice, PricedCall, Usage, Validity};
use crate::kernel::Timestamp;

/// Kinds of providers that somebody runs on machines of their own.
const SELF_HOSTED: [&str; 3] = ["vllm", "ollama", LOCAL];
/// The provider that this process is, whose models cost nothing.
const LOCAL: &str = "local";
const FREE: &str = r#"{ "usd_per_million": { "input": "0" } }"#;

/// A price, the models it is the price of, and when.
#[derive(Clone, Debug)]
pub struct PriceLine {
    pub model: ModelPattern,
    pub validity: Validity,
    pub price: Arc<ModelPrice>,
}

/// The prices one project's calls are counted with.
#[derive(Clone, Debug)]
pub struct PriceTable {
    own: Layer,
    bundled: &'static Layer,
    /// Models of this process.
    local: Arc<Layer>,
}

/// Prices from one source.
#[derive(Clone, Debug, Default)]
pub(super) struct Layer {
    /// The newest first, for each name.
    exact: HashMap<String, Vec<PriceLine>>,
    /// The most exact first, of those the newest.
    patterns: Vec<PriceLine>,
}

impl PriceTable {
    /// Of lines that say the same of the same models, the last one counts.
    pub(super) fn new(own: Vec<PriceLine>, bundled: &'static Layer, local: Arc<Layer>) -> Self {
        Self {
            own: Layer::new(own),
            bundled,
            local,
        }
    }

    /// Without prices of a project.
    pub fn bundled() -> Self {
        Self::new(Vec::new(), super::bundled::layer(), Arc::default())
    }

    /// The price that counts for a call.
    pub fn price(&self, call: &PricedCall<'_>) -> Option<&ModelPrice> {
        // On a server of one's own, a model of a known name does not cost what its vendor takes.
        let own_server = call
            .provider
            .is_some_and(|name| SELF_HOSTED.contains(&name));
        let may_be_local = call.provider.is_none_or(|name| name == LOCAL);
        let mut names = call.models.iter().flat_map(|model| {
            let qualified = call
                .provider
                .map(|name| Cow::from(format!("{name}/{model}")));
            let names = qualified.into_iter().chain([Cow::from(*model)]);
            [
                Some(&self.own),
                (!own_server).then_some(self.bundled),
                may_be_local.then_some(self.local.as_ref()),
            ]
            .into_iter()
            .flatten()
            .flat_map(move |layer| names.clone().map(move |name| (layer, name)))
        });
        names.find_map(|(layer, name)| layer.price(&name, call.at))
    }

    /// What a call costs; `None` where it is not known, which is not the same as free.
    pub fn cost(&self, call: &PricedCall<'_>, usage: &Usage) -> Option<Cost> {
        let total = (super::cost::TOTAL, usage.total);
        self.cost_of(call, &usage.named().chain([total]).collect())
    }

    /// The same for usage under names that somebody reported.
    pub fn cost_of(&self, call: &PricedCall<'_>, usage: &BTreeMap<&str, u64>) -> Option<Cost> {
        self.price(call)?.cost(Some(call), usage)
    }
}

impl Layer {
    pub fn new(lines: Vec<PriceLine>) -> Self {
        let mut layer = Self::default();
        for line in lines.into_iter().rev() {
            if line.model.is_exact() {
                let name = line.model.as_str().to_owned();
                layer.exact.entry(name).or_default().push(line);
            } else {
                layer.patterns.push(line);
            }
        }
        for lines in layer.exact.values_mut() {
            lines.sort_by_key(|line| std::cmp::Reverse(line.validity.from));
        }
        layer
            .patterns
            .sort_by_key(|line| std::cmp::Reverse((line.model.precedence(), line.validity.from)));
        layer
    }

    /// Models of this process, which cost nothing; with and without the provider before their names.
    ///
    /// # Errors
    /// When a name is none that a model can have.
    pub fn free<'a>(names: impl Iterator<Item = &'a str>) -> Result<Self, String> {
        let price: ModelPrice = serde_json::from_str(FREE).map_err(|error| error.to_string())?;
        let price = Arc::new(price);
        let mut lines = Vec::new();
        for name in names {
            for name in [name.to_owned(), format!("{LOCAL}/{name}")] {
                lines.push(PriceLine {
                    model: name.parse()?,
                    validity: Validity::default(),
                    price: price.clone(),
                });
            }
        }
        Ok(Self::new(lines))
    }

    fn price(&self, model: &str, at: Timestamp) -> Option<&ModelPrice> {
        let exact = self.exact.get(model).into_iter().flatten();
        let patterns = self
            .patterns
            .iter()
            .filter(|line| line.model.matches(model));
        exact
            .chain(patterns)
            .find(|line| line.validity.contains(at))
            .map(|line| line.price.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use super::*;

    fn line(pattern: &str, input: &str, from: Option<i64>) -> PriceLine {
        let json = format!(r#"{{"usd_per_million": {{"input": "{input}"}}}}"#);
        PriceLine {
            model: pattern.parse().unwrap(),
            validity: Validity {
                from: from.and_then(Timestamp::from_unix_micros),
                until: None,
            },
            price: serde_json::from_str(&json).unwrap(),
        }
    }

    static BUNDLED: LazyLock<Layer> = LazyLock::new(|| {
        Layer::new(vec![
            line("gpt-4o", "2", None),
            line("o1", "3", None),
            line("o1-*", "4", None),
            line("o1-mini-*", "5", None),
            line("groq/llama", "6", None),
            line("llama", "7", None),
        ])
    });

    fn input(table: &PriceTable, call: &PricedCall<'_>) -> Option<String> {
        let price = table.price(call)?;
        let rates = price.usd_per_million.0.values();
        Some(rates.map(ToString::to_string).collect())
    }

    fn table(own: Vec<PriceLine>) -> PriceTable {
        let local = Layer::free(["mini", "gpt-4o"].into_iter()).unwrap();
        PriceTable::new(own, &BUNDLED, Arc::new(local))
    }

    fn at(micros: i64) -> Timestamp {
        Timestamp::from_unix_micros(micros).unwrap()
    }

    #[test]
    fn a_projects_pattern_wins_over_a_bundled_name_and_an_unknown_model_has_no_price() {
        let table = table(vec![line("gpt-*", "1", None)]);
        let input = |models: &[&str]| input(&table, &PricedCall::of(models, at(0)));
        assert_eq!(input(&["gpt-4o"]).as_deref(), Some("1"));
        assert_eq!(input(&["o1"]).as_deref(), Some("3"));
        assert_eq!(input(&["o1-mini-2024"]).as_deref(), Some("5"));
        assert_eq!(input(&["unheard-of", "o1-2024"]).as_deref(), Some("4"));
        assert_eq!(input(&["unheard-of"]), None);
    }

    #[test]
    fn the_price_of_the_calls_time_counts() {
        let own = vec![line("o1", "8", Some(100)), line("o1", "9", Some(200))];
        let table = table(own);
        let input = |time| input(&table, &PricedCall::of(&["o1"], at(time)));
        assert_eq!(input(99).as_deref(), Some("3"));
        assert_eq!(input(100).as_deref(), Some("8"));
        assert_eq!(input(200).as_deref(), Some("9"));
    }

    #[test]
    fn a_providers_own_price_of_a_model_counts_first() {
        let table = table(Vec::new());
        let call = PricedCall {
            provider: Some("groq"),
            ..PricedCall::of(&["llama"], at(0))
        };
        assert_eq!(input(&table, &call).as_deref(), Some("6"));
        assert_eq!(
            input(&table, &PricedCall::of(&["llama"], at(0))).as_deref(),
            Some("7")
        );
    }

    #[test]
    fn a_model_of_this_process_costs_nothing_unless_the_project_says_otherwise() {
        let cost = |table: &PriceTable, provider, model: &str| {
            let models = [model];
            let call = PricedCall {
                provider,
                ..PricedCall::of(&models, at(0))
            };
            input(table, &call)
        };
        let plain = table(Vec::new());
        for (provider, model) in [
            (None, "mini"),
            (None, "local/mini"),
            (Some("local"), "gpt-4o"),
        ] {
            assert_eq!(
                cost(&plain, provider, model).as_deref(),
                Some("0"),
                "{model}"
            );
        }
        assert_eq!(cost(&plain, Some("openai"), "mini"), None);
        assert_eq!(cost(&plain, Some("openai"), "gpt-4o").as_deref(), Some("2"));
        let own = table(vec![line("local/mini", "1", None)]);
        assert_eq!(cost(&own, Some("local"), "mini").as_deref(), Some("1"));
    }
}
