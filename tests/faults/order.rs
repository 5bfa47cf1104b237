//! Order: events of one aggregate leave the outbox in the order of their commits, however many
//! relays and publishers there are.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use diesel::{QueryableByName, RunQueryDsl, sql_query, sql_types::BigInt};
use kaname::{
    kernel::Clock,
    platform::{
        db::{Backend, Conn, Db, DbError},
        events::Subscriptions,
        outbox,
    },
};

use crate::support::{Counted, Processor, RedisServer, databases, effects, eventually};

const PUBLISHERS: usize = 6;
const EVENTS_EACH: usize = 60;
const AGGREGATES: usize = 3;

#[derive(QueryableByName)]
struct Version {
    #[diesel(sql_type = BigInt)]
    version: i64,
}

/// One use case: the aggregate's next version, and the event that says so.
fn change(conn: &mut Conn, aggregate: usize) -> Result<(), DbError> {
    let sql =
        format!("UPDATE thing SET version = version + 1 WHERE id = {aggregate} RETURNING version");
    let Version { version } = match conn.backend() {
        Backend::Pg(c) => sql_query(sql).get_result(c)?,
        Backend::Sqlite(c) => sql_query(sql).get_result(c)?,
    };
    outbox::append(
        conn,
        &Clock::system(),
        &Counted::of(&aggregate.to_string(), version),
    )?;
    Ok(())
}

async fn publish(db: Db, first: usize) {
    for step in 0..EVENTS_EACH {
        let aggregate = (first + step) % AGGREGATES;
        db.write(move |conn| change(conn, aggregate)).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_relays_and_many_publishers_keep_the_order_within_an_aggregate() {
    for database in databases() {
        let (db, redis) = (database.open(), RedisServer::start().await);
        db.write(|conn| effects::execute(conn, "CREATE TABLE thing (id integer, version bigint)"))
            .await
            .unwrap();
        for aggregate in 0..AGGREGATES {
            let row = format!("INSERT INTO thing VALUES ({aggregate}, 0)");
            db.write(move |conn| effects::execute(conn, &row))
                .await
                .unwrap();
        }
        let seen = Arc::new(Mutex::new(BTreeMap::<String, Vec<i64>>::new()));
        let (notes, ready) = (Arc::clone(&seen), Arc::new(Mutex::new(0)));
        let told = Arc::clone(&ready);
        let subscriptions = Subscriptions::new()
            .everywhere::<Counted, _, _>(move |event| {
                notes
                    .lock()
                    .unwrap()
                    .entry(event.aggregate)
                    .or_default()
                    .push(event.number);
                async { Ok(()) }
            })
            .on_gap(move || {
                *told.lock().unwrap() += 1;
                async {}
            });
        let first = Processor::start(&db, Some(redis.client()), subscriptions);
        // The second relay has a process of its own, as far as the database can tell.
        let second = Processor::start(&database.open(), Some(redis.client()), Subscriptions::new());
        eventually("the listener has its place", || async {
            *ready.lock().unwrap() == 1
        })
        .await;
        let publishers = (0..PUBLISHERS).map(|first| tokio::spawn(publish(database.open(), first)));
        for publisher in publishers.collect::<Vec<_>>() {
            publisher.await.unwrap();
        }
        let all = PUBLISHERS * EVENTS_EACH;
        eventually("every event is seen", || async {
            seen.lock().unwrap().values().map(Vec::len).sum::<usize>() == all
        })
        .await;
        for (aggregate, versions) in &*seen.lock().unwrap() {
            let expected: Vec<i64> = (1..).take(all / AGGREGATES).collect();
            assert_eq!(versions, &expected, "aggregate {aggregate}");
        }
        first.stop().await;
        second.stop().await;
    }
}
