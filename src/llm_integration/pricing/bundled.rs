//! The price table that comes with the binary.

use std::sync::{Arc, LazyLock};

use serde::Deserialize;

use super::{ModelPattern, ModelPrice, PriceLine, Rates, Tier, Validity, When, table::Layer};
use crate::kernel::Timestamp;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    /// The kind of provider whose prices these are.
    provider: String,
    /// Whether the models have these prices also where the provider is not known.
    #[serde(default = "yes")]
    anywhere: bool,
    price: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    /// Names and patterns of models that cost the same.
    models: Vec<ModelPattern>,
    #[serde(default = "yes")]
    anywhere: bool,
    from: Option<toml::value::Datetime>,
    until: Option<toml::value::Datetime>,
    #[serde(flatten)]
    usual: Served,
    long: Option<Long>,
}

/// Rates by how a call was served.
#[derive(Deserialize)]
struct Served {
    usd: Rates,
    batch: Option<Rates>,
    flex: Option<Rates>,
    priority: Option<Rates>,
}

#[derive(Deserialize)]
struct Long {
    above: u64,
    #[serde(flatten)]
    rates: Served,
}

const fn yes() -> bool {
    true
}

/// A file a kind of provider.
const FILES: [&str; 7] = [
    include_str!("prices/openai.toml"),
    include_str!("prices/anthropic.toml"),
    include_str!("prices/gemini.toml"),
    include_str!("prices/mistral.toml"),
    include_str!("prices/groq.toml"),
    include_str!("prices/deepseek.toml"),
    include_str!("prices/bedrock.toml"),
];

/// Every line, in the order of the files.
pub(super) fn lines() -> &'static [PriceLine] {
    static LINES: LazyLock<Vec<PriceLine>> = LazyLock::new(|| {
        let files = FILES.iter().map(|text| {
            toml::from_str::<File>(text)
                .expect("the embedded files are read by a test of this module")
        });
        files
            .flat_map(|file| {
                let lines = |entry: Entry| entry.lines(&file.provider, file.anywhere);
                file.price.into_iter().flat_map(lines).collect::<Vec<_>>()
            })
            .collect()
    });
    &LINES
}

pub(super) fn layer() -> &'static Layer {
    static LAYER: LazyLock<Layer> = LazyLock::new(|| Layer::new(lines().to_vec()));
    &LAYER
}

impl Entry {
    fn lines(self, provider: &str, anywhere: bool) -> Vec<PriceLine> {
        let validity = Validity {
            from: self.from.as_ref().and_then(day),
            until: self.until.as_ref().and_then(day),
        };
        let price = Arc::new(price(self.usual, self.long));
        let line = |model| PriceLine {
            model,
            validity,
            price: Arc::clone(&price),
        };
        let qualified = |model: &ModelPattern| {
            let name = format!("{provider}/{model}");
            name.parse().expect("a name with a prefix is a name")
        };
        let mut lines: Vec<_> = self
            .models
            .iter()
            .map(|model| line(qualified(model)))
            .collect();
        if anywhere && self.anywhere {
            lines.extend(self.models.iter().cloned().map(line));
        }
        lines
    }
}

/// The beginning of a day in UTC.
fn day(date: &toml::value::Datetime) -> Option<Timestamp> {
    let date = date.date?;
    let day = chrono::NaiveDate::from_ymd_opt(
        i32::from(date.year),
        u32::from(date.month),
        u32::from(date.day),
    )?;
    Some(day.and_time(chrono::NaiveTime::MIN).and_utc().into())
}

fn price(usual: Served, long: Option<Long>) -> ModelPrice {
    let mut tiers = Vec::new();
    if let Some(Long { above, rates }) = long {
        tiers.extend(served(&rates, Some(above)));
        tiers.push(tier("long", None, Some(above), rates.usd));
    }
    tiers.extend(served(&usual, None));
    ModelPrice {
        usd_per_million: usual.usd,
        tiers,
    }
}

fn served(rates: &Served, above: Option<u64>) -> impl Iterator<Item = Tier> {
    let named = [
        ("batch", rates.batch.clone()),
        ("flex", rates.flex.clone()),
        ("priority", rates.priority.clone()),
    ];
    named
        .into_iter()
        .filter_map(move |(name, rates)| Some(tier(name, Some(name), above, rates?)))
}

fn tier(name: &str, service_tier: Option<&str>, above: Option<u64>, rates: Rates) -> Tier {
    let name = match (service_tier, above) {
        (Some(name), Some(_)) => format!("long {name}"),
        _ => name.to_owned(),
    };
    Tier {
        name,
        when: When {
            service_tier: service_tier.map(str::to_owned),
            input_above: above,
            ..When::default()
        },
        usd_per_million: rates,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::llm_integration::pricing::{Class, PriceTable, PricedCall};

    #[test]
    fn the_file_is_read_and_names_no_model_twice_at_a_time() {
        let names: BTreeSet<_> = lines()
            .iter()
            .map(|line| (line.model.as_str(), line.validity.from))
            .collect();
        assert_eq!(names.len(), lines().len());
        for line in lines() {
            line.price.check().unwrap();
            line.validity.check().unwrap();
        }
    }

    #[test]
    fn snapshots_have_their_models_price_and_not_a_relatives() {
        let table = PriceTable::bundled();
        let now = Timestamp::from_unix_micros(1_790_000_000_000_000).unwrap();
        let input = |model| {
            let price = table.price(&PricedCall::of(&[model], now))?;
            price
                .usd_per_million
                .of(&Class::Input)
                .map(|rate| rate.to_string())
        };
        assert_eq!(input("gpt-4o-mini-2024-07-18").as_deref(), Some("0.15"));
        assert_eq!(input("gpt-4o-2024-11-20").as_deref(), Some("2.5"));
        assert_eq!(input("gpt-4o-2024-05-13").as_deref(), Some("5"));
        assert_eq!(input("claude-sonnet-4-5-20250929").as_deref(), Some("3"));
        assert_eq!(input("my-own-model"), None);
    }
}
