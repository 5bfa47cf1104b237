//! The built app under load, killed at random and started again: every call that was answered with a
//! trace is there, exactly once.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use rand::{Rng, SeedableRng, rngs::StdRng};
use serde_json::{Value, json};

use crate::{
    fresh_database::{Database, Engine},
    provider::{Provider, Reply},
    support::{
        app::{App, SECRET_KEY},
        eventually,
    },
};

const KILLS: usize = 6;
const CLIENTS: usize = 6;

/// Calls that were answered with a trace.
#[derive(Clone, Default)]
struct Answered(Arc<Mutex<BTreeSet<String>>>);

/// Calls until the app is gone.
async fn call_on(
    http: reqwest::Client,
    url: String,
    next: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
    answered: Answered,
) {
    while !stop.load(Ordering::SeqCst) {
        let id = format!("call-{}", next.fetch_add(1, Ordering::SeqCst));
        let body = json!({
            "model": "gpt-4o-mini", "messages": [{ "role": "user", "content": "Hi" }],
            "metadata": { "langfuse_trace_id": id },
        });
        let sent = http
            .post(format!("{url}/v1/chat/completions"))
            .bearer_auth(SECRET_KEY)
            .json(&body)
            .send()
            .await;
        let Ok(answer) = sent else { continue };
        let named = answer.headers().contains_key("x-kaname-trace-id");
        if answer.status() == 200 && named && answer.bytes().await.is_ok() {
            answered.0.lock().unwrap().insert(id);
        }
    }
}

/// How many observations each trace has.
async fn stored(http: &reqwest::Client, url: &str) -> BTreeMap<String, usize> {
    let mut found = BTreeMap::new();
    for page in 1.. {
        let list = http
            .get(format!("{url}/api/public/traces?limit=100&page={page}"))
            .bearer_auth(SECRET_KEY)
            .send()
            .await
            .unwrap();
        let list: Value = list.json().await.unwrap();
        let items = list["data"].as_array().expect("a list").clone();
        if items.is_empty() {
            break;
        }
        for item in items {
            let id = item["id"].as_str().unwrap().to_owned();
            let twice = found.insert(id, item["observations"].as_array().unwrap().len());
            assert_eq!(twice, None, "a trace is listed twice: {item}");
        }
    }
    found
}

async fn every_answered_call_is_there_once(engine: Engine) {
    kaname::platform::tls::install_crypto_provider();
    let database = Database::create(engine);
    let provider = Provider::start([Reply::completion("Hello")]).await;
    let http = reqwest::Client::builder()
        .no_proxy()
        .timeout(Duration::from_secs(10))
        .build()
        .unwrap();
    let mut random = StdRng::seed_from_u64(7);
    let (next, answered) = (Arc::new(AtomicUsize::new(0)), Answered::default());
    for _ in 0..KILLS {
        let mut app = App::start(&database, &provider.settings(), &http).await;
        let stop = Arc::new(AtomicBool::new(false));
        let clients: Vec<_> = (0..CLIENTS)
            .map(|_| {
                let (url, next) = (app.url.clone(), Arc::clone(&next));
                let (stop, answered) = (Arc::clone(&stop), answered.clone());
                tokio::spawn(call_on(http.clone(), url, next, stop, answered))
            })
            .collect();
        let before = answered.0.lock().unwrap().len();
        eventually("calls are answered", || async {
            answered.0.lock().unwrap().len() > before + 5
        })
        .await;
        tokio::time::sleep(Duration::from_millis(random.random_range(0..400))).await;
        app.kill();
        stop.store(true, Ordering::SeqCst);
        for client in clients {
            client.await.unwrap();
        }
    }
    let app = App::start(&database, &provider.settings(), &http).await;
    let answered = answered.0.lock().unwrap().clone();
    eventually("every answered call is in the database", || async {
        let stored = stored(&http, &app.url).await;
        answered.iter().all(|id| stored.contains_key(id))
    })
    .await;
    let doubled: Vec<_> = stored(&http, &app.url)
        .await
        .into_iter()
        .filter(|(_, observations)| *observations != 1)
        .collect();
    assert!(
        doubled.is_empty(),
        "not exactly one observation: {doubled:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_lose_no_answered_call_on_sqlite() {
    every_answered_call_is_there_once(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_lose_no_answered_call_on_postgres() {
    every_answered_call_is_there_once(Engine::Postgres).await;
}
