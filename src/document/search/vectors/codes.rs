//! A quarter of the memory and of the time: vectors as bytes, and how far each may be off.
//!
//! A scan over bytes says of each vector between which two values its similarity to the query lies. Those whose upper
//! value reaches the lower value of the `limit`-th best are all that can be among the `limit` best; comparing just them
//! in full precision gives exactly what comparing all would. (Lower and upper: the vector is `scale * codes + error`,
//! and by Cauchy and Schwarz the error changes a dot product by no more than its length times the query's.)

use std::collections::HashSet;

use super::dot;

const CODE_MAX: f32 = 127.0;
/// The query is rounded much finer, and what is left of it is counted too.
const QUERY_MAX: f32 = 4_095.0;
/// Vectors whose similarities are computed in one go.
const BLOCK: usize = 256;

/// The vectors of one space.
#[derive(Clone, Debug, Default)]
pub struct Matrix {
    dimension: usize,
    chunks: Vec<u32>,
    codes: Vec<i8>,
    scales: Vec<f32>,
    /// The length of each vector's error.
    errors: Vec<f32>,
}

/// A vector that may be among the nearest.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Near {
    pub chunk: u32,
    /// Within the error; to be compared again in full.
    pub similarity: f32,
}

struct Query {
    codes: Vec<i16>,
    scale: f32,
    length: f32,
    error: f32,
}

impl Matrix {
    pub fn new(dimension: usize) -> Self {
        Self {
            dimension,
            ..Self::default()
        }
    }

    fn len(&self) -> usize {
        self.chunks.len()
    }

    /// What it holds in memory.
    pub fn bytes(&self) -> usize {
        let a_vector = self.dimension + 2 * size_of::<f32>() + size_of::<u32>();
        self.len() * a_vector
    }

    pub fn chunks(&self) -> &[u32] {
        &self.chunks
    }

    /// A vector of another dimension is left out: nothing could be compared with it.
    pub fn push(&mut self, chunk: u32, vector: &[f32]) {
        if vector.len() != self.dimension {
            return;
        }
        let largest = vector.iter().fold(0.0_f32, |most, x| most.max(x.abs()));
        let scale = if largest > 0.0 {
            largest / CODE_MAX
        } else {
            1.0
        };
        let mut error = 0.0_f32;
        for x in vector {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "it is between -127 and 127"
            )]
            let code = (x / scale).round() as i8;
            let off = x - f32::from(code) * scale;
            error += off * off;
            self.codes.push(code);
        }
        self.chunks.push(chunk);
        self.scales.push(scale);
        self.errors.push(error.sqrt());
    }

    /// The same without what is not in `kept`.
    #[must_use]
    pub fn only(&self, kept: &HashSet<u32>) -> Self {
        let mut matrix = Self::new(self.dimension);
        for (row, chunk) in self.chunks.iter().enumerate() {
            if kept.contains(chunk) {
                matrix.chunks.push(*chunk);
                matrix.codes.extend_from_slice(self.row(row));
                matrix.scales.push(self.scales[row]);
                matrix.errors.push(self.errors[row]);
            }
        }
        matrix
    }

    fn row(&self, row: usize) -> &[i8] {
        &self.codes[row * self.dimension..(row + 1) * self.dimension]
    }

    /// Every vector that can be among the `limit` nearest of those that `allow` lets through.
    pub fn nearest(&self, query: &[f32], limit: usize, allow: impl Fn(u32) -> bool) -> Vec<Near> {
        if query.len() != self.dimension || limit == 0 {
            return Vec::new();
        }
        let query = Query::new(query);
        let mut candidates: Vec<(Near, f32)> = Vec::new();
        let mut lower = Lowest::new(limit);
        let mut similarities = [0.0_f32; BLOCK];
        for first in (0..self.len()).step_by(BLOCK) {
            let rows = first..(first + BLOCK).min(self.len());
            for (row, similarity) in rows.clone().zip(&mut similarities) {
                *similarity = query.similarity(self.row(row), self.scales[row]);
            }
            for (row, similarity) in rows.zip(similarities) {
                let off = query.off(self.errors[row]);
                if similarity + off >= lower.bar() && allow(self.chunks[row]) {
                    lower.offer(similarity - off);
                    let near = Near {
                        chunk: self.chunks[row],
                        similarity,
                    };
                    candidates.push((near, similarity + off));
                }
            }
        }
        let bar = lower.bar();
        candidates.retain(|(_, upper)| *upper >= bar);
        candidates.into_iter().map(|(near, _)| near).collect()
    }
}

impl Query {
    fn new(vector: &[f32]) -> Self {
        let largest = vector.iter().fold(0.0_f32, |most, x| most.max(x.abs()));
        let scale = if largest > 0.0 {
            largest / QUERY_MAX
        } else {
            1.0
        };
        #[expect(
            clippy::cast_possible_truncation,
            reason = "it is between -4095 and 4095"
        )]
        let codes: Vec<i16> = vector.iter().map(|x| (x / scale).round() as i16).collect();
        let off: Vec<f32> = vector
            .iter()
            .zip(&codes)
            .map(|(x, code)| x - f32::from(*code) * scale)
            .collect();
        Self {
            codes,
            scale,
            length: dot(vector, vector).sqrt(),
            error: dot(&off, &off).sqrt(),
        }
    }

    #[inline]
    fn similarity(&self, codes: &[i8], scale: f32) -> f32 {
        let sum = product(codes, &self.codes);
        #[expect(clippy::cast_precision_loss, reason = "far finer than the codes are")]
        let sum = sum as f32;
        sum * self.scale * scale
    }

    /// How far a similarity may be off. Vectors have length 1; the margin is for sums of f32.
    fn off(&self, error: f32) -> f32 {
        const MARGIN: f32 = 1e-4;
        self.length * error + self.error * (1.0 + error) + MARGIN
    }
}

/// In pieces of a known length, which the compiler multiplies register by register.
#[inline]
fn product(codes: &[i8], query: &[i16]) -> i32 {
    const PIECE: usize = 32;
    let (pieces, last) = codes.as_chunks::<PIECE>();
    let (of_query, last_of_query) = query.as_chunks::<PIECE>();
    let mut total = of_pairs(last, last_of_query);
    for (piece, query) in pieces.iter().zip(of_query) {
        total += of_pairs(piece, query);
    }
    total
}

#[inline]
fn of_pairs(codes: &[i8], query: &[i16]) -> i32 {
    let pairs = codes.iter().zip(query);
    pairs.map(|(a, b)| i32::from(*a) * i32::from(*b)).sum()
}

/// The `limit` highest of many numbers, and the lowest of those.
struct Lowest {
    limit: usize,
    kept: Vec<f32>,
    bar: f32,
}

impl Lowest {
    fn new(limit: usize) -> Self {
        Self {
            limit,
            kept: Vec::with_capacity(2 * limit),
            bar: f32::NEG_INFINITY,
        }
    }

    /// What a number has to reach.
    fn bar(&self) -> f32 {
        self.bar
    }

    fn offer(&mut self, number: f32) {
        if number <= self.bar {
            return;
        }
        self.kept.push(number);
        // Sorted now and then: each time half of what is kept goes.
        if self.kept.len() == 2 * self.limit
            || (self.kept.len() == self.limit && self.bar.is_infinite())
        {
            self.kept
                .select_nth_unstable_by(self.limit - 1, |a, b| b.total_cmp(a));
            self.kept.truncate(self.limit);
            self.bar = self.kept[self.limit - 1];
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cmp::Reverse;

    use rand::{Rng, SeedableRng, rngs::StdRng};

    use super::*;
    use crate::document::search::vectors::unit;

    fn random(random: &mut StdRng, dimension: usize) -> Vec<f32> {
        unit(
            (0..dimension)
                .map(|_| random.random_range(-1.0..1.0))
                .collect(),
        )
    }

    #[test]
    fn what_is_truly_nearest_is_always_among_what_is_given() {
        let mut seeded = StdRng::seed_from_u64(7);
        let dimension = 50;
        let vectors: Vec<Vec<f32>> = (0..2_000).map(|_| random(&mut seeded, dimension)).collect();
        let mut matrix = Matrix::new(dimension);
        for (chunk, vector) in (0..).zip(&vectors) {
            matrix.push(chunk, vector);
        }
        for _ in 0..50 {
            let query = random(&mut seeded, dimension);
            let mut truth: Vec<usize> = (0..vectors.len()).filter(|chunk| chunk % 3 != 0).collect();
            truth.sort_by(|a, b| dot(&vectors[*b], &query).total_cmp(&dot(&vectors[*a], &query)));
            let near = matrix.nearest(&query, 10, |chunk| chunk % 3 != 0);
            let given: HashSet<usize> = near.iter().map(|near| near.chunk as usize).collect();
            assert!(truth[..10].iter().all(|chunk| given.contains(chunk)));
            assert!(given.iter().all(|chunk| chunk % 3 != 0));
            assert!(
                near.len() < 200,
                "{} of {} are looked at again",
                near.len(),
                vectors.len()
            );
        }
    }

    #[test]
    fn nothing_is_near_to_nothing_and_what_is_removed_is_gone() {
        let mut matrix = Matrix::new(2);
        assert!(matrix.nearest(&[1.0, 0.0], 3, |_| true).is_empty());
        matrix.push(1, &[1.0, 0.0]);
        matrix.push(2, &[0.0, 1.0]);
        matrix.push(3, &[1.0]);
        assert_eq!(matrix.len(), 2);
        let only = matrix.only(&HashSet::from([2]));
        assert_eq!(only.chunks(), [2]);
        let mut near = matrix.nearest(&[1.0, 0.0], 3, |_| true);
        near.sort_by_key(|near| Reverse(near.chunk));
        assert_eq!(near.len(), 2);
        assert!(matrix.nearest(&[1.0], 3, |_| true).is_empty());
    }
}
