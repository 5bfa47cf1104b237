//! Wake-ups between processes over Redis pub/sub: best effort, since every waiter also polls.

use std::error::Error;

use deadpool_redis::redis;
use futures::StreamExt;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{Redis, RedisError};
use crate::{
    kernel::{Clock, Id},
    platform::wakeup::{Topic, Wakeups},
};

const CHANNEL: &str = "kaname:wakeups";
/// Wake-ups that wait to be sent; more are dropped, since they would say the same.
const WAITING: usize = 64;

/// Sends this process' wake-ups to the others and passes on theirs, until `stop`.
pub async fn carry_wakeups(redis: Redis, wakeups: Wakeups, clock: Clock, stop: CancellationToken) {
    let origin = clock.new_id::<Wakeups>();
    let (sender, waiting) = mpsc::channel(WAITING);
    wakeups.also_tell(move |topic| {
        let _dropped_when_full = sender.try_send(topic);
    });
    let both = async {
        tokio::join!(
            send(&redis, origin, waiting),
            receive(&redis, origin, &wakeups)
        )
    };
    let _stopped = stop.run_until_cancelled(both).await;
}

async fn send(redis: &Redis, origin: Id<Wakeups>, mut waiting: mpsc::Receiver<Topic>) {
    while let Some(topic) = waiting.recv().await {
        if let Err(error) = publish(redis, origin, topic).await {
            tracing::debug!(error = &error as &dyn Error, "a wake-up was not sent");
        }
    }
}

async fn publish(redis: &Redis, origin: Id<Wakeups>, topic: Topic) -> Result<(), RedisError> {
    let mut conn = redis.connection().await?;
    let message = format!("{origin}/{}", topic.name());
    Ok(redis::cmd("PUBLISH")
        .arg(CHANNEL)
        .arg(message)
        .query_async(&mut conn)
        .await?)
}

async fn receive(redis: &Redis, origin: Id<Wakeups>, wakeups: &Wakeups) {
    let mut patience = redis.patience();
    loop {
        if let Err(error) = receive_on_one_connection(redis, origin, wakeups).await {
            tracing::debug!(
                error = &error as &dyn Error,
                "no wake-ups from other processes for now"
            );
            patience.pause().await;
        } else {
            patience.reset();
        }
    }
}

async fn receive_on_one_connection(
    redis: &Redis,
    origin: Id<Wakeups>,
    wakeups: &Wakeups,
) -> Result<(), RedisError> {
    let mut subscriber = redis.subscriber().await?;
    subscriber.subscribe(CHANNEL).await?;
    // Whatever was said while nobody listened here.
    for topic in Topic::ALL {
        wakeups.arrived(topic);
    }
    let own = origin.to_string();
    let mut messages = subscriber.on_message();
    while let Some(message) = messages.next().await {
        let text: String = message.get_payload()?;
        let topic = text.split_once('/').filter(|(origin, _)| *origin != own);
        if let Some(topic) =
            topic.and_then(|(_, name)| Topic::ALL.into_iter().find(|topic| topic.name() == name))
        {
            wakeups.arrived(topic);
        }
    }
    Ok(())
}
