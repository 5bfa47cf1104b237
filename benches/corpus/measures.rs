//! How near one text is to another.

use std::collections::HashMap;

use unicode_normalization::UnicodeNormalization;

/// Runs of so many characters are looked for in the other text.
const RUN: usize = 5;

/// Without blanks, and without what only differs in how it is written.
pub fn compact(text: &str) -> String {
    let kept = |c: &char| !c.is_whitespace() && !matches!(c, '-' | '\u{2010}' | '…' | '.');
    text.nfkc().filter(kept).collect()
}

/// The share of an edition's runs of characters that a reading has as often, from 0 to 1, in whatever order.
pub fn share_found(edition: &str, reading: &str) -> f64 {
    let (wanted, all) = runs(edition);
    let (there, _) = runs(reading);
    let found: usize = wanted
        .iter()
        .map(|(run, count)| (*count).min(there.get(run).copied().unwrap_or(0)))
        .sum();
    #[expect(clippy::cast_precision_loss, reason = "counts of one document")]
    let share = found as f64 / all.max(1) as f64;
    share
}

fn runs(text: &str) -> (HashMap<Vec<char>, usize>, usize) {
    let chars: Vec<char> = text.chars().collect();
    let mut runs = HashMap::new();
    for run in chars.windows(RUN) {
        *runs.entry(run.to_vec()).or_default() += 1;
    }
    (runs, chars.len().saturating_sub(RUN - 1))
}

/// Characters to insert, delete or replace until one text is the other (Levenshtein's distance).
pub fn character_error(truth: &str, seen: &str) -> usize {
    let seen: Vec<char> = seen.chars().collect();
    let mut row: Vec<usize> = (0..=seen.len()).collect();
    for (above, wanted) in truth.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = above + 1;
        for (index, found) in seen.iter().enumerate() {
            let replaced = diagonal + usize::from(*found != wanted);
            diagonal = row[index + 1];
            row[index + 1] = replaced.min(diagonal + 1).min(row[index] + 1);
        }
    }
    row[seen.len()]
}
