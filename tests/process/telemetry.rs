//! Our own spans reach an OpenTelemetry collector, and the log is JSON when nobody watches.

use std::{
    io::{Read, Write},
    net::TcpListener,
    sync::mpsc,
};

use crate::binary::Site;

/// Accepts OTLP over HTTP; each request's head and body are sent on.
fn collector() -> (String, mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let (sender, received) = mpsc::sync_channel(16);
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map(Result::unwrap) {
            let mut request = Vec::new();
            let mut buffer = [0; 4096];
            loop {
                let read = stream.read(&mut buffer).unwrap_or(0);
                request.extend_from_slice(&buffer[..read]);
                let text = String::from_utf8_lossy(&request).into_owned();
                let whole = text.split_once("\r\n\r\n").is_some_and(|(head, _)| {
                    let head_bytes = head.len() + 4;
                    let length = head.to_lowercase().lines().find_map(|line| {
                        line.strip_prefix("content-length: ")
                            .and_then(|value| value.trim().parse::<usize>().ok())
                    });
                    length.is_some_and(|length| request.len() >= head_bytes + length)
                });
                if whole || read == 0 {
                    let _test_is_over = sender.send(text);
                    break;
                }
            }
            let _gone = stream
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        }
    });
    (address, received)
}

#[test]
fn spans_are_exported_and_the_rest_is_sent_at_the_end() {
    let (address, received) = collector();
    let site = Site::new().with("OTEL_EXPORTER_OTLP_ENDPOINT", &address);
    let serving = site.serve(&[]);
    serving.signal("TERM");
    let (code, _, log) = serving.wait();
    assert_eq!(code, Some(0), "{log}");
    let request = received.recv().unwrap();
    assert!(request.starts_with("POST /v1/traces"), "{request}");
    assert!(
        request.contains("/health/ready"),
        "the probe's span: {request}"
    );
}

#[test]
fn the_log_is_one_json_object_a_line() {
    let site = Site::new().with("APP_TELEMETRY__LOG", "debug");
    let serving = site.serve(&[]);
    serving.signal("TERM");
    let (_, _, log) = serving.wait();
    let lines: Vec<serde_json::Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).expect(line))
        .collect();
    let answered = lines
        .iter()
        .find(|line| line["message"] == "answered")
        .expect("requests are logged");
    assert!(answered["spans"][0]["request_id"].is_string(), "{answered}");
    let trace = answered["spans"][0]["trace_id"]
        .as_str()
        .expect("every line names its trace");
    assert_eq!(trace.len(), 32, "{answered}");
}
