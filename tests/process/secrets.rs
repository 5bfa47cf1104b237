//! What must not be seen: keys of providers, in the log and in the files.

use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
};

use crate::binary::Site;

const KEY: &str = "sk-a-key-that-nobody-should-see-1234";

fn request(port: u16, key: &str, head: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let length = body.len();
    write!(
        stream,
        "{head} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\nauthorization: Bearer {key}\r\n\
         content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn a_providers_key_is_in_no_log_and_in_no_file() {
    let project = "sk-of-the-project-0123456789";
    let site = Site::new()
        .with("APP_TELEMETRY__LOG", "debug")
        .with("APP_GATEWAY__PROVIDER_PRIVATE_HOSTS", "127.0.0.1")
        .with("GROQ_API_KEY", KEY)
        .with("LANGFUSE_INIT_PROJECT_ID", "first")
        .with(
            "LANGFUSE_INIT_PROJECT_PUBLIC_KEY",
            "pk-of-the-project-0123456789",
        )
        .with("LANGFUSE_INIT_PROJECT_SECRET_KEY", project);
    let serving = site.serve(&[]);
    // Nobody listens there: the call fails, which is when things are logged.
    let put = format!(
        r#"{{"kind":"compatible","base_url":"http://127.0.0.1:1/v1","api_key":"{KEY}","models":["m"]}}"#
    );
    let answer = request(site.port, project, "PUT /api/v1/providers/mine", &put);
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(!answer.contains(KEY), "{answer}");
    let answer = request(
        site.port,
        project,
        "POST /v1/chat/completions",
        r#"{"model":"m","messages":[]}"#,
    );
    assert!(answer.starts_with("HTTP/1.1 502"), "{answer}");
    let answer = request(site.port, project, "POST /api/v1/providers/mine/test", "");
    assert!(
        answer.contains("\"ok\":false") && !answer.contains(KEY),
        "{answer}"
    );
    serving.signal("TERM");
    let (code, out, log) = serving.wait();
    assert_eq!(code, Some(0), "{log}");
    assert!(log.contains("mine"), "the failure is logged: {log}");
    assert!(
        !log.contains(KEY) && !out.contains(KEY),
        "the log holds the key"
    );

    let shown = site.run(&["config"]);
    assert!(!String::from_utf8_lossy(&shown.stdout).contains(KEY));
    let mut folders = vec![site.folder.path().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            if entry.path().is_dir() {
                folders.push(entry.path());
                continue;
            }
            let bytes = fs::read(entry.path()).unwrap();
            let holds = bytes
                .windows(KEY.len())
                .any(|window| window == KEY.as_bytes());
            assert!(!holds, "{} holds the key", entry.path().display());
        }
    }
}
