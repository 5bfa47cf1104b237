//! A model provider on loopback that speaks OpenAI's wire format, and misbehaves on demand.
//!
//! It is written on a bare socket, so that a test decides what goes out when, and where it breaks.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
};

/// No caller takes that long to hang up unless something is broken.
const DEADLINE: Duration = Duration::from_mins(1);

pub const KEY: &str = "sk-of-the-provider";

/// A running provider. It answers each request with the next of its replies, and the last of them
/// for ever.
pub struct Provider {
    pub url: String,
    shared: Arc<Shared>,
}

struct Shared {
    replies: Mutex<VecDeque<Reply>>,
    received: Mutex<Vec<Received>>,
    hung_up: watch::Sender<usize>,
    go_on: Semaphore,
}

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Received {
    pub method: String,
    pub path: String,
    pub headers: BTreeMap<String, String>,
    pub body: String,
}

impl Received {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("the request is JSON")
    }
}

/// What the provider does with a request.
#[derive(Clone)]
pub struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    steps: Vec<Step>,
}

#[derive(Clone)]
pub enum Step {
    /// One chunk of the body, as one write.
    Send(Vec<u8>),
    /// Goes on when the test says so.
    Wait,
    /// Never goes on: waits until the caller hangs up.
    Hang,
    /// Closes the connection in the middle of the body.
    CutOff,
}

impl Reply {
    pub fn json(status: u16, body: &Value) -> Self {
        Self::text(status, "application/json", &body.to_string())
    }

    pub fn text(status: u16, content_type: &str, body: &str) -> Self {
        let steps = vec![Step::Send(body.as_bytes().to_vec())];
        Self {
            status,
            headers: Vec::new(),
            steps,
        }
        .header("content-type", content_type)
    }

    /// Server-sent events, or whatever else the steps send.
    pub fn stream(steps: Vec<Step>) -> Self {
        Self::stream_of("text/event-stream", steps)
    }

    pub fn stream_of(content_type: &str, steps: Vec<Step>) -> Self {
        Self {
            status: 200,
            headers: Vec::new(),
            steps,
        }
        .header("content-type", content_type)
    }

    /// Takes the request and says nothing.
    pub fn silence() -> Self {
        Self {
            status: 0,
            headers: Vec::new(),
            steps: vec![Step::Hang],
        }
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// An answer to whatever is asked: a completion that is an empty list of models, and a response, too.
    pub fn of_anything() -> Self {
        let message = json!({ "role": "assistant", "content": "Hello" });
        Self::json(
            200,
            &json!({ "id": "of-anything", "object": "chat.completion", "data": [], "results": [], "model": "m", "output": [],
            "choices": [{ "index": 0, "finish_reason": "stop", "message": message }] }),
        )
    }

    /// The same with other words in the body.
    pub fn replacing(mut self, from: &str, to: &str) -> Self {
        for step in &mut self.steps {
            if let Step::Send(bytes) = step {
                let text = String::from_utf8_lossy(bytes).replace(from, to);
                *bytes = text.into_bytes();
            }
        }
        self
    }

    /// The same, once this has happened.
    pub fn after(mut self, step: Step) -> Self {
        self.steps.insert(0, step);
        self
    }

    /// A whole answer of gpt-4o-mini: 1,000 tokens in, 400 of them cached, and 200 out.
    pub fn completion(text: &str) -> Self {
        Self::json(200, &json!({
            "id": "chatcmpl-1", "object": "chat.completion", "created": 1_700_000_000,
            "model": "gpt-4o-mini-2024-07-18", "system_fingerprint": "fp_1", "a_new_field": [1.50, null],
            "choices": [{ "index": 0, "finish_reason": "stop", "logprobs": null,
                "message": { "role": "assistant", "content": text, "refusal": null } }],
            "usage": usage(),
        }))
        .header("x-request-id", "req-of-provider")
        .header("openai-processing-ms", "12")
        .header("set-cookie", "secret=1")
    }
}

/// What [`Reply::completion`] and [`usage_chunk`] say was used.
pub fn usage() -> Value {
    json!({ "prompt_tokens": 1000, "completion_tokens": 200, "total_tokens": 1200,
        "prompt_tokens_details": { "cached_tokens": 400, "audio_tokens": 0 },
        "completion_tokens_details": { "reasoning_tokens": 50 } })
}

/// A server-sent event of a chunk that continues the text.
pub fn chunk(text: &str) -> Step {
    event(
        &json!({ "id": "chatcmpl-2", "object": "chat.completion.chunk", "created": 1_700_000_000,
        "model": "gpt-4o-mini-2024-07-18", "usage": null,
        "choices": [{ "index": 0, "delta": { "role": "assistant", "content": text }, "finish_reason": null }] }),
    )
}

pub fn last_chunk() -> Step {
    event(
        &json!({ "id": "chatcmpl-2", "object": "chat.completion.chunk", "created": 1_700_000_000,
        "model": "gpt-4o-mini-2024-07-18", "usage": null,
        "choices": [{ "index": 0, "delta": {}, "finish_reason": "stop" }] }),
    )
}

pub fn usage_chunk() -> Step {
    event(
        &json!({ "id": "chatcmpl-2", "object": "chat.completion.chunk", "created": 1_700_000_000,
        "model": "gpt-4o-mini-2024-07-18", "choices": [], "usage": usage() }),
    )
}

pub fn done() -> Step {
    send("data: [DONE]\n\n")
}

pub fn event(data: &Value) -> Step {
    send(&format!("data: {data}\n\n"))
}

pub fn send(text: &str) -> Step {
    Step::Send(text.as_bytes().to_vec())
}

impl Provider {
    pub async fn start(replies: impl IntoIterator<Item = Reply>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let shared = Arc::new(Shared {
            replies: Mutex::new(replies.into_iter().collect()),
            received: Mutex::default(),
            hung_up: watch::Sender::new(0),
            go_on: Semaphore::new(0),
        });
        let serving = Arc::clone(&shared);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let shared = Arc::clone(&serving);
                tokio::spawn(async move { serve(stream, &shared).await });
            }
        });
        Self {
            url: format!("http://{address}"),
            shared,
        }
    }

    /// Settings of an app that calls this provider as OpenAI.
    pub fn settings(&self) -> [(&'static str, &str); 2] {
        [("OPENAI_BASE_URL", &self.url), ("OPENAI_API_KEY", KEY)]
    }

    /// What it does from now on, in the place of what it was told before.
    pub fn replies_with(&self, reply: Reply) {
        let mut replies = self.shared.replies.lock().expect("no panic");
        replies.clear();
        replies.push_back(reply);
    }

    pub fn received(&self) -> Vec<Received> {
        self.shared.received.lock().expect("no panic").clone()
    }

    /// The one request that came.
    pub fn only_request(&self) -> Received {
        let mut received = self.received();
        assert_eq!(received.len(), 1, "{received:?}");
        received.remove(0)
    }

    /// Lets one [`Step::Wait`] pass.
    pub fn go_on(&self) {
        self.shared.go_on.add_permits(1);
    }

    /// Resolves when a caller has hung up on an answer that was not complete.
    pub async fn caller_hung_up(&self) {
        let mut hung_up = self.shared.hung_up.subscribe();
        let hanging_up = hung_up.wait_for(|count| *count > 0);
        let in_time = tokio::time::timeout(DEADLINE, hanging_up).await;
        in_time
            .expect("the caller hangs up")
            .expect("the provider runs");
    }
}

async fn serve(mut stream: TcpStream, shared: &Shared) {
    stream.set_nodelay(true).expect("a socket option");
    while let Some(received) = read_request(&mut stream).await {
        shared.received.lock().expect("no panic").push(received);
        let reply = {
            let mut replies = shared.replies.lock().expect("no panic");
            let next = replies.pop_front().expect("the test gave a reply");
            if replies.is_empty() {
                replies.push_back(next.clone());
            }
            next
        };
        if !send_reply(&mut stream, reply, shared).await {
            return;
        }
    }
}

async fn read_request(stream: &mut TcpStream) -> Option<Received> {
    let mut bytes = Vec::new();
    let head_end = loop {
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break at;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(bytes[..head_end].to_vec()).expect("the head is text");
    let mut lines = head.split("\r\n");
    let mut first = lines.next().expect("a request line").split(' ');
    let (method, path) = (first.next()?.to_owned(), first.next()?.to_owned());
    let headers: BTreeMap<String, String> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let length: usize = headers
        .get("content-length")
        .map_or(0, |length| length.parse().expect("a length"));
    let mut body = bytes.split_off(head_end + 4);
    while body.len() < length {
        if stream.read_buf(&mut body).await.ok()? == 0 {
            return None;
        }
    }
    Some(Received {
        method,
        path,
        headers,
        body: String::from_utf8(body).expect("the body is text"),
    })
}

/// Whether the connection can be used again.
async fn send_reply(stream: &mut TcpStream, reply: Reply, shared: &Shared) -> bool {
    if reply.status != 0 {
        let mut head = format!(
            "HTTP/1.1 {} Status\r\ntransfer-encoding: chunked\r\n",
            reply.status
        );
        for (name, value) in &reply.headers {
            head.extend([name, ": ", value, "\r\n"]);
        }
        head.push_str("\r\n");
        if stream.write_all(head.as_bytes()).await.is_err() {
            return false;
        }
    }
    for step in reply.steps {
        let goes_on = match step {
            Step::Send(bytes) => {
                let frame = [format!("{:x}\r\n", bytes.len()).as_bytes(), &bytes, b"\r\n"].concat();
                stream.write_all(&frame).await.is_ok()
            }
            Step::Wait => tokio::select! {
                permit = shared.go_on.acquire() => { permit.expect("a gate stays").forget(); true }
                () = until_closed(stream) => false,
            },
            Step::Hang => {
                until_closed(stream).await;
                false
            }
            Step::CutOff => return false,
        };
        if !goes_on {
            shared.hung_up.send_modify(|count| *count += 1);
            return false;
        }
    }
    stream.write_all(b"0\r\n\r\n").await.is_ok()
}

async fn until_closed(stream: &mut TcpStream) {
    let mut nothing = [0; 1];
    while !matches!(stream.read(&mut nothing).await, Ok(0) | Err(_)) {}
}
