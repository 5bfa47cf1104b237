//! Server-sent events, written.

use bytes::{BufMut, BytesMut};
use serde_json::Value;

/// An event with data alone.
pub(super) fn data(data: &Value, out: &mut BytesMut) {
    out.put_slice(b"data: ");
    write(data, out);
    out.put_slice(b"\n\n");
}

/// An event with its name.
pub(super) fn named(name: &str, data: &Value, out: &mut BytesMut) {
    out.put_slice(b"event: ");
    out.put_slice(name.as_bytes());
    out.put_slice(b"\ndata: ");
    write(data, out);
    out.put_slice(b"\n\n");
}

/// Keeps the connection, and means nothing.
pub(super) fn comment(out: &mut BytesMut) {
    out.put_slice(b": ping\n\n");
}

fn write(data: &Value, out: &mut BytesMut) {
    serde_json::to_writer(out.writer(), data).expect("a JSON value is written to memory");
}
