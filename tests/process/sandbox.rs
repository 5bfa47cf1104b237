//! The sandbox as what runs in it finds it: each thing that it must not do, beside one that it may.

use std::{
    fs,
    io::ErrorKind,
    net::TcpListener,
    os::unix::process::ExitStatusExt,
    process::{Command, Output, Stdio},
};

use serde_json::{Value, json};

use crate::binary::text;

const MIB: u64 = 1024 * 1024;

/// Runs a program as the worker runs poppler and tesseract.
fn confined(program: &str, arguments: &[&str], more: &Value) -> Output {
    let mut order = json!({
        "program": program,
        "arguments": arguments,
        "variables": [],
        "readable": [],
        "memory_bytes": 256 * MIB,
        "cpu_seconds": 10,
    });
    for (key, value) in more.as_object().unwrap() {
        order[key] = value.clone();
    }
    Command::new(env!("CARGO_BIN_EXE_app"))
        .args(["doc-sandbox", "program", &order.to_string()])
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn bash(script: &str) -> Output {
    confined("/bin/bash", &["-c", script], &json!({}))
}

#[test]
fn a_child_that_reads_can_do_nothing_else() {
    let tried = Command::new(env!("CARGO_BIN_EXE_app"))
        .args(["doc-sandbox", "probe"])
        .env("MIMALLOC_ARENA_RESERVE", "0")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let report: Value = serde_json::from_slice(&tried.stdout).unwrap();
    assert_eq!(
        report["enforced"],
        json!({ "landlock": "full", "seccomp": true })
    );
    let attempts = report["succeeded"].as_array().unwrap();
    assert_eq!(attempts.len(), 7);
    let succeeded: Vec<_> = attempts
        .iter()
        .filter(|attempt| attempt[1] == true)
        .collect();
    assert!(succeeded.is_empty(), "{succeeded:?}");
}

#[test]
fn a_program_reads_what_it_was_given_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let (given, other) = (folder.path().join("given"), folder.path().join("other"));
    fs::write(&given, "given").unwrap();
    fs::write(&other, "other").unwrap();
    let cat = |path: &std::path::Path| {
        confined(
            "/bin/cat",
            &[path.to_str().unwrap()],
            &json!({ "readable": [given] }),
        )
    };
    assert_eq!(text(&cat(&given).stdout), "given");
    let refused = cat(&other);
    assert!(!refused.status.success() && refused.stdout.is_empty());
    assert!(
        text(&refused.stderr).contains("Permission denied"),
        "{}",
        text(&refused.stderr)
    );
}

#[test]
fn a_program_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("written");
    let script = format!("echo said; echo x > {}", path.display());
    let refused = bash(&script);
    assert_eq!(text(&refused.stdout), "said\n");
    assert!(!refused.status.success() && !path.exists());
}

#[test]
fn a_program_starts_no_other_and_no_bomb() {
    assert!(!bash("exec /bin/ls").status.success());
    let bomb = bash("f() { f & f & }; f");
    assert!(
        text(&bomb.stderr).contains("fork"),
        "{}",
        text(&bomb.stderr)
    );
}

#[test]
fn a_program_reaches_no_network() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    let refused = bash(&format!("exec 3<>/dev/tcp/127.0.0.1/{port}"));
    assert!(!refused.status.success());
    let came = listener.accept().map_err(|error| error.kind());
    assert_eq!(came.map(drop), Err(ErrorKind::WouldBlock));
}

#[test]
fn a_program_gets_the_memory_and_the_time_that_it_was_given() {
    let grow = |mebibytes: u64| {
        let script = format!("my $x = 'x' x ({mebibytes} * 1024 * 1024); print length $x");
        confined("/usr/bin/perl", &["-e", &script], &json!({}))
    };
    assert_eq!(text(&grow(32).stdout), (32 * MIB).to_string());
    assert!(!grow(300).status.success());
    let spins = confined(
        "/bin/bash",
        &["-c", "while :; do :; done"],
        &json!({ "cpu_seconds": 1 }),
    );
    assert!(spins.status.signal().is_some(), "{:?}", spins.status);
}
