//! Limits under random interleavings, crashes, and a Redis that goes away or forgets.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use kaname::{
    kernel::{Actor, Clock, NanoUsd, Timestamp},
    llm_integration::{
        Actual, Amount, Estimate, Limit, LimitSubject, LimitUsage, Limits, LimitsSettings,
        LlmError, Measure, Reservation, Subject, WhenRedisIsDown, Window,
    },
    platform::{db::Db, redis::Redis},
};
use proptest::{prelude::*, test_runner::TestRunner};
use tokio_util::sync::CancellationToken;

use crate::{
    fresh_database::{Engine, service},
    support::{Database, RedisServer, client, eventually, worker::actor},
};

/// Sequences that are tried on each store.
const SEQUENCES: u32 = 40;
const BUDGET: i64 = 1_000;
const TOKENS_A_MINUTE: i64 = 100;
const REQUESTS_A_DAY: i64 = 8;
const AT_ONCE: i64 = 3;
const LEASE: Duration = Duration::from_secs(30);
const USERS: [&str; 2] = ["ann", "bob"];
const SETTINGS: LimitsSettings = LimitsSettings {
    when_redis_is_down: WhenRedisIsDown::Local,
    default_output_tokens: 0,
};

fn limits(db: &Db, clock: &Clock, redis: Option<Redis>) -> Limits {
    Limits::new(db.clone(), clock.clone(), redis, &SETTINGS)
}

async fn set(limits: &Limits, actor: &Actor, subject: &str, measure: Measure, amount: i64) {
    let each = (subject != "project").then_some("*");
    let subject = LimitSubject::parse(subject, each).unwrap();
    let amount = Amount::count(amount.unsigned_abs()).unwrap();
    let limit = Limit { measure, amount };
    limits.create(actor, subject, limit).await.unwrap();
}

async fn admit(
    limits: &Limits,
    actor: &Actor,
    user: &str,
    tokens: i64,
    cost: i64,
) -> Result<Reservation, LlmError> {
    let subject = Subject {
        project: actor.project,
        key: None,
        user: Some(user),
        tags: &[],
        model: "m",
        route: None,
    };
    let estimate = Estimate {
        input_tokens: tokens.unsigned_abs(),
        output_tokens: 0,
        cost: Some(NanoUsd::from_nanos(cost)),
    };
    limits.admit(&subject, None, || estimate).await
}

fn actual(tokens: i64, cost: i64) -> Actual {
    Actual {
        tokens: tokens.unsigned_abs(),
        cost: Some(NanoUsd::from_nanos(cost)),
    }
}

/// Stops as a process does that was asked to.
async fn end(limits: Limits) {
    let stop = CancellationToken::new();
    stop.cancel();
    limits.keep(stop).await;
}

async fn money(limits: &Limits, actor: &Actor) -> LimitUsage {
    let usages = limits.usage(actor, None).await.unwrap();
    let money = |usage: &LimitUsage| matches!(usage.limit.measure, Measure::Money(_));
    usages.into_iter().find(money).unwrap()
}

/// Calls of a tenth of the budget until one is refused; how many were admitted.
async fn spend(limits: &Limits, actor: &Actor, most: usize) -> usize {
    for admitted in 0..most {
        match admit(limits, actor, "ann", 0, BUDGET / 50).await {
            Ok(call) => call.commit_estimate().await,
            Err(LlmError::LimitExceeded(_)) => return admitted,
            Err(error) => panic!("{error}"),
        }
    }
    most
}

#[derive(Clone, Debug)]
enum Step {
    Call {
        user: usize,
        tokens: i64,
        cost: i64,
    },
    Settle {
        which: usize,
        tokens: i64,
        cost: i64,
    },
    Commit {
        which: usize,
    },
    Abandon {
        which: usize,
    },
    Wait {
        seconds: u64,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let (which, tokens, cost) = (0..8_usize, 0..60_i64, 0..400_i64);
    prop_oneof![
        5 => (0..USERS.len(), tokens.clone(), cost.clone())
            .prop_map(|(user, tokens, cost)| Step::Call { user, tokens, cost }),
        3 => (which.clone(), tokens, cost)
            .prop_map(|(which, tokens, cost)| Step::Settle { which, tokens, cost }),
        1 => which.clone().prop_map(|which| Step::Commit { which }),
        1 => which.prop_map(|which| Step::Abandon { which }),
        1 => (0..90_u64).prop_map(|seconds| Step::Wait { seconds }),
    ]
}

/// What limits have to say, in the plainest form: what each counter holds, by window.
#[derive(Default)]
struct Reference(BTreeMap<(&'static str, usize, Timestamp), i64>);

struct Call {
    user: usize,
    tokens: i64,
    cost: i64,
    at: Timestamp,
    reservation: Reservation,
}

impl Reference {
    fn asked(
        user: usize,
        tokens: i64,
        cost: i64,
        at: Timestamp,
    ) -> [((&'static str, usize, Timestamp), i64, i64); 4] {
        let ever = Window::Total.start(at);
        [
            (("money", 0, ever), cost, BUDGET),
            (
                ("tokens", user, Window::Minute.start(at)),
                tokens,
                TOKENS_A_MINUTE,
            ),
            (("requests", user, Window::Day.start(at)), 1, REQUESTS_A_DAY),
            (("at once", 0, ever), 1, AT_ONCE),
        ]
    }

    fn admits(&mut self, user: usize, tokens: i64, cost: i64, at: Timestamp) -> bool {
        let asked = Self::asked(user, tokens, cost, at);
        let fits = asked.iter().all(|(counter, amount, limit)| {
            *amount == 0 || self.0.get(counter).unwrap_or(&0) + amount <= *limit
        });
        if fits {
            for (counter, amount, _) in asked {
                *self.0.entry(counter).or_default() += amount;
            }
        }
        fits
    }

    /// `None`: the call used nothing.
    fn ends(&mut self, call: &Call, used: Option<(i64, i64)>) {
        let (tokens, cost) = used.unwrap_or((0, 0));
        let held = Self::asked(call.user, call.tokens, call.cost, call.at);
        let used = [cost, tokens, i64::from(used.is_some()), 0];
        for ((counter, held, _), used) in held.into_iter().zip(used) {
            *self.0.entry(counter).or_default() += used - held;
        }
    }
}

/// Runs the steps, and asserts that each comes out as the reference says.
#[expect(clippy::too_many_lines, reason = "one arm for each step")]
async fn as_the_reference_says(limits: &Limits, clock: &Clock, actor: &Actor, steps: &[Step]) {
    set(
        limits,
        actor,
        "project",
        Measure::Money(Window::Total),
        BUDGET,
    )
    .await;
    set(
        limits,
        actor,
        "user",
        Measure::Tokens(Window::Minute),
        TOKENS_A_MINUTE,
    )
    .await;
    set(
        limits,
        actor,
        "user",
        Measure::Requests(Window::Day),
        REQUESTS_A_DAY,
    )
    .await;
    set(limits, actor, "project", Measure::ParallelRequests, AT_ONCE).await;
    let (mut reference, mut running) = (Reference::default(), Vec::<Call>::new());
    for step in steps {
        let now = clock.now();
        match *step {
            Step::Call { user, tokens, cost } => {
                let admitted = admit(limits, actor, USERS[user], tokens, cost).await;
                let expected = reference.admits(user, tokens, cost, now);
                let said = admitted.as_ref().map(drop).map_err(ToString::to_string);
                assert_eq!(said.is_ok(), expected, "{step:?} in {steps:?}: {said:?}");
                if let Ok(reservation) = admitted {
                    running.push(Call {
                        user,
                        tokens,
                        cost,
                        at: now,
                        reservation,
                    });
                }
            }
            Step::Settle {
                which,
                tokens,
                cost,
            } if which < running.len() => {
                let call = running.remove(which);
                reference.ends(&call, Some((tokens, cost)));
                call.reservation.settle(actual(tokens, cost)).await;
            }
            Step::Commit { which } if which < running.len() => {
                let call = running.remove(which);
                reference.ends(&call, Some((call.tokens, call.cost)));
                call.reservation.commit_estimate().await;
            }
            Step::Abandon { which } if which < running.len() => {
                let call = running.remove(which);
                reference.ends(&call, None);
                drop(call);
                let places = |usage: &LimitUsage| usage.limit.measure == Measure::ParallelRequests;
                eventually("the place is given back", || async {
                    let usages = limits.usage(actor, None).await.unwrap();
                    let places = usages.into_iter().find(places).unwrap();
                    places.reserved == i64::try_from(running.len()).unwrap()
                })
                .await;
            }
            Step::Wait { seconds } => {
                // Nobody renews leases here, so a call ends before its own does.
                let wait = Duration::from_secs(seconds);
                let lasts = |call: &Call| now.plus(wait).since(call.at) < LEASE;
                if running.iter().all(lasts) {
                    clock.advance(wait);
                }
            }
            _ => {}
        }
    }
    for call in running {
        reference.ends(&call, Some((call.tokens, call.cost)));
        call.reservation.commit_estimate().await;
    }
    let spent = money(limits, actor).await;
    let expected: i64 = reference
        .0
        .iter()
        .filter(|((kind, ..), _)| *kind == "money")
        .map(|(_, n)| n)
        .sum();
    assert_eq!((spent.used, spent.reserved), (expected, 0), "{steps:?}");
}

#[test]
fn random_interleavings_never_exceed_and_never_leak_here_and_in_redis() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let start = Timestamp::from_unix_micros(1_700_000_000_000_000).unwrap();
    for (engine, redis) in [
        (Engine::Sqlite, None),
        (Engine::Postgres, Some(service("TEST_REDIS_URL"))),
    ] {
        let database = Database::new(engine);
        let db = runtime.block_on(async { database.open() });
        let config = ProptestConfig {
            cases: SEQUENCES,
            failure_persistence: None,
            ..ProptestConfig::default()
        };
        let sequence = std::cell::Cell::new(0);
        TestRunner::new(config)
            .run(&prop::collection::vec(step(), 1..40), |steps| {
                sequence.set(sequence.get() + 1);
                let clock = Clock::manual(start);
                // Redis outlives the databases: a project of its own for each run of the test.
                let project = format!("{}-{}", database.url, sequence.get());
                let actor = actor(&project);
                runtime.block_on(async {
                    let limits = limits(&db, &clock, redis.as_deref().map(client));
                    as_the_reference_says(&limits, &clock, &actor, &steps).await;
                    let spent = money(&limits, &actor).await;
                    end(limits).await;
                    // What was set aside is given back: all that is left can be used.
                    let next = Limits::new(db.clone(), clock.clone(), None, &SETTINGS);
                    let left = BUDGET - spent.used;
                    clock.advance(Duration::from_hours(24));
                    if left > 0 {
                        let rest = admit(&next, &actor, "ann", 0, left).await;
                        rest.unwrap().commit_estimate().await;
                    }
                    assert!(admit(&next, &actor, "ann", 0, 1).await.is_err());
                });
                Ok(())
            })
            .unwrap();
    }
}

/// Two processes on one database, or on a database and a Redis, and calls in both at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_at_once_in_two_processes_never_hold_more_than_there_is() {
    for (engine, redis) in [
        (Engine::Sqlite, None),
        (Engine::Postgres, None),
        (Engine::Postgres, Some(service("TEST_REDIS_URL"))),
    ] {
        let database = Database::new(engine);
        let clock = Clock::system();
        let actor = actor(&database.url);
        let redis = || redis.as_deref().map(client);
        let processes = [
            limits(&database.open(), &clock, redis()),
            limits(&database.open(), &clock, redis()),
        ];
        set(
            &processes[0],
            &actor,
            "project",
            Measure::Money(Window::Total),
            BUDGET,
        )
        .await;
        // Never more than what is held in truth: counted up after, and down before.
        let held = Arc::new(AtomicI64::new(0));
        let spent = Arc::new(AtomicI64::new(0));
        let calls = (0..200_i64).map(|number| {
            let (held, spent, actor) = (Arc::clone(&held), Arc::clone(&spent), actor.clone());
            let limits = processes[usize::try_from(number % 2).unwrap()].clone();
            tokio::spawn(async move {
                let estimate = 10 + number % 20;
                let Ok(call) = admit(&limits, &actor, "ann", 0, estimate).await else {
                    return;
                };
                let now = held.fetch_add(estimate, Ordering::SeqCst) + estimate;
                assert!(now <= BUDGET, "{now} of {BUDGET} are held");
                tokio::task::yield_now().await;
                let used = if number % 7 == 0 {
                    0
                } else {
                    estimate - number % 5
                };
                held.fetch_sub(estimate - used, Ordering::SeqCst);
                spent.fetch_add(used, Ordering::SeqCst);
                if number % 7 == 0 {
                    drop(call);
                } else {
                    call.settle(actual(0, used)).await;
                }
            })
        });
        for call in calls.collect::<Vec<_>>() {
            call.await.unwrap();
        }
        let spent = spent.load(Ordering::SeqCst);
        assert!(spent > BUDGET / 2 && spent <= BUDGET, "{spent}");
        for limits in processes {
            end(limits).await;
        }
        let next = limits(&database.open(), &clock, None);
        let told = money(&next, &actor).await;
        assert_eq!((told.used, told.reserved), (spent, 0));
    }
}

#[tokio::test]
async fn a_crash_makes_a_budget_tighter_and_never_looser() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let database = Database::new(engine);
        let (db, clock, actor) = (database.open(), Clock::system(), actor(&database.url));
        let crashed = limits(&db, &clock, None);
        set(
            &crashed,
            &actor,
            "project",
            Measure::Money(Window::Total),
            BUDGET,
        )
        .await;
        for _ in 0..10 {
            let call = admit(&crashed, &actor, "ann", 0, BUDGET / 50)
                .await
                .unwrap();
            std::mem::forget(call);
        }
        let next = limits(&db, &clock, None);
        let admitted = spend(&next, &actor, 100).await;
        // What was set aside for eight calls at a time, and not used, is lost.
        assert!((32..=40).contains(&admitted), "{admitted}");
    }
}

#[tokio::test]
async fn a_budget_holds_while_redis_is_away_and_after_it_forgot_everything() {
    let mut redis = RedisServer::start().await;
    let database = Database::new(Engine::Postgres);
    let (clock, actor) = (Clock::system(), actor(&database.url));
    let one = limits(&database.open(), &clock, Some(redis.client()));
    let two = limits(&database.open(), &clock, Some(redis.client()));
    set(
        &one,
        &actor,
        "project",
        Measure::Money(Window::Total),
        BUDGET,
    )
    .await;
    let mut admitted = spend(&one, &actor, 5).await + spend(&two, &actor, 5).await;
    assert_eq!(admitted, 10);
    redis.kill();
    admitted += spend(&one, &actor, 5).await + spend(&two, &actor, 5).await;
    assert_eq!(admitted, 20, "each process goes on by itself");
    redis.lose_everything();
    redis.resume().await;
    eventually("Redis is asked again", || async {
        redis.client().ping().await.is_ok() && one.usage(&actor, None).await.is_ok()
    })
    .await;
    admitted += spend(&one, &actor, 100).await + spend(&two, &actor, 100).await;
    assert!(admitted <= 50, "{admitted} calls on a budget for 50");
    // Lost at most: what was set aside in Redis, and what each process set aside without it.
    assert!(admitted > 50 - 3 * 8, "{admitted} calls on a budget for 50");
}

#[tokio::test]
async fn where_that_is_asked_for_calls_are_refused_while_redis_is_away() {
    let mut redis = RedisServer::start().await;
    let database = Database::new(Engine::Postgres);
    let (clock, actor) = (Clock::system(), actor(&database.url));
    let settings = LimitsSettings {
        when_redis_is_down: WhenRedisIsDown::Refuse,
        ..SETTINGS
    };
    let limits = Limits::new(database.open(), clock, Some(redis.client()), &settings);
    set(
        &limits,
        &actor,
        "project",
        Measure::Requests(Window::Minute),
        10,
    )
    .await;
    drop(admit(&limits, &actor, "ann", 0, 0).await.unwrap());
    redis.kill();
    let refused = admit(&limits, &actor, "ann", 0, 0).await;
    assert!(matches!(refused, Err(LlmError::LimitsUnavailable)));
}

#[tokio::test]
async fn the_place_of_a_call_whose_process_died_is_free_when_its_lease_ends() {
    let database = Database::new(Engine::Postgres);
    let clock = Clock::manual(Clock::system().now());
    let actor = actor(&database.url);
    let redis = || Some(client(&service("TEST_REDIS_URL")));
    let crashed = limits(&database.open(), &clock, redis());
    set(&crashed, &actor, "project", Measure::ParallelRequests, 1).await;
    std::mem::forget(admit(&crashed, &actor, "ann", 0, 0).await.unwrap());
    let next = limits(&database.open(), &clock, redis());
    clock.advance(Duration::from_secs(29));
    assert!(admit(&next, &actor, "ann", 0, 0).await.is_err());
    clock.advance(Duration::from_secs(2));
    drop(admit(&next, &actor, "ann", 0, 0).await.unwrap());
}
