//! The cache of answers, in the memory of a process and in Redis that processes share.

use futures::future::join_all;
use kaname::kernel::Clock;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    App, Engine,
    app::Answer,
    database::service,
    eventually,
    provider::{Provider, Reply, Step},
};

const CHAT: &str = "/v1/chat/completions";
/// Nothing listens there.
const NO_REDIS: &str = "redis://127.0.0.1:1";

fn call() -> Value {
    json!({ "model": "gpt-4o-mini", "messages": [{ "role": "user", "content": "Hi" }] })
}

async fn ask(app: &App, cache: &str) -> Answer {
    let request = app.request(Method::POST, CHAT);
    Answer::of(request.header("x-kaname-cache", cache).json(&call())).await
}

fn outcome(answer: &Answer) -> Option<&str> {
    answer.expect(200);
    answer.header("x-kaname-cache")
}

/// An app whose project is its own in the Redis that tests share.
async fn app_on(engine: Engine, redis: &str, provider: &Provider) -> App {
    let project = format!(
        "cache-{}",
        Clock::system().new_id::<App>().as_uuid().simple()
    );
    let mut settings = vec![
        ("LANGFUSE_INIT_PROJECT_ID", project.as_str()),
        ("APP_REDIS__URL", redis),
    ];
    settings.extend(provider.settings());
    App::start_with(engine, &settings).await
}

/// Writes a test once and runs it with the cache in memory and in Redis.
macro_rules! in_each_store {
    ($(async fn $name:ident($app:ident: App, $provider:ident: Provider = [$($reply:expr),+ $(,)?]) $body:block)+) => {$(
        mod $name {
            use super::*;

            async fn run(engine: Engine, redis: &str) {
                let $provider = Provider::start([$($reply),+]).await;
                let $app = app_on(engine, redis, &$provider).await;
                $body
                $app.stop().await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn memory() {
                run(Engine::Sqlite, "").await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn redis() {
                run(Engine::Postgres, &service("TEST_REDIS_URL")).await;
            }
        }
    )+};
}

in_each_store! {
    async fn a_hit_has_no_usage_no_cost_and_its_own_trace(app: App, provider: Provider = [Reply::completion("Hello")]) {
        let first = ask(&app, "ttl=60").await;
        assert_eq!(outcome(&first), Some("miss"));
        let again = ask(&app, "ttl=60").await;
        assert_eq!((outcome(&again), &again.text), (Some("hit"), &first.text));
        assert_eq!(again.header("x-kaname-provider"), Some("openai"));
        let trace = |answer: &Answer| answer.header("x-kaname-trace-id").unwrap().to_owned();
        assert_ne!(trace(&first), trace(&again));
        let found = app.get(&format!("/api/public/traces/{}", trace(&again))).await.expect(200);
        let generation = &found["observations"][0];
        assert_eq!((&found["totalCost"], &generation["usageDetails"]), (&json!(0.0), &json!({})));
        assert_eq!(generation["metadata"]["gateway"]["cache"], "hit");
        provider.only_request();
    }

    async fn an_answer_is_kept_for_its_time_only(app: App, provider: Provider = [Reply::completion("Hello")]) {
        assert_eq!(outcome(&ask(&app, "ttl=1").await), Some("miss"));
        eventually("it runs out", || async {
            outcome(&ask(&app, "ttl=1").await) == Some("miss")
        }).await;
        assert_eq!(provider.received().len(), 2);
    }

    async fn a_namespace_has_answers_of_its_own_and_is_purged_alone(app: App, provider: Provider = [Reply::completion("Hello")]) {
        let (here, there) = ("ttl=60, namespace=here", "ttl=60, namespace=there");
        for namespace in [here, there, "ttl=60"] {
            assert_eq!(outcome(&ask(&app, namespace).await), Some("miss"), "{namespace}");
        }
        assert_eq!(app.delete("/api/v1/cache?namespace=here").await.status, 204);
        assert_eq!(outcome(&ask(&app, here).await), Some("miss"));
        assert_eq!(outcome(&ask(&app, there).await), Some("hit"));
        assert_eq!(app.delete("/api/v1/cache").await.status, 204);
        for namespace in [here, there, "ttl=60"] {
            assert_eq!(outcome(&ask(&app, namespace).await), Some("miss"), "{namespace}");
        }
        assert_eq!(provider.received().len(), 7);
    }

    async fn no_store_neither_reads_nor_keeps(app: App, provider: Provider = [Reply::completion("Hello")]) {
        assert_eq!(outcome(&ask(&app, "no-store").await), None);
        assert_eq!(outcome(&ask(&app, "ttl=60").await), Some("miss"));
        assert_eq!(outcome(&ask(&app, "no-store").await), None);
        assert_eq!(provider.received().len(), 3);
    }

    async fn of_equal_calls_at_once_one_is_made(app: App, provider: Provider = [Reply::completion("Hello").after(Step::Wait)]) {
        let calls = join_all((0..8).map(|_| ask(&app, "ttl=60, single-flight")));
        let answer = async {
            eventually("the provider is asked", || async { !provider.received().is_empty() }).await;
            provider.go_on();
        };
        let (answers, ()) = tokio::join!(calls, answer);
        let hits = answers.iter().filter(|answer| outcome(answer) == Some("hit")).count();
        assert_eq!(hits, 7);
        assert!(answers.iter().all(|answer| answer.text == answers[0].text));
        provider.only_request();
    }

    async fn a_failure_is_not_kept_and_the_next_that_waits_makes_the_call(app: App, provider: Provider = [
        Reply::json(500, &json!({ "error": { "message": "it broke" } })).after(Step::Wait), Reply::completion("Hello")
    ]) {
        let calls = join_all((0..4).map(|_| ask(&app, "ttl=60, single-flight")));
        let answer = async {
            eventually("the provider is asked", || async { !provider.received().is_empty() }).await;
            provider.go_on();
        };
        let (answers, ()) = tokio::join!(calls, answer);
        let failed = answers.iter().filter(|answer| answer.status == 500).count();
        assert_eq!((failed, provider.received().len()), (1, 2));
    }

    async fn another_project_never_gets_it(app: App, provider: Provider = [Reply::completion("Hello")]) {
        assert_eq!(outcome(&ask(&app, "ttl=60").await), Some("miss"));
        let other = app.other_project().await;
        let request = || other.request(Method::POST, CHAT).header("x-kaname-cache", "ttl=60").json(&call());
        assert_eq!(outcome(&Answer::of(request()).await), Some("miss"));
        assert_eq!(outcome(&Answer::of(request()).await), Some("hit"));
        assert_eq!(provider.received().len(), 2);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_share_what_redis_keeps() {
    let provider = Provider::start([Reply::completion("Hello")]).await;
    let app = app_on(Engine::Postgres, &service("TEST_REDIS_URL"), &provider).await;
    let sibling = app.sibling(&[kaname::roles::Role::Api]).await;
    assert_eq!(outcome(&ask(&app, "ttl=60").await), Some("miss"));
    assert_eq!(outcome(&ask(&sibling, "ttl=60").await), Some("hit"));
    assert_eq!(sibling.delete("/api/v1/cache").await.status, 204);
    assert_eq!(outcome(&ask(&app, "ttl=60").await), Some("miss"));
    sibling.stop().await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_are_made_while_redis_is_away() {
    let provider = Provider::start([Reply::completion("Hello")]).await;
    let app = app_on(Engine::Postgres, NO_REDIS, &provider).await;
    for _ in 0..2 {
        assert_eq!(
            outcome(&ask(&app, "ttl=60, single-flight").await),
            Some("miss")
        );
    }
    assert_eq!(provider.received().len(), 2);
    assert_eq!(app.delete("/api/v1/cache").await.status, 503);
    app.stop().await;
}
