//! Bytes that nobody would send: nothing of them may panic, and good requests mean the same in both encodings.

use proptest::prelude::*;
use prost::Message;

use super::{Encoding, Sender, map, wire};
use crate::kernel::Timestamp;

const CAPTURED: &[&[u8]] = &[
    include_bytes!("../../../tests/golden/otlp/langfuse-python-5.request.json"),
    include_bytes!("../../../tests/golden/otlp/openinference-openai.request.json"),
    include_bytes!("../../../tests/golden/otlp/vercel-ai-6.request.json"),
];

fn now() -> Timestamp {
    Timestamp::from_unix_micros(0).expect("a time")
}

/// Reads and maps, whatever comes of it.
fn read(encoding: Encoding, body: &[u8]) {
    if let Ok(request) = encoding.decode(body) {
        let _mapped = map(request, Sender::default(), now());
    }
}

fn both_encodings(place: usize) -> [(Encoding, Vec<u8>); 2] {
    let json = CAPTURED[place % CAPTURED.len()].to_vec();
    let request = Encoding::Json.decode(&json).expect("it was captured");
    let protobuf = request.encode_to_vec();
    [(Encoding::Json, json), (Encoding::Protobuf, protobuf)]
}

#[test]
fn a_request_means_the_same_in_both_encodings() {
    for place in 0..CAPTURED.len() {
        let [json, protobuf] = both_encodings(place).map(|(encoding, body)| {
            let request = encoding.decode(&body).expect("good");
            let mapped = map(request, Sender::default(), now()).expect("good ids");
            mapped.reports
        });
        assert_eq!(json, protobuf);
    }
}

proptest! {
    #[test]
    fn random_bytes_do_not_panic(body in proptest::collection::vec(any::<u8>(), 0..400)) {
        read(Encoding::Protobuf, &body);
        read(Encoding::Json, &body);
    }

    #[test]
    fn damaged_requests_do_not_panic(
        place in 0_usize..3,
        damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        cut in any::<prop::sample::Index>(),
    ) {
        for (encoding, mut body) in both_encodings(place) {
            for (index, byte) in &damage {
                let at = index.index(body.len());
                body[at] = *byte;
            }
            read(encoding, &body);
            body.truncate(cut.index(body.len()));
            read(encoding, &body);
        }
    }

    #[test]
    fn attributes_of_any_name_and_type_do_not_panic(
        name in prop::sample::select(KEYS),
        text in "\\PC{0,40}|[\\[{\"0-9a-z:,}\\]]{0,40}",
        number in any::<i64>(),
        float in any::<f64>(),
    ) {
        let values = [
            wire::Value::Text(text), wire::Value::Int(number), wire::Value::Double(float),
            wire::Value::Bool(true), wire::Value::Bytes(vec![0, 255]),
        ];
        for value in values {
            let mut request = Encoding::Json.decode(CAPTURED[0]).expect("it was captured");
            let span = &mut request.resource_spans[0].scope_spans[0].spans[0];
            span.attributes.push(wire::KeyValue {
                key: name.to_owned(),
                value: Some(wire::AnyValue { value: Some(value) }),
            });
            prop_assert!(map(request, Sender::default(), now()).is_ok());
        }
    }
}

/// Keys that the mapping reads more into than text.
const KEYS: &[&str] = &[
    "langfuse.observation.usage_details",
    "langfuse.observation.cost_details",
    "langfuse.observation.completion_start_time",
    "langfuse.observation.model.parameters",
    "langfuse.observation.metadata",
    "langfuse.trace.tags",
    "langfuse.internal.as_root",
    "ai.response.providerMetadata",
    "ai.response.msToFirstChunk",
    "ai.telemetry.metadata.langfusePrompt",
    "gen_ai.response.time_to_first_chunk",
    "gen_ai.usage.input_tokens",
    "gen_ai.usage.cost",
    "gen_ai.system_instructions",
    "gen_ai.input.messages",
    "llm.input_messages.99999999999.message.role",
    "llm.input_messages.0.1.2.3.4.5.6.7.8.9.a.b.c.d.e.f.g.h.i.j.k",
    "evaluations.0.evaluation.score",
    "events",
    "mlflow.spanType",
];
