//! Which part of a file is wanted, as `Range` of HTTP says it. Pure.

use std::ops::Range;

/// A run of bytes that is asked for, before it is known how many there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ByteSpan {
    /// From this byte on, up to and with the last one that is named, or to the end.
    From { first: u64, last: Option<u64> },
    /// So many bytes at the end.
    Last(u64),
}

impl ByteSpan {
    /// Reads a `Range` header. `None` where it is of another unit, of several parts, or makes no sense: the whole file is the
    /// answer then (RFC 9110, 14.2).
    pub fn parse(header: &str) -> Option<Self> {
        let (unit, span) = header.split_once('=')?;
        if !unit.trim().eq_ignore_ascii_case("bytes") {
            return None;
        }
        let (first, last) = span.trim().split_once('-')?;
        let number = |digits: &str| {
            let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
            // What is larger than any file is as good as the largest number.
            is_number.then(|| digits.parse().unwrap_or(u64::MAX))
        };
        match (first.trim(), last.trim()) {
            ("", length) => number(length).map(Self::Last),
            (first, "") => number(first).map(|first| Self::From { first, last: None }),
            (first, last) => {
                let (first, last) = (number(first)?, number(last)?);
                let last = Some(last).filter(|last| *last >= first)?;
                Some(Self::From {
                    first,
                    last: Some(last),
                })
            }
        }
    }

    /// The bytes of a file of this size that are wanted; `None` when it has none of them.
    pub fn within(self, size: u64) -> Option<Range<u64>> {
        let range = match self {
            Self::From { first, last } => {
                let end = last.map_or(size, |last| last.saturating_add(1).min(size));
                first..end
            }
            Self::Last(length) => size.saturating_sub(length)..size,
        };
        (!range.is_empty()).then_some(range)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_span_is_cut_to_the_file() {
        for (header, expected) in [
            ("bytes=0-4", Some(0..5)),
            ("bytes=5-", Some(5..10)),
            ("bytes = -3", Some(7..10)),
            ("Bytes=-99", Some(0..10)),
            ("bytes=9-99999999999999999999999", Some(9..10)),
            ("bytes=10-", None),
            ("bytes=-0", None),
        ] {
            let span = ByteSpan::parse(header).expect(header);
            assert_eq!(span.within(10), expected, "{header}");
        }
    }

    #[test]
    fn what_is_no_single_span_is_not_heeded() {
        for header in [
            "",
            "bytes",
            "bytes=",
            "bytes=-",
            "bytes=4-3",
            "bytes=0-1,3-4",
            "bytes=a-b",
            "items=0-1",
            "bytes=+1-2",
        ] {
            assert_eq!(ByteSpan::parse(header), None, "{header}");
        }
    }

    proptest! {
        #[test]
        fn no_header_reaches_outside_of_the_file(header in "(bytes=)?[-0-9, a=]{0,24}", size in 0_u64..1_000) {
            if let Some(range) = ByteSpan::parse(&header).and_then(|span| span.within(size)) {
                prop_assert!(range.start < range.end && range.end <= size);
            }
        }
    }
}
