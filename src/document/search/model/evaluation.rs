//! How well searches find what they should, and whether one way of searching loses to another.
//!
//! | measure | of one query | source |
//! |---|---|---|
//! | nDCG@10 | sum of (2^grade - 1) / log2(rank + 1) over the first 10, by that of the best order | Järvelin and Kekäläinen 2002, gains as Burges et al. 2005 |
//! | recall@k | relevant documents among the first k, of all relevant ones | Manning, Raghavan and Schütze 2008, 8.4 |
//! | MRR | 1 / rank of the first relevant document, 0 without one | Voorhees 1999 |
//! | zero-hit rate | 1 when nothing at all is found | |
//!
//! A setting loses unless the paired bootstrap (Sakai 2006) says that it does not: of the differences in nDCG@10, query by
//! query, many samples are drawn with replacement; the lower end of the middle 95 % of their means must be above -[`MARGIN`].

use std::collections::{BTreeMap, HashMap};

use rand::{Rng, SeedableRng, rngs::StdRng};
use serde::{Deserialize, Serialize};

use crate::{
    document::model::DocumentId,
    kernel::{Id, Timestamp},
};

/// What the lower end of the interval may be below zero.
pub const MARGIN: f64 = 0.01;
/// With fewer queries nothing can be said.
pub const GATE_QUERIES_MIN: usize = 10;
const RESAMPLES: usize = 10_000;
/// Fixed, so that the same results are always judged alike.
const SEED: u64 = 20_261_122;
const CUTOFF: usize = 10;

/// Marker of [`LabelledQueryId`].
pub enum LabelledQueryMarker {}
pub type LabelledQueryId = Id<LabelledQueryMarker>;
/// Marker of [`RunId`].
pub enum RunMarker {}
pub type RunId = Id<RunMarker>;

/// A document that a query should find: 1 somewhat, 2 well, 3 perfectly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Relevant {
    pub document: DocumentId,
    pub grade: u8,
}

/// A query of which is known what it should find.
#[derive(Clone, Debug, PartialEq)]
pub struct LabelledQuery {
    pub id: LabelledQueryId,
    pub text: String,
    pub language: Option<String>,
    pub relevant: Vec<Relevant>,
    pub created_at: Timestamp,
}

/// What one query was worth.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct QueryResult {
    pub query: LabelledQueryId,
    pub language: Option<String>,
    pub ndcg_10: f64,
    pub recall_10: f64,
    pub recall_100: f64,
    pub reciprocal_rank: f64,
    pub found: bool,
}

/// Averages over queries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Measures {
    pub queries: usize,
    pub ndcg_10: f64,
    pub recall_10: f64,
    pub recall_100: f64,
    pub mrr: f64,
    pub zero_hit_rate: f64,
}

/// Averages over all queries, and over those of each language.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Report {
    pub all: Measures,
    pub by_language: BTreeMap<String, Measures>,
}

/// One way of searching beside another, by nDCG@10.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    pub queries: usize,
    pub mean_difference: f64,
    /// The middle 95 % of the resampled means.
    pub low: f64,
    pub high: f64,
    pub wins: usize,
    pub losses: usize,
    /// Neither too few queries, nor a lower end below the margin.
    pub does_not_lose: bool,
}

/// All labelled queries asked with one version of the settings.
#[derive(Clone, Debug, PartialEq)]
pub struct SearchRun {
    pub id: RunId,
    pub setting: i32,
    pub report: Report,
    pub results: Vec<QueryResult>,
    /// Beside the settings in force at that time.
    pub comparison: Option<Comparison>,
    pub requested_by: String,
    pub created_at: Timestamp,
}

/// Judges the documents that a query found, the best first.
pub fn measure(query: &LabelledQuery, found: &[DocumentId]) -> QueryResult {
    let grades: HashMap<DocumentId, u8> = query
        .relevant
        .iter()
        .map(|relevant| (relevant.document, relevant.grade))
        .collect();
    let grade = |document: &DocumentId| grades.get(document).copied().unwrap_or(0);
    let mut best: Vec<u8> = grades.values().copied().collect();
    best.sort_unstable_by(|a, b| b.cmp(a));
    let reached = gain(found.iter().map(grade));
    let possible = gain(best.into_iter());
    let recall = |k: usize| {
        let relevant = found
            .iter()
            .take(k)
            .filter(|document| grade(document) > 0)
            .count();
        ratio(relevant, grades.len())
    };
    let first = found.iter().position(|document| grade(document) > 0);
    QueryResult {
        query: query.id,
        language: query.language.clone(),
        ndcg_10: if possible > 0.0 {
            reached / possible
        } else {
            0.0
        },
        recall_10: recall(CUTOFF),
        recall_100: recall(100),
        reciprocal_rank: first.map_or(0.0, |at| ratio(1, at + 1)),
        found: !found.is_empty(),
    }
}

fn gain(grades: impl Iterator<Item = u8>) -> f64 {
    let ranked = (1_u8..).zip(grades.take(CUTOFF));
    ranked
        .map(|(rank, grade)| (f64::from(grade).exp2() - 1.0) / (f64::from(rank) + 1.0).log2())
        .sum()
}

/// Averages the results of queries.
pub fn report(results: &[QueryResult]) -> Report {
    let mut by_language: BTreeMap<String, Vec<&QueryResult>> = BTreeMap::new();
    for result in results {
        if let Some(language) = &result.language {
            by_language
                .entry(language.clone())
                .or_default()
                .push(result);
        }
    }
    let all: Vec<&QueryResult> = results.iter().collect();
    Report {
        all: averages(&all),
        by_language: by_language
            .into_iter()
            .map(|(language, results)| (language, averages(&results)))
            .collect(),
    }
}

fn averages(results: &[&QueryResult]) -> Measures {
    let average = |value: fn(&QueryResult) -> f64| mean(results.iter().map(|result| value(result)));
    Measures {
        queries: results.len(),
        ndcg_10: average(|result| result.ndcg_10),
        recall_10: average(|result| result.recall_10),
        recall_100: average(|result| result.recall_100),
        mrr: average(|result| result.reciprocal_rank),
        zero_hit_rate: average(|result| if result.found { 0.0 } else { 1.0 }),
    }
}

/// What `candidate` is worth beside `baseline`, over the queries that both have.
pub fn compare(baseline: &[QueryResult], candidate: &[QueryResult]) -> Comparison {
    let before: HashMap<LabelledQueryId, f64> = baseline
        .iter()
        .map(|result| (result.query, result.ndcg_10))
        .collect();
    let differences: Vec<f64> = candidate
        .iter()
        .filter_map(|result| Some(result.ndcg_10 - before.get(&result.query)?))
        .collect();
    let (low, high) = interval(&differences);
    Comparison {
        queries: differences.len(),
        mean_difference: mean(differences.iter().copied()),
        low,
        high,
        wins: differences
            .iter()
            .filter(|difference| **difference > 0.0)
            .count(),
        losses: differences
            .iter()
            .filter(|difference| **difference < 0.0)
            .count(),
        does_not_lose: differences.len() >= GATE_QUERIES_MIN && low >= -MARGIN,
    }
}

/// Between which two values the middle 95 % of the means of resamples lie.
fn interval(differences: &[f64]) -> (f64, f64) {
    if differences.is_empty() {
        return (0.0, 0.0);
    }
    let mut random = StdRng::seed_from_u64(SEED);
    let mut means: Vec<f64> = (0..RESAMPLES)
        .map(|_| {
            let drawn = differences
                .iter()
                .map(|_| differences[random.random_range(0..differences.len())]);
            mean(drawn)
        })
        .collect();
    means.sort_unstable_by(f64::total_cmp);
    (means[RESAMPLES / 40], means[RESAMPLES - RESAMPLES / 40 - 1])
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (mut sum, mut count) = (0.0, 0);
    for value in values {
        sum += value;
        count += 1;
    }
    if count == 0 {
        0.0
    } else {
        sum * ratio(1, count)
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
fn ratio(part: usize, whole: usize) -> f64 {
    part as f64 / whole.max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(number: u32) -> DocumentId {
        DocumentId::from_name(&format!("document {number}"))
    }

    fn query(number: u32, grades: &[(u32, u8)]) -> LabelledQuery {
        LabelledQuery {
            id: LabelledQueryId::from_name(&format!("query {number}")),
            text: String::new(),
            language: Some("ja".to_owned()),
            relevant: grades
                .iter()
                .map(|(number, grade)| Relevant {
                    document: document(*number),
                    grade: *grade,
                })
                .collect(),
            created_at: Timestamp::EPOCH,
        }
    }

    fn found(numbers: &[u32]) -> Vec<DocumentId> {
        numbers.iter().copied().map(document).collect()
    }

    /// Expected values: computed from the formulas by other code.
    #[test]
    fn measures_are_those_of_the_published_formulas() {
        let asked = query(1, &[(1, 3), (2, 2), (3, 1), (9, 1)]);
        let result = measure(&asked, &found(&[2, 7, 1, 3]));
        assert!(
            (result.ndcg_10 - 0.705_522_540_2).abs() < 1e-9,
            "{result:?}"
        );
        assert!((result.recall_10 - 0.75).abs() < 1e-12);
        assert!((result.reciprocal_rank - 1.0).abs() < 1e-12);
        let second = measure(&asked, &found(&[7, 9]));
        assert!((second.reciprocal_rank - 0.5).abs() < 1e-12);
        let nothing = measure(&asked, &[]);
        assert!(!nothing.found && nothing.ndcg_10.abs() < 1e-12);
        let perfect = measure(&asked, &found(&[1, 2, 3, 9]));
        assert!((perfect.ndcg_10 - 1.0).abs() < 1e-12);
        let averaged = report(&[result, nothing]);
        assert_eq!(averaged.by_language["ja"], averaged.all);
        assert!((averaged.all.zero_hit_rate - 0.5).abs() < 1e-12);
    }

    fn results(values: &[f64]) -> Vec<QueryResult> {
        let result = |(number, value): (u32, &f64)| QueryResult {
            ndcg_10: *value,
            ..measure(&query(number, &[(1, 1)]), &[])
        };
        (0..).zip(values).map(result).collect()
    }

    #[test]
    fn a_setting_loses_unless_it_is_shown_not_to() {
        let baseline = results(&[0.5; 40]);
        let same = compare(&baseline, &baseline);
        assert!(same.does_not_lose && same.low.abs() < 1e-12 && same.wins == 0);
        let better = compare(&baseline, &results(&[0.6; 40]));
        assert!(better.does_not_lose && better.wins == 40);
        let worse = compare(&baseline, &results(&[0.4; 40]));
        assert!(!worse.does_not_lose && worse.losses == 40);
        let mut mixed = [0.9; 40];
        mixed[..20].fill(0.1);
        let uncertain = compare(&baseline, &results(&mixed));
        assert!(!uncertain.does_not_lose, "{uncertain:?}");
        let few = compare(&results(&[0.5; 5]), &results(&[0.9; 5]));
        assert!(!few.does_not_lose);
    }
}
