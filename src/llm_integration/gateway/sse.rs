//! Cuts a stream of server-sent events into events, and keeps every byte of them.

use bytes::{Bytes, BytesMut};

/// One event with its bytes, or a run of bytes between events (comments, blank lines).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Event {
    /// As it came, with the blank line that ends it.
    pub bytes: Bytes,
    /// Its `data`, lines joined; `None` without any.
    pub data: Option<Bytes>,
}

/// An event is larger than the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooLarge;

/// Takes chunks, cut anywhere, and gives the events that they complete.
pub(super) struct Splitter {
    /// The beginning of an event that is not complete.
    held: BytesMut,
    /// How much of `held` was searched for its end.
    searched: usize,
    /// Where the line begins that the search is in.
    line_start: usize,
    limit: usize,
}

impl Splitter {
    pub fn new(limit: usize) -> Self {
        Self {
            held: BytesMut::new(),
            searched: 0,
            line_start: 0,
            limit,
        }
    }

    /// # Errors
    /// [`TooLarge`] when an event is not complete after `limit` bytes.
    pub fn push(&mut self, chunk: &[u8]) -> Result<Vec<Event>, TooLarge> {
        self.held.extend_from_slice(chunk);
        let mut events = Vec::new();
        while let Some(end) = self.end_of_event() {
            let bytes = self.held.split_to(end).freeze();
            (self.searched, self.line_start) = (0, 0);
            events.push(Event {
                data: data_of(&bytes),
                bytes,
            });
        }
        if self.held.len() > self.limit {
            Err(TooLarge)
        } else {
            Ok(events)
        }
    }

    /// What came after the last complete event.
    pub fn rest(&mut self) -> Bytes {
        (self.searched, self.line_start) = (0, 0);
        self.held.split().freeze()
    }

    /// An event ends with an empty line; a line ends with LF, CR, or both.
    fn end_of_event(&mut self) -> Option<usize> {
        while let Some(byte) = self.held.get(self.searched).copied() {
            let at = self.searched;
            self.searched += 1;
            if byte != b'\n' && byte != b'\r' {
                continue;
            }
            let line_is_empty = at == self.line_start;
            let mut end = at + 1;
            if byte == b'\r' && self.held.get(end) == Some(&b'\n') {
                end += 1;
                self.searched += 1;
            }
            // The LF of a CRLF whose CR came in an earlier chunk ends no line of its own.
            let is_second_half =
                byte == b'\n' && at > 0 && self.held[at - 1] == b'\r' && line_is_empty;
            self.line_start = end;
            if line_is_empty && !is_second_half {
                return Some(end);
            }
        }
        None
    }
}

fn data_of(event: &Bytes) -> Option<Bytes> {
    let mut lines = event
        .split(|byte| matches!(byte, b'\n' | b'\r'))
        .filter_map(|line| {
            let value = line.strip_prefix(b"data:")?;
            Some(event.slice_ref(value.strip_prefix(b" ").unwrap_or(value)))
        });
    let first = lines.next()?;
    let rest: Vec<Bytes> = lines.collect();
    if rest.is_empty() {
        return Some(first);
    }
    let mut joined = BytesMut::from(first.as_ref());
    for line in rest {
        joined.extend_from_slice(b"\n");
        joined.extend_from_slice(&line);
    }
    Some(joined.freeze())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn split(chunks: &[&[u8]]) -> (Vec<Bytes>, Vec<u8>) {
        let mut splitter = Splitter::new(1000);
        let mut all = Vec::new();
        let mut data = Vec::new();
        for chunk in chunks {
            for event in splitter.push(chunk).unwrap() {
                all.extend_from_slice(&event.bytes);
                data.extend(event.data);
            }
        }
        all.extend_from_slice(&splitter.rest());
        (data, all)
    }

    #[test]
    fn every_line_ending_ends_an_event() {
        for text in [
            "data: a\n\ndata: b\n\n",
            "data: a\r\n\r\ndata: b\r\n\r\n",
            "data: a\r\rdata: b\r\r",
        ] {
            assert_eq!(split(&[text.as_bytes()]).0, ["a", "b"], "{text:?}");
        }
    }

    #[test]
    fn comments_names_and_several_data_lines_are_understood() {
        let text = b": keep-alive\n\nevent: x\nid: 1\ndata: one\ndata:two\n\ndata\n\n";
        let mut splitter = Splitter::new(1000);
        let events = splitter.push(text).unwrap();
        let data: Vec<_> = events.into_iter().map(|event| event.data).collect();
        assert_eq!(data, [None, Some(Bytes::from_static(b"one\ntwo")), None]);
    }

    #[test]
    fn an_event_without_an_end_is_bounded() {
        let mut splitter = Splitter::new(8);
        assert_eq!(
            splitter.push(b"data: a\n\ndata:"),
            Ok(vec![Event {
                bytes: Bytes::from_static(b"data: a\n\n"),
                data: Some(Bytes::from_static(b"a")),
            }])
        );
        assert_eq!(splitter.push(b"12345"), Err(TooLarge));
    }

    proptest! {
        #[test]
        fn chunk_boundaries_change_nothing(
            text in "(data: [aé日 ]{0,4}(\n|\r\n)|: c\n|(\n|\r\n)){0,12}",
            cuts in proptest::collection::vec(0usize..80, 0..10),
        ) {
            let whole = split(&[text.as_bytes()]);
            let mut cuts: Vec<_> = cuts.into_iter().map(|cut| cut.min(text.len())).collect();
            cuts.extend([0, text.len()]);
            cuts.sort_unstable();
            let chunks: Vec<_> = cuts.windows(2).map(|pair| &text.as_bytes()[pair[0]..pair[1]]).collect();
            let cut = split(&chunks);
            prop_assert_eq!(&cut.1, text.as_bytes());
            prop_assert_eq!(cut, whole);
        }
    }
}
