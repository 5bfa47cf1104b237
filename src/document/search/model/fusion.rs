//! Puts rankings together, and what is alike apart.

use std::collections::HashMap;

/// Reciprocal rank fusion (Cormack, Clarke and Büttcher, 2009): each ranking gives an item `weight / (k + rank)`, with
/// ranks from 1. The best first; of equal ones that which stands first in the first ranking that has it.
pub fn fuse(rankings: &[(&[u32], f32)], k: f32) -> Vec<(u32, f32)> {
    let mut places: HashMap<u32, usize> = HashMap::new();
    let mut fused: Vec<(u32, f32)> = Vec::new();
    for (ranking, weight) in rankings {
        for (rank, item) in (1_u16..).zip(*ranking) {
            let worth = weight / (k + f32::from(rank));
            let at = *places.entry(*item).or_insert_with(|| {
                fused.push((*item, 0.0));
                fused.len() - 1
            });
            fused[at].1 += worth;
        }
    }
    fused.sort_by(|a, b| b.1.total_cmp(&a.1));
    fused
}

/// Maximal marginal relevance (Carbonell and Goldstein, 1998): takes one after another the item whose score, less its
/// likeness to those taken, is highest. `items` are scores; `likeness` says of two how alike they are, 0 to 1. Returns
/// the positions of the first `limit` in their new order.
pub fn diversify(
    scores: &[f32],
    diversity: f32,
    limit: usize,
    likeness: impl Fn(usize, usize) -> f32,
) -> Vec<usize> {
    let best = scores.iter().copied().fold(f32::MIN_POSITIVE, f32::max);
    let mut left: Vec<usize> = (0..scores.len()).collect();
    let mut nearest = vec![0.0_f32; scores.len()];
    let mut taken = Vec::new();
    while taken.len() < limit && !left.is_empty() {
        let worth =
            |item: usize| (1.0 - diversity) * scores[item] / best - diversity * nearest[item];
        let mut at = 0;
        for (candidate, item) in left.iter().enumerate() {
            if worth(*item) > worth(left[at]) {
                at = candidate;
            }
        }
        let item = left.remove(at);
        taken.push(item);
        for other in &left {
            nearest[*other] = nearest[*other].max(likeness(item, *other));
        }
    }
    taken
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_two_rankings_have_comes_before_what_one_has() {
        let fused = fuse(&[(&[1, 2, 3], 1.0), (&[3, 4], 1.0)], 60.0);
        let items: Vec<u32> = fused.iter().map(|(item, _)| *item).collect();
        assert_eq!(items, [3, 1, 2, 4]);
        assert!((fused[0].1 - (1.0 / 63.0 + 1.0 / 61.0)).abs() < 1e-7);
        let weighted = fuse(&[(&[1], 1.0), (&[2], 2.0)], 60.0);
        assert_eq!(weighted[0].0, 2);
    }

    #[test]
    fn with_diversity_a_near_copy_comes_later() {
        let scores = [1.0, 0.9, 0.5];
        let alike = |a: usize, b: usize| if a + b == 1 { 1.0 } else { 0.0 };
        assert_eq!(diversify(&scores, 0.0, 3, alike), [0, 1, 2]);
        assert_eq!(diversify(&scores, 0.5, 3, alike), [0, 2, 1]);
        assert_eq!(diversify(&scores, 0.5, 1, alike), [0]);
    }
}
