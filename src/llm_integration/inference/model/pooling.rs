//! From one vector a token to one vector a text.

use serde::{Deserialize, Serialize};

/// A norm below this is none: the vector stays as it is.
const LEAST_NORM: f32 = 1e-12;

/// Which tokens' vectors become the text's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Pooling {
    /// The mean of all.
    Mean,
    /// The first.
    Cls,
    /// The last.
    Last,
    /// The graph gives one vector a text.
    None,
}

/// What a graph gave for a batch: for each text `tokens` vectors of `dimension` numbers.
#[derive(Clone, Copy, Debug)]
pub struct Hidden<'a> {
    pub values: &'a [f32],
    /// Padding included.
    pub tokens: usize,
    pub dimension: usize,
}

impl Hidden<'_> {
    /// The vector of the text at `row`, which has `length` tokens.
    pub fn pooled(&self, pooling: Pooling, row: usize, length: usize) -> Vec<f32> {
        let size = self.tokens * self.dimension;
        let text = &self.values[row * size..(row + 1) * size];
        let token = |at: usize| &text[at * self.dimension..(at + 1) * self.dimension];
        match pooling {
            Pooling::Cls | Pooling::None => token(0).to_vec(),
            Pooling::Last => token(length.max(1) - 1).to_vec(),
            Pooling::Mean => {
                let mut sum = token(0).to_vec();
                for at in 1..length {
                    for (sum, value) in sum.iter_mut().zip(token(at)) {
                        *sum += value;
                    }
                }
                #[expect(clippy::cast_precision_loss, reason = "tokens far below 2^23")]
                let count = length.max(1) as f32;
                for sum in &mut sum {
                    *sum /= count;
                }
                sum
            }
        }
    }
}

/// The first `dimension` numbers, with length 1 again where vectors have that.
pub fn shortened(mut vector: Vec<f32>, dimension: usize, normalize: bool) -> Vec<f32> {
    vector.truncate(dimension);
    if normalize {
        let norm = vector.iter().map(|value| value * value).sum::<f32>().sqrt();
        if norm > LEAST_NORM {
            for value in &mut vector {
                *value /= norm;
            }
        }
    }
    vector
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two texts of up to three tokens; the second one's last token is padding.
    const VALUES: [f32; 12] = [1., 2., 3., 4., 5., 6., 7., 8., 9., 10., 99., 99.];

    fn pooled(pooling: Pooling, row: usize, length: usize) -> Vec<f32> {
        let hidden = Hidden {
            values: &VALUES,
            tokens: 3,
            dimension: 2,
        };
        hidden.pooled(pooling, row, length)
    }

    #[test]
    fn padding_counts_for_nothing() {
        assert_eq!(pooled(Pooling::Mean, 0, 3), [3., 4.]);
        assert_eq!(pooled(Pooling::Mean, 1, 2), [8., 9.]);
        assert_eq!(pooled(Pooling::Cls, 1, 2), [7., 8.]);
        assert_eq!(pooled(Pooling::Last, 1, 2), [9., 10.]);
    }

    #[test]
    fn a_shortened_vector_has_length_one_again_unless_it_is_nothing() {
        let vector = vec![3., 4., 12.];
        assert_eq!(shortened(vector.clone(), 2, true), [0.6, 0.8]);
        assert_eq!(shortened(vector, 2, false), [3., 4.]);
        assert_eq!(shortened(vec![0., 0.], 2, true), [0., 0.]);
    }
}
