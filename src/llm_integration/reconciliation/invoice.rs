//! Reads a provider's invoice or usage export.
//!
//! The columns are found by their names: those of `OpenAI`'s usage and cost exports, of Anthropic's
//! usage and cost exports, and plain ones. Other columns are left alone.

use std::{collections::BTreeMap, str::FromStr};

use chrono::{DateTime, NaiveDate};
use csv::{ReaderBuilder, StringRecord, Trim};

use crate::kernel::NanoUsd;

/// Rows of one invoice.
const MAX_ROWS: usize = 1_000_000;
/// Days × models of one invoice.
const MAX_LINES: usize = 50_000;
const NANO_DIGITS: usize = 9;

/// Whose export it is: what a column of one name counts differs between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvoiceFormat {
    /// Its input includes what was read from the cache.
    OpenAi,
    /// Its input columns exclude one another.
    Anthropic,
    /// date, model, input, output, cost; the input is all of it.
    Generic,
}

impl FromStr for InvoiceFormat {
    type Err = String;
    /// The error lists every known name.
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "openai" => Ok(Self::OpenAi),
            "anthropic" => Ok(Self::Anthropic),
            "generic" => Ok(Self::Generic),
            other => Err(format!(
                "`format` is `{other}`; there are openai, anthropic and generic"
            )),
        }
    }
}

/// What an invoice says of a model on a day; `None` for what it does not say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InvoiceLine {
    pub input: Option<u64>,
    pub output: Option<u64>,
    pub cost: Option<NanoUsd>,
    /// How far rounding of its amounts can move the cost.
    pub rounding: NanoUsd,
}

pub type DayAndModel = (NaiveDate, String);
pub type Invoice = BTreeMap<DayAndModel, InvoiceLine>;

const DATE: &[&str] = &[
    "date",
    "usage_date_utc",
    "usage_date",
    "day",
    "start_time_iso",
    "start_time",
];
const MODEL: &[&str] = &["model", "model_version", "model_name", "line_item"];
const INPUT: &[&str] = &[
    "input",
    "input_tokens",
    "usage_input_tokens_no_cache",
    "input_tokens_no_cache",
];
/// Beside the input in Anthropic's exports, within it in all others.
const CACHED: &[&str] = &[
    "usage_input_tokens_cache_read",
    "usage_input_tokens_cache_write_5m",
    "usage_input_tokens_cache_write_1h",
    "cache_read_input_tokens",
    "cache_creation_input_tokens",
];
const OUTPUT: &[&str] = &["output", "output_tokens", "usage_output_tokens"];
const COST: &[&str] = &["cost", "cost_usd", "amount_value", "amount", "amount_usd"];

/// Where the columns are.
struct Columns {
    date: usize,
    model: usize,
    input: Option<usize>,
    cached: Vec<usize>,
    output: Option<usize>,
    cost: Option<usize>,
}

/// Reads a CSV row by row; rows of one day and model are summed.
///
/// # Errors
/// Names the row and what would be right.
pub fn read(csv: &[u8], format: InvoiceFormat) -> Result<Invoice, String> {
    let mut reader = ReaderBuilder::new().trim(Trim::All).from_reader(csv);
    let headers = reader
        .headers()
        .map_err(|error| format!("the body is no CSV: {error}"))?;
    let columns = Columns::of(headers, format)?;
    let mut invoice = Invoice::new();
    let mut record = StringRecord::new();
    for row in 1.. {
        let more = reader
            .read_record(&mut record)
            .map_err(|error| format!("row {row} is no CSV: {error}"))?;
        if !more {
            break;
        }
        if row > MAX_ROWS {
            return Err(format!("an invoice has at most {MAX_ROWS} rows"));
        }
        let read = columns
            .line(&record)
            .map_err(|why| format!("row {row}: {why}"))?;
        if let Some((key, line)) = read {
            invoice.entry(key).or_default().add(&line);
        }
        if invoice.len() > MAX_LINES {
            return Err(format!(
                "an invoice has at most {MAX_LINES} days and models"
            ));
        }
    }
    Ok(invoice)
}

impl Columns {
    fn of(headers: &StringRecord, format: InvoiceFormat) -> Result<Self, String> {
        let at = |names: &[&str]| {
            names.iter().find_map(|name| {
                headers
                    .iter()
                    .position(|header| header.eq_ignore_ascii_case(name))
            })
        };
        let needed = |names: &[&str]| {
            at(names).ok_or_else(|| {
                let found: Vec<_> = headers.iter().collect();
                format!(
                    "no column is called {}; the columns are {}",
                    names.join(", or "),
                    found.join(", ")
                )
            })
        };
        let beside = if format == InvoiceFormat::Anthropic {
            CACHED
        } else {
            &[]
        };
        let columns = Self {
            date: needed(DATE)?,
            model: needed(MODEL)?,
            input: at(INPUT),
            cached: beside.iter().filter_map(|name| at(&[name])).collect(),
            output: at(OUTPUT),
            cost: at(COST),
        };
        if columns.cost.is_none() && columns.input.is_none() && columns.output.is_none() {
            needed(COST)?;
        }
        Ok(columns)
    }

    /// `None` for a row that is about no model, as a fee is.
    fn line(&self, record: &StringRecord) -> Result<Option<(DayAndModel, InvoiceLine)>, String> {
        let field = |at: usize| record.get(at).unwrap_or_default();
        let optional = |at: Option<usize>| at.map(field).filter(|text| !text.is_empty());
        // A line item of OpenAI's costs is `gpt-4o-2024-08-06, input`.
        let model = field(self.model)
            .split(',')
            .next()
            .unwrap_or_default()
            .trim();
        if model.is_empty() {
            return Ok(None);
        }
        let date = date(field(self.date))?;
        let mut input = optional(self.input).map(tokens).transpose()?;
        for at in &self.cached {
            if let Some(text) = optional(Some(*at)) {
                input = Some(input.unwrap_or(0).saturating_add(tokens(text)?));
            }
        }
        let cost = optional(self.cost).map(amount).transpose()?;
        let line = InvoiceLine {
            input,
            output: optional(self.output).map(tokens).transpose()?,
            cost: cost.map(|(amount, _)| amount),
            rounding: cost.map_or(NanoUsd::ZERO, |(_, rounding)| rounding),
        };
        Ok(Some(((date, super::ledger::base_name(model)), line)))
    }
}

impl InvoiceLine {
    fn add(&mut self, other: &Self) {
        let sum = |one: Option<u64>, more: Option<u64>| match (one, more) {
            (None, None) => None,
            (one, more) => Some(one.unwrap_or(0).saturating_add(more.unwrap_or(0))),
        };
        self.input = sum(self.input, other.input);
        self.output = sum(self.output, other.output);
        self.cost = match (self.cost, other.cost) {
            (Some(one), Some(more)) => Some(one + more),
            (one, more) => one.or(more),
        };
        self.rounding = self.rounding + other.rounding;
    }
}

/// A day; of an instant, its day in UTC.
fn date(text: &str) -> Result<NaiveDate, String> {
    if let Ok(seconds) = text.parse::<i64>()
        && let Some(time) = DateTime::from_timestamp(seconds, 0)
    {
        return Ok(time.date_naive());
    }
    let day = text.get(..10).unwrap_or(text);
    NaiveDate::parse_from_str(day, "%Y-%m-%d").map_err(|_| {
        format!(
            "`{text}` is no date: it is 2026-01-31, 2026-01-31T00:00:00Z, or seconds since 1970"
        )
    })
}

fn tokens(text: &str) -> Result<u64, String> {
    let plain = text.replace(',', "");
    let whole = plain.strip_suffix(".0").unwrap_or(&plain);
    whole
        .parse()
        .map_err(|_| format!("`{text}` is no number of tokens"))
}

/// An amount in dollars, and how far its rounding can be off.
fn amount(text: &str) -> Result<(NanoUsd, NanoUsd), String> {
    let wrong = || format!("`{text}` is no amount in US dollars");
    let plain = text.replace([',', '$', ' '], "");
    let (negative, plain) = match plain.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, plain.as_str()),
    };
    let (whole, fraction) = plain.split_once('.').unwrap_or((plain, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if (whole.is_empty() && fraction.is_empty()) || !digits(whole) || !digits(fraction) {
        return Err(wrong());
    }
    let kept = &fraction[..fraction.len().min(NANO_DIGITS)];
    let whole = if whole.is_empty() { "0" } else { whole };
    let nanos: i64 = format!("{whole}{kept:0<NANO_DIGITS$}")
        .parse()
        .map_err(|_| wrong())?;
    let places = u32::try_from(NANO_DIGITS - kept.len()).unwrap_or(0);
    let rounding = if kept.is_empty() {
        0
    } else {
        10_i64.pow(places) / 2
    };
    let nanos = if negative { -nanos } else { nanos };
    Ok((
        NanoUsd::from_nanos(nanos),
        NanoUsd::from_nanos(rounding.max(1)),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(csv: &str, format: InvoiceFormat) -> InvoiceLine {
        let invoice = read(csv.as_bytes(), format).unwrap();
        assert_eq!(invoice.len(), 1, "{invoice:?}");
        invoice.into_values().next().unwrap()
    }

    #[test]
    fn exports_of_each_kind_are_read() {
        let openai = line(
            "start_time,start_time_iso,num_model_requests,model,input_tokens,output_tokens,input_cached_tokens\n\
             1767225600,2026-01-01T00:00:00+00:00,2,gpt-4o-2024-08-06,100,10,60\n\
             1767225600,2026-01-01T00:00:00+00:00,1,gpt-4o-2024-08-06,50,5,0\n",
            InvoiceFormat::OpenAi,
        );
        assert_eq!(
            (openai.input, openai.output, openai.cost),
            (Some(150), Some(15), None)
        );
        let anthropic = line(
            "usage_date_utc,model_version,usage_input_tokens_no_cache,usage_input_tokens_cache_write_5m,\
             usage_input_tokens_cache_read,usage_output_tokens\n2026-01-01,claude-sonnet-4-5-20250929,10,20,30,5\n",
            InvoiceFormat::Anthropic,
        );
        assert_eq!((anthropic.input, anthropic.output), (Some(60), Some(5)));
        let costs = line(
            "start_time_iso,amount_value,line_item\n2026-01-01,1.25,\"gpt-4o, input\"\n2026-01-01,0.5,\"gpt-4o, output\"\n2026-01-01,3,\n",
            InvoiceFormat::OpenAi,
        );
        assert_eq!(costs.cost, Some(NanoUsd::from_nanos(1_750_000_000)));
        assert_eq!(costs.rounding.nanos(), 5_000_000 + 50_000_000);
        let generic = line(
            "Date,Model,Input,Output,Cost\n2026-01-01,m,\"1,000\",2,$0.10\n",
            InvoiceFormat::Generic,
        );
        assert_eq!(
            (generic.input, generic.cost.unwrap().nanos()),
            (Some(1000), 100_000_000)
        );
    }

    #[test]
    fn what_is_no_invoice_is_refused_and_it_is_said_where() {
        for (csv, word) in [
            ("model,cost\nm,1\n", "usage_date_utc"),
            ("date,model\n2026-01-01,m\n", "cost"),
            ("date,model,cost\nyesterday,m,1\n", "row 1"),
            ("date,model,cost\n2026-01-01,m,1\n2026-01-01,m,x\n", "row 2"),
            ("date,model,input\n2026-01-01,m,-1\n", "tokens"),
            ("date,model,cost\n2026-01-01,m\n", "row 1"),
        ] {
            let error = read(csv.as_bytes(), InvoiceFormat::Generic).unwrap_err();
            assert!(error.contains(word), "{error}");
        }
    }
}
