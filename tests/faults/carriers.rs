//! The bus when its carrier changes, or carries what is no event.

use std::sync::{Arc, Mutex};

use kaname::{
    kernel::Clock,
    platform::{
        bus::EventSettings,
        db::Db,
        events::{HandlerError, Subscriptions},
    },
};

use crate::support::{
    Counted, Processor, RedisServer, databases, effects, event_settings, eventually,
    processor::effect_group,
};

/// A group whose events all wait for another try.
fn failing_group() -> Subscriptions {
    Subscriptions::new().durable::<Counted, _, _>("test.one", |_| async {
        Err(HandlerError::Retry("not yet".into()))
    })
}

fn patient() -> EventSettings {
    EventSettings {
        delivery_attempts: 10_000,
        ..event_settings()
    }
}

async fn relayed(db: &Db, processor: &Processor) {
    let gauges = processor.bus.gauges().clone();
    eventually("the outbox is empty", || async {
        gauges.read().is_some_and(|seen| seen.outbox.events == 0)
    })
    .await;
    assert_eq!(effects::counted(db, "test.one").await, []);
}

#[tokio::test]
async fn what_one_carrier_still_held_is_handled_by_the_other() {
    for database in databases() {
        let (db, redis) = (database.open(), RedisServer::start().await);
        effects::create_table(&db).await;
        for (first, second) in [(None, Some(redis.client())), (Some(redis.client()), None)] {
            db.write(|conn| effects::execute(conn, "DELETE FROM effect"))
                .await
                .unwrap();
            for number in 0..5 {
                Counted::of("a", number)
                    .announce(&db, &Clock::system())
                    .await;
            }
            let before = Processor::start_with(&db, first, failing_group(), patient());
            relayed(&db, &before).await;
            before.stop().await;
            let group = effect_group(Subscriptions::new(), "test.one", &db);
            let after = Processor::start_with(&db, second, group, patient());
            eventually("what was left is handled", || async {
                effects::counted(&db, "test.one").await == effects::once_each(5)
            })
            .await;
            after.stop().await;
        }
    }
}

#[tokio::test]
async fn an_entry_that_is_no_event_goes_to_the_dead_letters_and_holds_up_nobody() {
    let database = &databases()[0];
    let (db, redis) = (database.open(), RedisServer::start().await);
    effects::create_table(&db).await;
    let heard = Arc::new(Mutex::new(Vec::new()));
    let note = Arc::clone(&heard);
    let subscriptions = effect_group(Subscriptions::new(), "test.one", &db)
        .everywhere::<Counted, _, _>(move |event| {
            note.lock().unwrap().push(event.number);
            async { Ok(()) }
        });
    let processor = Processor::start(&db, Some(redis.client()), subscriptions);
    Counted::of("a", 0).announce(&db, &Clock::system()).await;
    eventually("the bus carries", || async {
        effects::counted(&db, "test.one").await.len() == 1
    })
    .await;

    let mut conn = redis.client().connection().await.unwrap();
    let mut junk = deadpool_redis::redis::cmd("XADD");
    junk.arg(&["kaname:events", "*", "event", "{not json"]);
    junk.query_async::<String>(&mut conn).await.unwrap();
    Counted::of("a", 1).announce(&db, &Clock::system()).await;
    eventually("the next event is handled", || async {
        effects::counted(&db, "test.one").await == effects::once_each(2)
    })
    .await;
    let gauges = processor.bus.gauges().clone();
    eventually("one is dead", || async {
        gauges.read().is_some_and(|seen| seen.dead_letters == 1)
    })
    .await;
    eventually("and everywhere goes on", || async {
        heard.lock().unwrap().contains(&1)
    })
    .await;
    processor.stop().await;
}
