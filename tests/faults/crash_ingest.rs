//! The built app under load, killed at random and started again: every call that was answered with a
//! trace, and every span and event that was accepted, is there exactly once.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use rand::{Rng, SeedableRng, rngs::StdRng, seq::SliceRandom};
use serde_json::Value;

use crate::{
    fresh_database::{Database, Engine},
    provider::{Provider, Reply},
    reports::{Kind, Sent, events, spans},
    support::{
        binary::{Binary, Caller},
        eventually,
    },
};

const KILLS: usize = 6;
/// Who sends at once, and what.
const SENDERS: [Kind; 8] = [
    Kind::Call,
    Kind::Call,
    Kind::Call,
    Kind::Call,
    Kind::Spans,
    Kind::Spans,
    Kind::Events,
    Kind::Events,
];

/// What was accepted: the observations of each trace.
type Accepted = BTreeMap<String, Vec<String>>;

/// One of those who send, through all the kills.
struct Sender {
    kind: Kind,
    next: Arc<AtomicU64>,
    accepted: Arc<Mutex<Accepted>>,
    /// Was sent when the app was killed, and is sent again: nobody knows whether it was accepted.
    in_doubt: Option<Sent>,
}

impl Sender {
    /// Sends until the app is gone.
    async fn send_on(mut self, to: Caller, stop: Arc<AtomicBool>) -> Self {
        while !stop.load(Ordering::SeqCst) {
            let sent = self
                .in_doubt
                .take()
                .unwrap_or_else(|| Sent::new(self.kind, self.next.fetch_add(1, Ordering::SeqCst)));
            if sent.send(&to).await {
                let mut accepted = self.accepted.lock().unwrap();
                accepted.insert(sent.trace, sent.observations);
            } else if sent.is_repeatable() {
                self.in_doubt = Some(sent);
            }
        }
        self
    }
}

/// The ids of the observations of each trace.
async fn stored(app: &Caller) -> Accepted {
    let mut found = BTreeMap::new();
    for page in 1.. {
        let list = app
            .get(&format!("/api/public/traces?limit=100&page={page}"))
            .await;
        let items = list["data"].as_array().expect("a list").clone();
        if items.is_empty() {
            break;
        }
        for item in items {
            let id = item["id"].as_str().unwrap().to_owned();
            let ids = item["observations"].as_array().unwrap().iter();
            let ids = ids.map(|id| id.as_str().unwrap().to_owned()).collect();
            let twice = found.insert(id, ids);
            assert_eq!(twice, None, "a trace is listed twice: {item}");
        }
    }
    found
}

/// Loads the app from every side until it is killed.
async fn load_and_kill(mut app: Binary, senders: Vec<Sender>, lasting: Duration) -> Vec<Sender> {
    let stop = Arc::new(AtomicBool::new(false));
    let accepted = Arc::clone(&senders[0].accepted);
    let before = accepted.lock().unwrap().len();
    let running: Vec<_> = senders
        .into_iter()
        .map(|sender| tokio::spawn(sender.send_on(app.caller(), Arc::clone(&stop))))
        .collect();
    eventually("reports are accepted", || async {
        accepted.lock().unwrap().len() > before + SENDERS.len()
    })
    .await;
    tokio::time::sleep(lasting).await;
    app.kill();
    stop.store(true, Ordering::SeqCst);
    let mut senders = Vec::new();
    for sender in running {
        senders.push(sender.await.unwrap());
    }
    senders
}

async fn all_that_was_accepted_is_there_once(engine: Engine) {
    let database = Database::create(engine);
    let folder = database.folder.path();
    let provider = Provider::start([Reply::completion("Hello")]).await;
    let mut random = StdRng::seed_from_u64(7);
    let (next, accepted) = (Arc::new(AtomicU64::new(1)), Arc::default());
    let mut senders: Vec<Sender> = SENDERS
        .map(|kind| Sender {
            kind,
            next: Arc::clone(&next),
            accepted: Arc::clone(&accepted),
            in_doubt: None,
        })
        .into();
    for _ in 0..KILLS {
        let app = Binary::start(&database.url, folder, &provider).await;
        let lasting = Duration::from_millis(random.random_range(0..400));
        senders = load_and_kill(app, senders, lasting).await;
    }
    let app = Binary::start(&database.url, folder, &provider).await;
    let accepted = accepted.lock().unwrap().clone();
    eventually("everything accepted is in the database", || async {
        let stored = stored(&app.caller()).await;
        accepted.keys().all(|trace| stored.contains_key(trace))
    })
    .await;
    for (trace, mut ids) in stored(&app.caller()).await {
        ids.sort();
        if let Some(sent) = accepted.get(&trace).filter(|sent| !sent.is_empty()) {
            assert_eq!(ids, *sent, "{trace}");
        }
        let all = ids.len();
        ids.dedup();
        assert_eq!(ids.len(), all, "{trace} has one of {ids:?} twice");
        let is_call = trace.starts_with("call-");
        assert!(!is_call || all == 1, "{trace} has {all} observations");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_lose_nothing_that_was_accepted_on_sqlite() {
    all_that_was_accepted_is_there_once(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_lose_nothing_that_was_accepted_on_postgres() {
    all_that_was_accepted_is_there_once(Engine::Postgres).await;
}

const TRACES: u64 = 20;
/// Requests that report parts of one trace.
const PARTS: u64 = 4;

/// Each part of each trace goes to one of the processes, or to both, in any order and at once.
async fn send_to_both(callers: [Caller; 2]) {
    let mut random = StdRng::seed_from_u64(11);
    let mut all = Vec::new();
    for number in 1..=TRACES {
        for part in (0..PARTS).map(|part| part * 10) {
            let (spans, events) = (
                spans(&format!("{number:032x}"), part),
                events(&format!("t-{number}"), part),
            );
            for sent in [spans, events] {
                let to = random.random_range(0..3);
                all.extend((to != 0).then(|| (sent.clone(), callers[0].clone())));
                all.extend((to != 1).then_some((sent, callers[1].clone())));
            }
        }
    }
    all.shuffle(&mut random);
    let sending = all
        .iter()
        .map(|(sent, to)| async move { assert!(sent.send(to).await, "{} is refused", sent.trace) });
    futures::future::join_all(sending).await;
}

fn of_trace(trace: &Value) -> Value {
    let mut trace = trace.clone();
    for written in ["createdAt", "updatedAt"] {
        trace[written].take();
        let observations = trace["observations"].as_array_mut().unwrap();
        for observation in observations {
            observation[written].take();
        }
    }
    trace
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_that_hear_of_the_same_traces_at_once_come_to_one_result() {
    let database = Database::create(Engine::Postgres);
    let provider = Provider::start([Reply::completion("Hello")]).await;
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let first = Binary::start(&database.url, folders[0].path(), &provider).await;
    let second = Binary::start(&database.url, folders[1].path(), &provider).await;
    send_to_both([first.caller(), second.caller()]).await;
    // Each process answers once what it accepted itself is applied.
    first.caller().get("/api/public/traces?limit=1").await;
    let parts = usize::try_from(PARTS * 3).unwrap();
    for number in 1..=TRACES {
        let path = format!("/api/public/traces/t-{number}");
        let told = second.caller().get(&path).await;
        assert_eq!(told["name"], "name-30", "the last report's");
        assert_eq!(
            told["tags"],
            serde_json::json!(["tag-0", "tag-10", "tag-20", "tag-30"])
        );
        assert_eq!(told["metadata"].as_object().unwrap().len(), 4);
        let observations = told["observations"].as_array().unwrap();
        assert_eq!(observations.len(), parts);
        for span in observations {
            assert_eq!(
                (&span["output"], span["latency"].as_f64()),
                (&span["id"], Some(1.0)),
                "{span}"
            );
        }
        assert_eq!(of_trace(&told), of_trace(&first.caller().get(&path).await));
        let path = format!("/api/public/traces/{number:032x}");
        let told = first.caller().get(&path).await;
        assert_eq!(told["observations"].as_array().unwrap().len(), parts);
    }
}
