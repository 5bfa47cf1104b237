//! Spans a second from the body of a request to reports, on one core: decoding and mapping, in both encodings.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use kaname::{
    interop::otlp::{Encoding, Sender, map},
    kernel::Timestamp,
};
use serde_json::{Value, json};

/// Spans of a request.
const SPANS: u64 = 1_000;

/// Half of the spans are calls of a model with messages, the others are plain steps.
fn request() -> Value {
    let text = |key: &str, value: &str| json!({ "key": key, "value": { "stringValue": value } });
    let int =
        |key: &str, value: u64| json!({ "key": key, "value": { "intValue": value.to_string() } });
    let message = |role: &str| {
        let content = "A sentence of a usual length, as questions and answers have it. ".repeat(8);
        json!([{ "role": role, "parts": [{ "type": "text", "content": content }] }]).to_string()
    };
    let call = [
        text("gen_ai.operation.name", "chat"),
        text("gen_ai.provider.name", "openai"),
        text("gen_ai.request.model", "gpt-4o-mini"),
        text("gen_ai.response.model", "gpt-4o-mini-2024-07-18"),
        text("gen_ai.response.id", "chatcmpl-1"),
        int("gen_ai.request.max_tokens", 100),
        int("gen_ai.usage.input_tokens", 1_000),
        int("gen_ai.usage.output_tokens", 200),
        text("gen_ai.input.messages", &message("user")),
        text("gen_ai.output.messages", &message("assistant")),
    ];
    let step = [
        text("http.request.method", "GET"),
        text("url.path", "/api/v1/orders"),
        int("http.response.status_code", 200),
    ];
    let span = |number: u64| {
        let start = 1_750_000_000_000_000_000 + number * 1_000;
        json!({
            "traceId": format!("{:032x}", 1 + number / 10), "spanId": format!("{:016x}", 1 + number), "kind": 3,
            "parentSpanId": if number.is_multiple_of(10) { String::new() } else { format!("{:016x}", 1 + number / 10 * 10) },
            "name": "chat gpt-4o-mini", "startTimeUnixNano": start.to_string(),
            "endTimeUnixNano": (start + 1_000_000).to_string(),
            "attributes": if number.is_multiple_of(2) { &call[..] } else { &step[..] },
        })
    };
    json!({ "resourceSpans": [{
        "resource": { "attributes": [text("service.name", "shop"), text("service.version", "7")] },
        "scopeSpans": [{ "scope": { "name": "bench" }, "spans": (0..SPANS).map(span).collect::<Vec<_>>() }],
    }] })
}

fn decode(criterion: &mut Criterion) {
    let json = request().to_string().into_bytes();
    let protobuf = Encoding::Json
        .decode(&json)
        .expect("a request")
        .to_protobuf();
    let now = Timestamp::from_unix_micros(0).expect("a time");
    let mut group = criterion.benchmark_group("otlp");
    group.throughput(Throughput::Elements(SPANS));
    for (name, encoding, body) in [
        ("protobuf", Encoding::Protobuf, &protobuf),
        ("json", Encoding::Json, &json),
    ] {
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let request = encoding.decode(black_box(body)).expect("a request");
                map(request, Sender::default(), now).expect("good ids")
            });
        });
    }
    group.finish();
}

criterion_group!(benches, decode);
criterion_main!(benches);
