//! Ids of traces and spans: bytes of an exact length, not all zero.

use crate::llm_integration::{ObservationId, TraceId};

/// An id that is none; the whole request is refused, because its spans belong together.
#[derive(Debug, thiserror::Error)]
#[error("span `{span}`: its {field} is {found}; it must be {bytes} bytes that are not all zero")]
pub struct BadId {
    span: String,
    field: &'static str,
    found: String,
    bytes: usize,
}

/// The ids of one span.
pub struct Ids {
    pub trace: TraceId,
    pub span: ObservationId,
    /// `None` for a root.
    pub parent: Option<ObservationId>,
}

const TRACE_ID_BYTES: usize = 16;
const SPAN_ID_BYTES: usize = 8;

impl Ids {
    /// # Errors
    /// [`BadId`], naming the span by `name`.
    pub fn of(name: &str, trace: &[u8], span: &[u8], parent: &[u8]) -> Result<Self, BadId> {
        let bad = |field, id: &[u8], bytes| BadId {
            span: name.chars().take(100).collect(),
            field,
            found: found(id),
            bytes,
        };
        let span_id = |field, id: &[u8]| {
            parsed(id, SPAN_ID_BYTES).ok_or_else(|| bad(field, id, SPAN_ID_BYTES))
        };
        let is_root = parent.iter().all(|byte| *byte == 0);
        Ok(Self {
            trace: parsed(trace, TRACE_ID_BYTES)
                .ok_or_else(|| bad("traceId", trace, TRACE_ID_BYTES))?,
            span: span_id("spanId", span)?,
            parent: (!is_root)
                .then(|| span_id("parentSpanId", parent))
                .transpose()?,
        })
    }
}

fn parsed<T: std::str::FromStr>(id: &[u8], bytes: usize) -> Option<T> {
    let is_id = id.len() == bytes && id.iter().any(|byte| *byte != 0);
    hex(id).parse().ok().filter(|_| is_id)
}

fn found(id: &[u8]) -> String {
    match id.len() {
        0 => "absent".to_owned(),
        length if id.iter().all(|byte| *byte == 0) => format!("{length} zero bytes"),
        length => format!("{length} bytes"),
    }
}

pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 0xf])
        .map(|digit| char::from(DIGITS[usize::from(digit)]));
    digits.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_an_id_is_said_with_the_spans_name() {
        let refusal = |trace: &[u8], span: &[u8], parent: &[u8]| {
            let ids = Ids::of("step", trace, span, parent);
            ids.err().map(|refusal| refusal.to_string())
        };
        assert_eq!(refusal(&[1; 16], &[2; 8], &[]), None);
        assert_eq!(refusal(&[1; 16], &[2; 8], &[0; 8]), None);
        let said = refusal(&[0; 16], &[2; 8], &[]).unwrap();
        assert_eq!(
            said,
            "span `step`: its traceId is 16 zero bytes; it must be 16 bytes that are not all zero"
        );
        assert!(
            refusal(&[1; 16], &[], &[])
                .unwrap()
                .contains("spanId is absent")
        );
        assert!(
            refusal(&[1; 16], &[2; 8], &[3; 4])
                .unwrap()
                .contains("parentSpanId is 4 bytes")
        );
    }
}
