//! A frame: length, checksum, payload.

/// `[length u32][crc32 u32]`, both little-endian.
pub(super) const HEADER_BYTES: usize = 8;
/// No entry is longer; a length beyond it is not one.
pub(super) const MAX_PAYLOAD_BYTES: usize = 256 * 1024 * 1024;

/// What stands at the beginning of some bytes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Frame<'a> {
    Whole {
        payload: &'a [u8],
        bytes: usize,
    },
    /// More bytes than there are belong to it.
    Short {
        needs: usize,
    },
    /// Its checksum or length is wrong.
    Broken,
}

/// Appends a frame; the payload is not longer than [`MAX_PAYLOAD_BYTES`].
pub(super) fn encode(payload: &[u8], into: &mut Vec<u8>) {
    let length = u32::try_from(payload.len()).unwrap_or(u32::MAX);
    into.extend_from_slice(&length.to_le_bytes());
    into.extend_from_slice(&crc32fast::hash(payload).to_le_bytes());
    into.extend_from_slice(payload);
}

pub(super) fn decode(bytes: &[u8]) -> Frame<'_> {
    let Some((header, rest)) = bytes.split_first_chunk::<HEADER_BYTES>() else {
        return Frame::Short {
            needs: HEADER_BYTES,
        };
    };
    let [l0, l1, l2, l3, c0, c1, c2, c3] = *header;
    let length = u32::from_le_bytes([l0, l1, l2, l3]) as usize;
    let checksum = u32::from_le_bytes([c0, c1, c2, c3]);
    // Nothing of length 0 is appended: a run of zeros is not a frame.
    if length == 0 || length > MAX_PAYLOAD_BYTES {
        return Frame::Broken;
    }
    match rest.get(..length) {
        None => Frame::Short {
            needs: HEADER_BYTES + length,
        },
        Some(payload) if crc32fast::hash(payload) == checksum => Frame::Whole {
            payload,
            bytes: HEADER_BYTES + length,
        },
        Some(_) => Frame::Broken,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_that_is_cut_or_changed_anywhere_is_not_taken_for_whole() {
        let mut bytes = Vec::new();
        encode(b"payload", &mut bytes);
        let whole = Frame::Whole {
            payload: b"payload",
            bytes: bytes.len(),
        };
        assert_eq!(decode(&bytes), whole);
        for cut in 0..bytes.len() {
            assert!(
                matches!(decode(&bytes[..cut]), Frame::Short { .. }),
                "{cut}"
            );
        }
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            assert_ne!(decode(&changed), whole, "{at}");
        }
        assert_eq!(decode(&[0; 64]), Frame::Broken);
    }
}
