//! A term's chunks as bytes: what one row of the index holds.

/// Bytes of one posting.
pub const POSTING_BYTES: usize = 7;
/// A row this long takes no more postings: another is begun. Short enough for a page of either database.
pub const SEALED_BYTES: usize = 192 * POSTING_BYTES;

/// One chunk that has the term.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Posting {
    pub chunk: u32,
    /// How often; more than fits counts as the most that does.
    pub frequency: u8,
    /// Of the chunk, in terms; more than fits counts as the most that does.
    pub length: u16,
}

pub fn encode(postings: impl IntoIterator<Item = Posting>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for posting in postings {
        bytes.extend(posting.chunk.to_le_bytes());
        bytes.push(posting.frequency);
        bytes.extend(posting.length.to_le_bytes());
    }
    bytes
}

/// What [`encode`] made. Bytes that are too few for a posting are no posting.
pub fn decode(bytes: &[u8]) -> impl Iterator<Item = Posting> + '_ {
    let (whole, _) = bytes.as_chunks::<POSTING_BYTES>();
    whole.iter().map(|[a, b, c, d, frequency, e, f]| Posting {
        chunk: u32::from_le_bytes([*a, *b, *c, *d]),
        frequency: *frequency,
        length: u16::from_le_bytes([*e, *f]),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_lead_back_to_the_postings_and_can_be_appended() {
        let posting = |chunk| Posting {
            chunk,
            frequency: 3,
            length: 700,
        };
        let mut bytes = encode([posting(1), posting(u32::MAX)]);
        bytes.extend(encode([posting(7)]));
        let chunks: Vec<u32> = decode(&bytes).map(|posting| posting.chunk).collect();
        assert_eq!(chunks, [1, u32::MAX, 7]);
        assert!(decode(&bytes).all(|found| found == posting(found.chunk)));
    }
}
