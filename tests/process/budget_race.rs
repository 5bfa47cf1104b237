//! A budget for fifty calls, two processes, and two hundred calls at once: the provider never gets
//! more than fifty, whoever is killed.

use std::{sync::Arc, time::Duration};

use kaname::platform::tls::install_crypto_provider;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::{
    binary::{Serving, Site},
    fresh_database::{Database, Engine, service},
    provider::{Provider, Reply, Step},
};

const SECRET_KEY: &str = "sk-race-0123456789";
const CALLS: usize = 200;
/// Calls that the budget is for: each is held back at what it costs.
/// Calls that the provider has when a process is killed.
const BEFORE_THE_KILL: usize = 10;
const BUDGET_CALLS: usize = 50;
const BUDGET_USD: &str = "0.01";
const DEADLINE: Duration = Duration::from_mins(1);

/// Processes on one database, and perhaps one Redis, in front of one provider.
struct Cluster {
    sites: [Site; 2],
    processes: Vec<Serving>,
    http: reqwest::Client,
    /// Holds SQLite's file.
    _database: Database,
}

impl Cluster {
    async fn start(engine: Engine, redis: Option<&str>, provider: &Provider) -> Self {
        install_crypto_provider();
        let database = Database::create(engine);
        let site = || {
            let site = Site::new()
                .with("DATABASE_URL", &database.url)
                .with("OPENAI_BASE_URL", &provider.url)
                .with("OPENAI_API_KEY", "sk-of-the-provider")
                .with("LANGFUSE_INIT_PROJECT_PUBLIC_KEY", "pk-race-0123456789")
                .with("LANGFUSE_INIT_PROJECT_SECRET_KEY", SECRET_KEY)
                .with("LANGFUSE_INIT_PROJECT_ID", &database.url)
                .with(
                    "APP_IDENTITY__KEY_HASH_SECRET",
                    "a secret for tests, 32 characters or more",
                )
                .with("APP_TELEMETRY__LOG", "warn");
            match redis {
                Some(redis) => site.with("REDIS_URL", redis),
                None => site,
            }
        };
        let sites = [site(), site()];
        let processes = sites
            .iter()
            .map(|site| site.serve(&["--role", "api"]))
            .collect();
        let http = reqwest::Client::builder()
            .no_proxy()
            .timeout(DEADLINE)
            .build()
            .unwrap();
        let cluster = Self {
            sites,
            processes,
            http,
            _database: database,
        };
        let price = json!({ "usd_per_million": { "input": "0", "output": "1" } });
        cluster
            .send("PUT", "/api/v1/prices/gpt-4o-mini*", &price, 200)
            .await;
        let limit = json!({ "subject": { "kind": "project" }, "unit": "money",
            "window": "total", "amount": BUDGET_USD });
        cluster.send("POST", "/api/v1/limits", &limit, 201).await;
        cluster
    }

    async fn send(&self, method: &str, path: &str, body: &Value, status: u16) {
        let url = format!("http://127.0.0.1:{}{path}", self.sites[0].port);
        let request = self.http.request(method.parse().unwrap(), url).json(body);
        let answer = request.bearer_auth(SECRET_KEY).send().await.unwrap();
        assert_eq!(answer.status(), status, "{}", answer.text().await.unwrap());
    }

    /// Calls at once, by turns to each of these processes; their statuses, 0 where none came.
    fn call(&self, to: &[usize], calls: usize) -> JoinSet<u16> {
        let mut running = JoinSet::new();
        for number in 0..calls {
            let port = self.sites[to[number % to.len()]].port;
            let request = self
                .http
                .post(format!("http://127.0.0.1:{port}/v1/chat/completions"))
                .bearer_auth(SECRET_KEY)
                .json(&json!({ "model": "gpt-4o-mini", "max_tokens": 200, "messages": [] }));
            running.spawn(async move {
                let answer = request.send().await;
                answer.map_or(0, |answer| answer.status().as_u16())
            });
        }
        running
    }
}

async fn provider_received(provider: &Provider, calls: usize) {
    let looking = async {
        while provider.received().len() < calls {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    assert!(tokio::time::timeout(DEADLINE, looking).await.is_ok());
}

fn count(statuses: &[u16], status: u16) -> usize {
    statuses.iter().filter(|other| **other == status).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_calls_on_a_budget_for_fifty() {
    let redis = service("TEST_REDIS_URL");
    for (engine, redis) in [
        (Engine::Postgres, Some(redis.as_str())),
        (Engine::Postgres, None),
        (Engine::Sqlite, None),
    ] {
        let provider = Provider::start([Reply::completion("Hello")]).await;
        let cluster = Cluster::start(engine, redis, &provider).await;
        let statuses = cluster.call(&[0, 1], CALLS).join_all().await;
        let received = provider.received().len();
        let (admitted, refused) = (count(&statuses, 200), count(&statuses, 429));
        assert_eq!(
            (received, admitted + refused),
            (admitted, CALLS),
            "{statuses:?}"
        );
        assert!(received <= BUDGET_CALLS, "{received} calls on {engine:?}");
        if redis.is_some() {
            assert_eq!(
                received, BUDGET_CALLS,
                "one purse for both: all of it is used"
            );
        } else {
            // A process can hold a part that the other one could use.
            assert!(
                received > BUDGET_CALLS - 8,
                "{received} calls on {engine:?}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_is_killed_amid_its_calls_and_the_budget_holds() {
    let redis = service("TEST_REDIS_URL");
    for (engine, redis) in [
        (Engine::Postgres, Some(redis.as_str())),
        (Engine::Sqlite, None),
    ] {
        // Each answer waits until the test lets it go.
        let waiting = Reply::completion("Hello").after(Step::Wait);
        let provider = Arc::new(Provider::start([waiting]).await);
        let mut cluster = Cluster::start(engine, redis, &provider).await;
        let running = cluster.call(&[0, 1], CALLS);
        provider_received(&provider, BEFORE_THE_KILL).await;
        drop(cluster.processes.remove(0)); // SIGKILL
        for _ in 0..CALLS {
            provider.go_on();
        }
        running.join_all().await;
        let again = cluster.sites[0].serve(&["--role", "api"]);
        cluster.processes.insert(0, again);
        for _ in 0..2 * CALLS {
            provider.go_on();
        }
        let statuses = cluster.call(&[0, 1], CALLS).join_all().await;
        assert_eq!(
            count(&statuses, 200) + count(&statuses, 429),
            CALLS,
            "{statuses:?}"
        );
        let received = provider.received().len();
        assert!(received <= BUDGET_CALLS, "{received} calls on {engine:?}");
        // What the dead process had set aside counts as used, however little of it had been: how much
        // it was, the moment of its death decides.
        assert!(
            received >= BEFORE_THE_KILL,
            "{received} calls on {engine:?}"
        );
        let left = cluster.call(&[0], 8).join_all().await;
        assert_eq!(count(&left, 429), 8, "the budget is used up: {left:?}");
    }
}
