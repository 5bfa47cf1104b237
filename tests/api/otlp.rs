//! Traces sent by OTLP: both encodings, gzip, refusals in OTLP's words, and what is read back.

use std::io::Write;

use flate2::{Compression, write::GzEncoder};
use opentelemetry_proto::tonic::{
    collector::trace::v1::{ExportTraceServiceRequest, ExportTraceServiceResponse},
    common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value},
    resource::v1::Resource,
    trace::v1::{ResourceSpans, ScopeSpans, Span, Status},
};
use prost::Message;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    authorization::Case,
    each_database,
    support::{App, Engine, app::Answer},
};

const PATHS: [&str; 2] = ["/v1/traces", "/api/public/otel/v1/traces"];
const PROTOBUF: &str = "application/x-protobuf";
const JSON: &str = "application/json";
const START: u64 = 1_750_000_000_000_000_000;
const MILLISECOND: u64 = 1_000_000;

pub fn authorization_cases() -> Vec<(&'static str, Case)> {
    vec![
        ("POST /v1/traces", Case::Own(json!({}))),
        ("POST /api/public/otel/v1/traces", Case::Own(json!({}))),
    ]
}

fn text(key: &str, value: &str) -> KeyValue {
    attribute(key, any_value::Value::StringValue(value.to_owned()))
}

fn int(key: &str, value: i64) -> KeyValue {
    attribute(key, any_value::Value::IntValue(value))
}

fn attribute(key: &str, value: any_value::Value) -> KeyValue {
    KeyValue {
        key: key.to_owned(),
        value: Some(AnyValue { value: Some(value) }),
        ..KeyValue::default()
    }
}

/// Span `number` of a trace; the first is the root, and the parent of the others.
fn span(trace: u128, number: u64, name: &str, attributes: Vec<KeyValue>) -> Span {
    let parent = match number {
        1 => Vec::new(),
        _ => 1_u64.to_be_bytes().to_vec(),
    };
    Span {
        trace_id: trace.to_be_bytes().to_vec(),
        span_id: number.to_be_bytes().to_vec(),
        parent_span_id: parent,
        name: name.to_owned(),
        start_time_unix_nano: START + number * MILLISECOND,
        end_time_unix_nano: START + (number + 100) * MILLISECOND,
        attributes,
        ..Span::default()
    }
}

fn request(spans: Vec<Span>) -> ExportTraceServiceRequest {
    let scope = InstrumentationScope {
        name: "tests".to_owned(),
        version: "1.2".to_owned(),
        ..InstrumentationScope::default()
    };
    ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            resource: Some(Resource {
                attributes: vec![text("service.name", "shop"), text("service.version", "7")],
                ..Resource::default()
            }),
            scope_spans: vec![ScopeSpans {
                scope: Some(scope),
                spans,
                ..ScopeSpans::default()
            }],
            ..ResourceSpans::default()
        }],
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// What came back, with its bytes: an answer in Protobuf is no text.
struct Export {
    status: u16,
    content_type: String,
    body: Vec<u8>,
    retry_after: Option<String>,
}

async fn export(app: &App, path: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Export {
    let mut request = app.request(Method::POST, path).body(body);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = request.send().await.expect("the app answers");
    let header = |name: &str| {
        let value = response.headers().get(name)?;
        Some(value.to_str().expect("text").to_owned())
    };
    Export {
        status: response.status().as_u16(),
        content_type: header("content-type").unwrap_or_default(),
        retry_after: header("retry-after"),
        body: response.bytes().await.expect("a body").to_vec(),
    }
}

async fn send(app: &App, request: &ExportTraceServiceRequest) {
    let body = request.encode_to_vec();
    let taken = export(app, PATHS[0], &[("content-type", PROTOBUF)], body).await;
    assert_eq!((taken.status, taken.body), (200, Vec::new()));
}

fn hex(trace: u128) -> String {
    format!("{trace:032x}")
}

async fn read(app: &App, trace: u128) -> Value {
    let path = format!("/api/public/traces/{}", hex(trace));
    app.get(&path).await.expect(200)
}

fn observation<'a>(trace: &'a Value, name: &str) -> &'a Value {
    let observations = trace["observations"].as_array().expect("a list");
    let named = observations.iter().find(|o| o["name"] == name);
    named.unwrap_or_else(|| panic!("no observation `{name}` in {trace}"))
}

each_database! {
    async fn spans_in_every_encoding_are_read_back(app: App) {
        let json = json!({ "resourceSpans": [{
            "resource": { "attributes": [{ "key": "service.name", "value": { "stringValue": "shop" } }] },
            "unknownField": [1], "scopeSpans": [{ "scope": { "name": "tests" }, "spans": [{
                "traceId": hex(3).to_uppercase(), "spanId": "00000000000000A1", "parentSpanId": "",
                "name": "step", "kind": "SPAN_KIND_CLIENT", "startTimeUnixNano": START.to_string(),
                "endTimeUnixNano": START + 5 * MILLISECOND, "status": { "code": "STATUS_CODE_ERROR", "message": "no" },
                "attributes": [{ "key": "n", "value": { "intValue": "5" } }, { "key": "later", "value": { "newValue": 1 } }],
            }] }] }] });
        let protobuf = |trace| request(vec![span(trace, 1, "step", vec![int("n", 5)])]).encode_to_vec();
        let bodies = [
            (vec![("content-type", PROTOBUF)], protobuf(1)),
            (vec![("content-type", PROTOBUF), ("content-encoding", "gzip")], gzip(&protobuf(2))),
            (vec![("content-type", "application/json; charset=utf-8")], json.to_string().into_bytes()),
        ];
        for (headers, body) in bodies {
            for path in PATHS {
                let taken = export(&app, path, &headers, body.clone()).await;
                assert_eq!(taken.status, 200, "{headers:?}");
                let empty: &[u8] = if headers[0].1 == PROTOBUF { b"" } else { b"{}" };
                assert_eq!(taken.body, empty);
                assert!(taken.content_type.starts_with(headers[0].1.split(';').next().unwrap()));
            }
        }
        for trace in 1..=3 {
            let found = read(&app, trace).await;
            assert_eq!(found["observations"].as_array().unwrap().len(), 1, "a repetition counts once");
            let step = observation(&found, "step");
            assert_eq!(step["metadata"]["attributes"]["n"], 5);
            assert_eq!(step["metadata"]["resourceAttributes"]["service.name"], "shop");
            assert_eq!(step["metadata"]["scope"]["name"], "tests");
        }
        let failed = observation(&read(&app, 3).await, "step").clone();
        assert_eq!((&failed["level"], &failed["statusMessage"]), (&json!("ERROR"), &json!("no")));
        app.stop().await;
    }

    async fn what_models_did_is_read_back_with_names_usage_and_hierarchy(app: App) {
        let call = vec![
            text("gen_ai.operation.name", "chat"), text("gen_ai.request.model", "gpt-4o-mini"),
            text("gen_ai.response.model", "gpt-4o-mini-2024-07-18"), int("gen_ai.usage.input_tokens", 1_000),
            int("gen_ai.usage.cache_read.input_tokens", 400), int("gen_ai.usage.output_tokens", 200),
            text("gen_ai.input.messages", r#"[{"role":"user","parts":[{"type":"text","content":"Hi"}]}]"#),
            text("gen_ai.output.messages", r#"[{"role":"assistant","parts":[{"type":"text","content":"Hello"}]}]"#),
            attribute("gen_ai.request.temperature", any_value::Value::DoubleValue(0.5)),
            text("gen_ai.conversation.id", "session-1"), text("enduser.id", "user-1"), text("tag.tags", "a,b"),
        ];
        let root = vec![text("gen_ai.operation.name", "invoke_agent"), int("gen_ai.usage.input_tokens", 1_000)];
        let mut tool = span(7, 3, "execute", vec![text("gen_ai.tool.name", "weather")]);
        tool.status = Some(Status { code: 2, message: "no such city".to_owned() });
        send(&app, &request(vec![span(7, 2, "chat gpt-4o-mini", call), tool])).await;
        send(&app, &request(vec![span(7, 1, "agent", root)])).await;

        let trace = read(&app, 7).await;
        assert_eq!(
            (&trace["name"], &trace["userId"], &trace["sessionId"], &trace["tags"], &trace["version"]),
            (&json!("agent"), &json!("user-1"), &json!("session-1"), &json!(["a", "b"]), &json!("7"))
        );
        let (agent, chat) = (observation(&trace, "agent"), observation(&trace, "chat gpt-4o-mini"));
        assert_eq!((&agent["type"], &chat["type"]), (&json!("AGENT"), &json!("GENERATION")));
        assert_eq!(chat["parentObservationId"], agent["id"]);
        assert_eq!(chat["model"], "gpt-4o-mini-2024-07-18");
        assert_eq!(chat["modelParameters"]["temperature"], 0.5);
        assert_eq!(
            chat["usageDetails"],
            json!({ "input": 600, "input_cached_tokens": 400, "output": 200, "total": 1200 })
        );
        assert_eq!(chat["input"][0]["parts"][0]["content"], "Hi");
        let tool = observation(&trace, "weather");
        assert_eq!((&tool["type"], &tool["level"]), (&json!("TOOL"), &json!("ERROR")));
        assert_eq!(agent["usageDetails"], json!({}), "an agent repeats what its calls used");
        app.stop().await;
    }

    async fn batches_in_any_order_and_number_converge(app: App) {
        let spans = |trace: u128| {
            let named = |number| vec![text("langfuse.trace.name", "named"), int("number", number)];
            vec![
                span(trace, 1, "root", vec![text("user.id", "u")]),
                span(trace, 2, "two", named(2)),
                span(trace, 3, "three", named(3)),
            ]
        };
        let orders: [&[usize]; 3] = [&[0, 1, 2], &[2, 1, 0], &[1, 2, 2, 0, 1, 0]];
        let mut seen = Vec::new();
        for (trace, order) in (20..).zip(orders) {
            for place in order {
                send(&app, &request(vec![spans(trace)[*place].clone()])).await;
            }
            let mut found = read(&app, trace).await;
            for key in ["id", "htmlPath", "createdAt", "updatedAt"] {
                found[key] = Value::Null;
            }
            for observation in found["observations"].as_array_mut().unwrap() {
                for key in ["traceId", "createdAt", "updatedAt"] {
                    observation[key] = Value::Null;
                }
            }
            assert_eq!((&found["name"], &found["userId"]), (&json!("named"), &json!("u")));
            seen.push(found);
        }
        assert_eq!(seen[0], seen[1]);
        assert_eq!(seen[0], seen[2]);
        app.stop().await;
    }

    async fn ten_thousand_spans_fit_into_one_request(app: App) {
        let spans = (1..=10_000).map(|number| span(30, number, "step", vec![int("n", 1)]));
        send(&app, &request(spans.collect())).await;
        let found = app.get("/api/public/v2/observations?limit=1000&fields=core&name=step").await.expect(200);
        assert_eq!(found["data"].as_array().unwrap().len(), 1_000);
        app.stop().await;
    }
}

fn rpc_status(encoding: &str, body: &[u8]) -> (i64, String) {
    if encoding == PROTOBUF {
        let status = opentelemetry_proto_status(body);
        return (status.0.into(), status.1);
    }
    let status: Value = serde_json::from_slice(body).expect("JSON");
    let message = status["message"].as_str().expect("a message");
    (status["code"].as_i64().expect("a code"), message.to_owned())
}

/// `google.rpc.Status`: a code and a message.
fn opentelemetry_proto_status(body: &[u8]) -> (i32, String) {
    #[derive(Clone, PartialEq, Message)]
    struct RpcStatus {
        #[prost(int32, tag = "1")]
        code: i32,
        #[prost(string, tag = "2")]
        message: String,
    }
    let status = RpcStatus::decode(body).expect("a google.rpc.Status");
    (status.code, status.message)
}

/// What the message names, the headers and the body that are refused, and with which status.
type Refusal = (
    &'static str,
    Vec<(&'static str, &'static str)>,
    Vec<u8>,
    u16,
);

/// The number in `google.rpc.Code`.
const INVALID_ARGUMENT: i64 = 3;
/// The limit of a body, in bytes.
const LIMIT: usize = 100_000;

fn refusals() -> Vec<Refusal> {
    let good = request(vec![span(1, 1, "step", Vec::new())]);
    let mut bad = good.clone();
    bad.resource_spans[0].scope_spans[0].spans.push(Span {
        trace_id: vec![1; 15],
        ..span(2, 1, "short", Vec::new())
    });
    let bomb = gzip(&vec![0; 50 * LIMIT]);
    assert!(bomb.len() < LIMIT);
    let whole = good.encode_to_vec();
    let truncated = whole[..whole.len() - 3].to_vec();
    let pb = ("content-type", PROTOBUF);
    let gz = ("content-encoding", "gzip");
    let json = ("content-type", JSON);
    vec![
        ("short", vec![pb], bad.encode_to_vec(), 400),
        ("Protobuf", vec![pb], truncated, 400),
        ("gzip", vec![pb, gz], whole.clone(), 400),
        ("gzip", vec![pb, gz], gzip(&whole)[..20].to_vec(), 400),
        (
            "ingest.otlp_body_limit_bytes",
            vec![pb],
            vec![0; LIMIT + 1],
            413,
        ),
        ("ingest.otlp_body_limit_bytes", vec![pb, gz], bomb, 413),
        (
            "deflate",
            vec![pb, ("content-encoding", "deflate")],
            whole.clone(),
            415,
        ),
        (
            "text/plain",
            vec![("content-type", "text/plain")],
            whole.clone(),
            415,
        ),
        (
            "Maximum supported",
            vec![pb, ("x-langfuse-ingestion-version", "5")],
            whole.clone(),
            400,
        ),
        (
            "JSON",
            vec![json],
            b"{\"resourceSpans\": [{]}".to_vec(),
            400,
        ),
        (
            "hexadecimal",
            vec![json],
            br#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"xyz"}]}]}]}"#.to_vec(),
            400,
        ),
        (
            "absent",
            vec![json],
            br#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"s"}]}]}]}"#.to_vec(),
            400,
        ),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_refused_is_told_as_a_status_in_the_requests_encoding() {
    let limit = LIMIT.to_string();
    let settings = [("APP_INGEST__OTLP_BODY_LIMIT_BYTES", limit.as_str())];
    let app = App::start_with(Engine::Sqlite, &settings).await;
    let whole = request(vec![span(1, 1, "step", Vec::new())]).encode_to_vec();
    let pb = ("content-type", PROTOBUF);
    for (needle, headers, body, status) in refusals() {
        for path in PATHS {
            let refused = export(&app, path, &headers, body.clone()).await;
            let told = rpc_status(headers[0].1, &refused.body);
            assert_eq!(
                (refused.status, told.0),
                (status, INVALID_ARGUMENT),
                "{needle}: {}",
                told.1
            );
            assert!(told.1.contains(needle), "{needle}: {}", told.1);
        }
    }
    let missing = app.get(&format!("/api/public/traces/{}", hex(1))).await;
    assert_eq!(
        missing.status, 404,
        "a refused request leaves nothing behind"
    );

    for version in ["4", "3", ""] {
        let headers = [pb, ("x-langfuse-ingestion-version", version)];
        assert_eq!(
            export(&app, PATHS[1], &headers, whole.clone()).await.status,
            200
        );
    }
    let nobody = app.anonymous(Method::POST, PATHS[0]).header(pb.0, pb.1);
    let nobody = nobody.body(whole).send().await.unwrap();
    assert_eq!(nobody.status().as_u16(), 401);
    let told = rpc_status(PROTOBUF, &nobody.bytes().await.unwrap());
    assert_eq!(told.0, 16);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_finds_no_room_is_told_when_to_come_back() {
    let settings = [("APP_INGEST__MEMORY_BYTES", "65536")];
    let app = App::start_with(Engine::Sqlite, &settings).await;
    let spans = (1..=2_000).map(|number| span(1, number, "step", Vec::new()));
    let body = request(spans.collect()).encode_to_vec();
    for headers in [
        vec![("content-type", PROTOBUF)],
        vec![("content-type", PROTOBUF), ("content-encoding", "gzip")],
    ] {
        let body = if headers.len() == 1 {
            body.clone()
        } else {
            gzip(&body)
        };
        let refused = export(&app, PATHS[0], &headers, body).await;
        assert_eq!(
            (refused.status, refused.retry_after.as_deref()),
            (429, Some("1"))
        );
        assert_eq!(rpc_status(PROTOBUF, &refused.body).0, 8);
    }
    let small = request(vec![span(2, 1, "step", Vec::new())]);
    send(&app, &small).await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_way_to_send_a_key_that_exporters_have_is_understood() {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let app = App::start(Engine::Sqlite).await;
    let pair = STANDARD.encode(format!("{}:{}", app.public_key, app.secret_key));
    let headers = [
        ("authorization", format!("Basic {pair}")),
        ("authorization", format!("Basic%20{pair}")),
        ("authorization", format!("Bearer {}", app.secret_key)),
        ("x-api-key", app.secret_key.clone()),
        ("api_key", app.secret_key.clone()),
    ];
    for (name, value) in headers {
        let request = app.anonymous(Method::POST, PATHS[0]).header(name, &value);
        let taken = Answer::of(request.json(&json!({}))).await;
        assert_eq!(
            (taken.status, taken.text.as_str()),
            (200, "{}"),
            "{name}: {value}"
        );
    }
    let response = ExportTraceServiceResponse::decode(&b""[..]).unwrap();
    assert_eq!(response.partial_success, None);
    let viewer = app.with_scopes(&["traces:read"]).await;
    let refused = viewer.send(Method::POST, PATHS[0], Some(&json!({}))).await;
    assert_eq!(refused.expect(403)["code"], 7);
    app.stop().await;
}
