//! Numbers of half precision: how both databases keep vectors, so that both compare the same.

use half::{f16, slice::HalfFloatSliceExt};

const BYTES: usize = 2;

/// The vector with length 1, so that a dot product is a cosine. One without length stays as it is.
pub fn unit(mut vector: Vec<f32>) -> Vec<f32> {
    let length = vector.iter().map(|x| x * x).sum::<f32>().sqrt();
    if length > 0.0 {
        for x in &mut vector {
            *x /= length;
        }
    }
    vector
}

pub fn to_halves(vector: &[f32]) -> Vec<f16> {
    vector.iter().copied().map(f16::from_f32).collect()
}

/// Little endian.
pub fn to_bytes(vector: &[f16]) -> Vec<u8> {
    vector.iter().flat_map(|x| x.to_le_bytes()).collect()
}

/// What [`to_bytes`] made, as numbers that can be computed with.
pub fn from_bytes(bytes: &[u8]) -> Vec<f32> {
    let (whole, _) = bytes.as_chunks::<BYTES>();
    let halves: Vec<f16> = whole.iter().copied().map(f16::from_le_bytes).collect();
    halves.to_f32_vec()
}

pub fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_lead_back_to_the_vector() {
        let vector = unit(vec![3.0, 0.0, -4.0]);
        let bytes = to_bytes(&to_halves(&vector));
        let back = from_bytes(&bytes);
        assert!((dot(&vector, &back) - 1.0).abs() < 1e-3);
        assert_eq!(bytes.len(), 6);
        assert_eq!(unit(vec![0.0, 0.0]), [0.0, 0.0]);
    }
}
