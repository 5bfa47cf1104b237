//! `tests/golden/dialects/<client>-<provider>/<case>` holds what goes in, as it comes over the wire, and beside it
//! what comes out. A request is the client's; an answer (`.answer.json`) and a stream (`.stream.txt`) are
//! the provider's. A case whose name ends in `lenient` asks for what can not be carried to be dropped.

use std::{collections::BTreeSet, fs, path::Path};

use bytes::BytesMut;
use kaname::llm_integration::dialects::{
    Completeness, Dialect, EncodeContext, Frame, Leniency, chat::Request,
};
use serde_json::{Value, json};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/dialects");
/// When every answer was made.
const CREATED: i64 = 1_790_000_000;

fn dialect(name: &str) -> Dialect {
    match name {
        "openai_chat" => Dialect::OpenAiChat,
        "openai_responses" => Dialect::OpenAiResponses,
        "anthropic" => Dialect::Anthropic,
        "gemini" => Dialect::Gemini,
        "bedrock" => Dialect::Bedrock,
        other => panic!("no dialect is called {other}"),
    }
}

fn request(client: Dialect, provider: Dialect, body: &[u8], leniency: Leniency) -> Value {
    let translated = client
        .decode_request(body)
        .and_then(|request| provider.encode_request(&request, leniency));
    match translated {
        Ok(encoded) => json!({ "dropped": encoded.dropped, "sent": parsed(&encoded.body) }),
        Err(refusal) => json!({ "refused": refusal.to_string(), "field": refusal.field }),
    }
}

fn context(client: Dialect) -> EncodeContext {
    let request = Request {
        model: "asked-for".to_owned(),
        stream_usage: true,
        ..Request::default()
    };
    client.context(&request, "1", CREATED)
}

fn answer(client: Dialect, provider: Dialect, body: &[u8]) -> Value {
    let error = serde_json::from_slice::<Value>(body)
        .is_ok_and(|body| body.get("error").is_some_and(|error| !error.is_null()));
    if error {
        let error = provider.decode_error(400, body);
        let retryable = error.is_retryable();
        let (status, body) = client.encode_error(&error, "req_1");
        return json!({ "status": status, "retryable": retryable, "body": parsed(&body) });
    }
    let answer = provider.decode_answer(body).expect("a provider's answer");
    parsed(&client.encode_answer(&answer, &context(client)))
}

/// The client's events: each its name, where it has one, and its data.
fn stream(client: Dialect, provider: Dialect, text: &str) -> Value {
    let mut decoder = provider.event_decoder();
    let mut encoder = client.event_encoder(&context(client));
    let (mut events, mut out) = (Vec::new(), BytesMut::new());
    for (event, data) in frames(text) {
        let frame = Frame {
            event,
            data: data.as_bytes(),
        };
        decoder
            .take(frame, &mut events)
            .expect("a provider's event");
    }
    let completeness = decoder.finish(&mut events);
    for event in &events {
        encoder.take(event, &mut out);
    }
    encoder.finish(&mut out);
    let out = String::from_utf8(out.to_vec()).expect("text");
    let written = frames(&out).map(|(event, data)| {
        let data: Value = serde_json::from_str(data).unwrap_or_else(|_| data.into());
        event.map_or(data.clone(), |event| json!({ event: data }))
    });
    json!({
        "complete": completeness == Completeness::Complete,
        "events": written.collect::<Vec<_>>(),
    })
}

/// `event:` and `data:` lines of events that blank lines separate.
fn frames(text: &str) -> impl Iterator<Item = (Option<&str>, &str)> {
    text.split("\n\n").filter_map(|event| {
        let field = |name| event.lines().find_map(|line| line.strip_prefix(name));
        Some((field("event: "), field("data: ")?))
    })
}

fn parsed(body: &[u8]) -> Value {
    serde_json::from_slice(body).expect("JSON")
}

fn check(folder: &Path, file: &str, client: Dialect, provider: Dialect) {
    let body = fs::read(folder.join(file)).expect("a golden file");
    let (case, kind) = file.split_once('.').expect("a case and its kind");
    let leniency = if case.ends_with("lenient") {
        Leniency::Drop
    } else {
        Leniency::Refuse
    };
    let seen = match kind {
        "request.json" => request(client, provider, &body, leniency),
        "answer.json" => answer(client, provider, &body),
        "stream.txt" => stream(client, provider, std::str::from_utf8(&body).expect("text")),
        other => panic!("{file}: `{other}` is no kind of golden file"),
    };
    let name = file.rsplit_once('.').expect("an ending").0;
    insta::assert_json_snapshot!(name, seen);
}

#[test]
fn every_golden_file_comes_out_as_it_was_agreed() {
    let mut directions = BTreeSet::new();
    for folder in fs::read_dir(ROOT).expect("the golden files") {
        let folder = folder.expect("a folder").path();
        let name = folder
            .file_name()
            .and_then(|name| name.to_str())
            .expect("a name");
        let (client, provider) = name.split_once('-').expect("a client and a provider");
        let (client, provider) = (dialect(client), dialect(provider));
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(&folder);
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| {
            for file in fs::read_dir(&folder).expect("a folder") {
                let file = file.expect("a file").file_name();
                let file = file.to_str().expect("a name");
                if !file.contains(".snap") {
                    directions.insert(name.to_owned());
                    check(&folder, file, client, provider);
                }
            }
        });
    }
    assert!(directions.len() >= 5, "{directions:?}");
}
