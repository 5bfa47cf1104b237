//! How near one text is to another.

use std::collections::HashSet;

use unicode_normalization::UnicodeNormalization;

/// Runs of so many characters are looked for in the other text.
const RUN: usize = 5;

/// Without blanks, and without what only differs in how it is written.
pub fn compact(text: &str) -> String {
    let kept = |c: &char| !c.is_whitespace() && !matches!(c, '-' | '\u{2010}' | '…' | '.');
    let plain = |c| match c {
        '‘' | '’' | '`' => '\'',
        '“' | '”' => '"',
        c => c,
    };
    text.nfkc().filter(kept).map(plain).collect()
}

/// The share of the different runs of characters of one text that the other has too, from 0 to 1.
pub fn share_found(wanted: &str, there: &str) -> f64 {
    let (wanted, there) = (runs(wanted), runs(there));
    let found = wanted.iter().filter(|run| there.contains(*run)).count();
    #[expect(clippy::cast_precision_loss, reason = "counts of one document")]
    let share = found as f64 / wanted.len().max(1) as f64;
    share
}

fn runs(text: &str) -> HashSet<Vec<char>> {
    let chars: Vec<char> = text.chars().collect();
    chars.windows(RUN).map(<[char]>::to_vec).collect()
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
