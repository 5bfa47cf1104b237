//! Start, drain and the end by signals.

use std::{
    io::{Read, Write},
    net::TcpStream,
};

use crate::binary::Site;

#[test]
fn the_first_start_prints_its_keys_once_and_they_work() {
    let site = Site::new();
    let first = site.serve(&[]);
    first.signal("TERM");
    let (code, printed, log) = first.wait();
    assert_eq!(code, Some(0), "{log}");
    let secret = printed
        .split_whitespace()
        .find(|word| word.starts_with("sk-kn-"))
        .expect("a secret key");
    assert!(!log.contains(secret), "the log must not hold it");

    let second = site.serve(&[]);
    let answer = request(
        site.port,
        &format!("GET /api/v1/project HTTP/1.1\r\nauthorization: Bearer {secret}\r\n"),
    );
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    second.signal("INT");
    let (code, printed, _) = second.wait();
    assert_eq!((code, printed.as_str()), (Some(0), ""));
}

/// One request on a connection of its own, read to the end.
fn request(port: u16, head: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    write!(stream, "{head}host: localhost\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// A request whose body is on its way: its head is sent and has reached the handler.
fn half_sent(site: &Site) -> TcpStream {
    let mut stream = TcpStream::connect(("127.0.0.1", site.port)).unwrap();
    let head = "POST /api/v1/keys HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer sk-known-0000\r\n\
                content-type: application/json\r\ncontent-length: 14\r\nexpect: 100-continue\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    let mut interim = [0; 25];
    stream.read_exact(&mut interim).unwrap();
    assert!(
        interim.starts_with(b"HTTP/1.1 100"),
        "the request is being handled"
    );
    stream
}

fn known_site() -> Site {
    Site::new()
        .with("LANGFUSE_INIT_PROJECT_PUBLIC_KEY", "pk-known-0000")
        .with("LANGFUSE_INIT_PROJECT_SECRET_KEY", "sk-known-0000")
}

#[test]
fn a_request_in_progress_is_finished_before_the_end() {
    let site = known_site();
    let mut serving = site.serve(&[]);
    let mut stream = half_sent(&site);
    serving.signal("TERM");
    serving.read_log_until("draining");
    stream
        .write_all(br#"{"name":"late"}"#.get(..14).unwrap())
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 400"),
        "the cut body is answered, not dropped: {answer}"
    );
    let (code, _, log) = serving.wait();
    assert_eq!(code, Some(0), "{log}");
}

#[test]
fn readiness_fails_first_while_requests_are_still_answered() {
    let site = known_site().with("APP_SERVER__DRAIN_DELAY_SECONDS", "60");
    let mut serving = site.serve(&[]);
    serving.signal("TERM");
    serving.read_log_until("draining");
    let ready = request(site.port, "GET /health/ready HTTP/1.1\r\n");
    assert!(
        ready.starts_with("HTTP/1.1 503") && ready.contains("draining"),
        "{ready}"
    );
    let project = request(
        site.port,
        "GET /api/v1/project HTTP/1.1\r\nauthorization: Bearer sk-known-0000\r\n",
    );
    assert!(project.starts_with("HTTP/1.1 200"), "{project}");
    // The second signal does not wait for the minute.
    serving.signal("TERM");
    assert_eq!(serving.wait().0, Some(128 + 15));
}
