//! Choices: by weight, the same for calls that belong together, or drawn.

use rand::Rng;

/// What a weighted choice is drawn by.
#[derive(Clone, Copy, Debug)]
pub(super) enum Draw<'a> {
    Random,
    /// Every call with this key draws the same, in every process.
    Same(&'a str),
}

/// The indexes of `options` (name and weight) in the order in which they are drawn, without those
/// of weight 0. By rendezvous: when an option goes away, only the calls that had it move.
pub(super) fn order(
    options: impl Iterator<Item = (String, u32)>,
    draw: Draw<'_>,
    random: &mut impl Rng,
) -> Vec<usize> {
    let mut drawn: Vec<(f64, usize)> = options
        .enumerate()
        .filter(|(_, (_, weight))| *weight > 0)
        .map(|(at, (name, weight))| {
            let unit = match draw {
                Draw::Random => unit(random.random()),
                Draw::Same(key) => unit(hash(key, &name)),
            };
            (-unit.ln() / f64::from(weight), at)
        })
        .collect();
    drawn.sort_by(|a, b| a.0.total_cmp(&b.0));
    drawn.into_iter().map(|(_, at)| at).collect()
}

/// Two different numbers below `count`, or one when there are no two.
pub(super) fn two_of(count: usize, random: &mut impl Rng) -> (usize, Option<usize>) {
    if count < 2 {
        return (0, None);
    }
    let first = random.random_range(0..count);
    let second = random.random_range(0..count - 1);
    (first, Some(second + usize::from(second >= first)))
}

/// Strictly between 0 and 1.
fn unit(bits: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit an f64")]
    let mantissa = (bits >> 11) as f64;
    (mantissa + 0.5) / 9_007_199_254_740_992.0
}

/// The same on every machine and in every version.
fn hash(key: &str, name: &str) -> u64 {
    let mut hasher = blake3::Hasher::new();
    hasher.update(key.as_bytes());
    hasher.update(&[0]);
    hasher.update(name.as_bytes());
    let hash = hasher.finalize();
    let first = hash.as_bytes().iter().take(size_of::<u64>());
    first.fold(0, |bits, byte| bits << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use rand::{SeedableRng, rngs::StdRng};

    use super::*;

    fn options(weights: &[u32]) -> impl Iterator<Item = (String, u32)> {
        weights
            .iter()
            .enumerate()
            .map(|(at, weight)| (format!("option {at}"), *weight))
    }

    #[test]
    fn weights_are_the_shares_of_first_places_drawn_or_by_key() {
        let mut random = StdRng::seed_from_u64(1);
        let (mut drawn, mut keyed) = ([0_u32; 3], [0_u32; 3]);
        for call in 0..10_000 {
            drawn[order(options(&[1, 0, 3]), Draw::Random, &mut random)[0]] += 1;
            let key = format!("session {call}");
            keyed[order(options(&[1, 0, 3]), Draw::Same(&key), &mut random)[0]] += 1;
        }
        for counts in [drawn, keyed] {
            assert_eq!(counts[1], 0);
            assert!((7_300..=7_700).contains(&counts[2]), "{counts:?}");
        }
    }

    #[test]
    fn a_key_keeps_its_option_and_only_those_of_a_lost_option_move() {
        let mut random = StdRng::seed_from_u64(2);
        for call in 0..1_000 {
            let key = format!("user {call}");
            let mut first =
                |weights: &[u32]| order(options(weights), Draw::Same(&key), &mut random)[0];
            let before = first(&[1, 1, 1]);
            assert_eq!(first(&[1, 1, 1]), before);
            let after = first(&[1, 1, 0]);
            assert!(
                before == 2 || before == after,
                "{key} moved from {before} to {after}"
            );
        }
    }

    #[test]
    fn two_of_many_are_different_and_every_pair_comes() {
        let mut random = StdRng::seed_from_u64(3);
        let mut seen = [[false; 3]; 3];
        for _ in 0..200 {
            let (a, b) = two_of(3, &mut random);
            seen[a][b.unwrap()] = true;
        }
        for (a, row) in seen.iter().enumerate() {
            for (b, was_seen) in row.iter().enumerate() {
                assert_eq!(*was_seen, a != b, "{a} {b}");
            }
        }
        assert_eq!(two_of(1, &mut random), (0, None));
    }
}
