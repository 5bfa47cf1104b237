//! How much two readings of a page agree, whatever order they put its parts in.

use std::collections::HashMap;

use unicode_normalization::UnicodeNormalization;

/// The share of character pairs that both have, from 0 to 1 (Dice's coefficient over what is not blank). Two empty readings
/// agree.
pub(in crate::document::extraction) fn agreement(one: &str, other: &str) -> f32 {
    let (one, one_pairs) = pairs(one);
    let (other, other_pairs) = pairs(other);
    let all = one_pairs + other_pairs;
    if all == 0 {
        return 1.0;
    }
    let shared: usize = one
        .iter()
        .map(|(pair, count)| (*count).min(other.get(pair).copied().unwrap_or(0)))
        .sum();
    #[expect(clippy::cast_precision_loss, reason = "counts of one page")]
    let share = 2.0 * shared as f32 / all as f32;
    share
}

fn pairs(text: &str) -> (HashMap<(char, char), usize>, usize) {
    let mut pairs = HashMap::new();
    let mut total = 0;
    let mut last = None;
    // A hyphen at a line's end is kept by some engines and not by others.
    for c in text.nfkc().filter(|c| !c.is_whitespace() && *c != '-') {
        if let Some(last) = last.replace(c) {
            *pairs.entry((last, c)).or_default() += 1;
            total += 1;
        }
    }
    (pairs, total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_and_blanks_do_not_count_and_other_letters_do() {
        assert!((agreement("ab cd", "a b c d") - 1.0).abs() < 1e-6);
        assert!(agreement("left column. right column.", "right column. left column.") > 0.9);
        assert!(agreement("これは日本語の文章です。", "縺薙l縺ｯ譌･譛ｬ隱槭") < 0.1);
        assert!((agreement("", " ") - 1.0).abs() < 1e-6);
        assert!(agreement("text", "") < 1e-6);
    }
}
