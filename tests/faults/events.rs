//! Events: every promise of the bus, on every database with both carriers.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
};

use kaname::{
    kernel::Clock,
    platform::{
        db::{Db, DbError},
        events::{HandlerError, Subscriptions},
        outbox,
    },
};

use crate::support::{
    Counted, Database, Processor, RedisServer, databases, effects, eventually,
    processor::effect_group,
};

/// Every database with every carrier.
async fn places() -> Vec<(Database, Option<RedisServer>)> {
    let mut places: Vec<_> = databases()
        .into_iter()
        .map(|database| (database, None))
        .collect();
    for database in databases() {
        places.push((database, Some(RedisServer::start().await)));
    }
    places
}

async fn all_effects(db: &Db, group: &'static str, count: i64) {
    eventually("every effect is there", || async {
        effects::counted(db, group).await.len() == usize::try_from(count).expect("a count")
    })
    .await;
    assert_eq!(effects::counted(db, group).await, effects::once_each(count));
}

#[tokio::test]
async fn each_group_and_each_listener_gets_every_committed_event() {
    for (database, redis) in places().await {
        let (db, clock) = (database.open(), Clock::system());
        effects::create_table(&db).await;
        let events_heard = Arc::new(Mutex::new(Vec::new()));
        let (hears, gaps) = (Arc::clone(&events_heard), Arc::new(AtomicU32::new(0)));
        let gap = Arc::clone(&gaps);
        let subscriptions = effect_group(Subscriptions::new(), "test.one", &db);
        let subscriptions = effect_group(subscriptions, "test.two", &db)
            .everywhere::<Counted, _, _>(move |event| {
                hears.lock().unwrap().push(event.number);
                async { Ok(()) }
            })
            .on_gap(move || {
                gap.fetch_add(1, Ordering::SeqCst);
                async {}
            });
        let has_redis = redis.is_some();
        let processor =
            Processor::start(&db, redis.as_ref().map(RedisServer::client), subscriptions);
        if has_redis {
            eventually("the listener has its place", || async {
                gaps.load(Ordering::SeqCst) == 1
            })
            .await;
        }
        let undone: Result<(), DbError> = db
            .write(|conn| {
                outbox::append(conn, &Clock::system(), &Counted::of("a", 99))?;
                Err(DbError::Corrupt {
                    what: "the use case failed".to_owned(),
                })
            })
            .await;
        assert!(undone.is_err());
        for number in 0..50 {
            Counted::of("a", number).announce(&db, &clock).await;
        }
        for group in ["test.one", "test.two"] {
            all_effects(&db, group, 50).await;
        }
        eventually("everywhere is told", || async {
            events_heard.lock().unwrap().len() == 50
        })
        .await;
        assert_eq!(*events_heard.lock().unwrap(), (0..50).collect::<Vec<_>>());
        processor.stop().await;
    }
}

#[tokio::test]
async fn every_event_delivered_twice_has_its_effect_once() {
    for (database, redis) in places().await {
        let db = database.open();
        effects::create_table(&db).await;
        let calls = Arc::new(AtomicU32::new(0));
        let count = Arc::clone(&calls);
        let subscriptions = effect_group(Subscriptions::new(), "test.one", &db)
            .durable::<Counted, _, _>("test.calls", move |_| {
                count.fetch_add(1, Ordering::SeqCst);
                async { Ok(()) }
            });
        let processor =
            Processor::start(&db, redis.as_ref().map(RedisServer::client), subscriptions);
        for number in 0..30 {
            Counted::of("a", number)
                .announce(&db, &Clock::system())
                .await;
        }
        all_effects(&db, "test.one", 30).await;
        // What a relay does that was killed after it had told the bus, before it could commit.
        let again = "UPDATE platform_outbox SET relayed_at = NULL, settled_at = NULL, entry = NULL";
        db.write(move |conn| effects::execute(conn, again))
            .await
            .unwrap();
        eventually("each is delivered twice", || async {
            calls.load(Ordering::SeqCst) == 60
        })
        .await;
        processor.stop().await;
        all_effects(&db, "test.one", 30).await;
    }
}

#[tokio::test]
async fn a_failing_group_holds_up_no_other_and_ends_in_the_dead_letters() {
    for (database, redis) in places().await {
        let db = database.open();
        effects::create_table(&db).await;
        let tries_of = Arc::new(Mutex::new(HashMap::<i64, Vec<u32>>::new()));
        let note = Arc::clone(&tries_of);
        let subscriptions = effect_group(Subscriptions::new(), "test.sound", &db)
            .durable::<Counted, _, _>("test.failing", move |received| {
                let number = received.event.number;
                note.lock()
                    .unwrap()
                    .entry(number)
                    .or_default()
                    .push(received.attempt);
                async move {
                    match number {
                        0 => Err(HandlerError::Retry("not now".into())),
                        1 => Err(HandlerError::Fatal("never".into())),
                        2 if received.attempt == 1 => Err(HandlerError::Retry("once more".into())),
                        3 => panic!("at the disco"),
                        4 => std::future::pending().await,
                        _ => Ok(()),
                    }
                }
            });
        let processor =
            Processor::start(&db, redis.as_ref().map(RedisServer::client), subscriptions);
        for number in 0..10 {
            Counted::of("a", number)
                .announce(&db, &Clock::system())
                .await;
        }
        all_effects(&db, "test.sound", 10).await;
        let gauges = processor.bus.gauges().clone();
        eventually("four are dead", || async {
            gauges.read().is_some_and(|seen| seen.dead_letters == 4)
        })
        .await;
        assert_eq!(gauges.read().unwrap().outbox.events, 0);
        processor.stop().await;
        let tries = tries_of.lock().unwrap();
        assert_eq!(
            (&tries[&0], &tries[&1], &tries[&2]),
            (&vec![1, 2, 3], &vec![1], &vec![1, 2])
        );
        assert_eq!(
            (&tries[&3], &tries[&4], &tries[&9]),
            (&vec![1, 2, 3], &vec![1, 2, 3], &vec![1])
        );
    }
}
