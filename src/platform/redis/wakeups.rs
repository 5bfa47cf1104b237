//! Wake-ups between processes: best effort, since every waiter also polls.

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{Hearing, PubSub, Redis};
use crate::{
    kernel::Clock,
    platform::wakeup::{Topic, Wakeups},
};

const CHANNEL: &str = "kaname:wakeups";
/// Wake-ups that wait to be sent; more are dropped, since they would say the same.
const WAITING: usize = 64;

/// Sends this process' wake-ups to the others and passes on theirs, until `stop`.
pub async fn carry_wakeups(redis: Redis, wakeups: Wakeups, clock: Clock, stop: CancellationToken) {
    let (sender, mut waiting) = mpsc::channel(WAITING);
    wakeups.also_tell(move |topic| {
        let _dropped_when_full = sender.try_send(topic.name().to_owned());
    });
    let hearing = Hearing {
        began: || {
            for topic in Topic::ALL {
                wakeups.arrived(topic);
            }
        },
        heard: |name: &str| {
            if let Some(topic) = Topic::ALL.into_iter().find(|topic| topic.name() == name) {
                wakeups.arrived(topic);
            }
        },
    };
    let pubsub = PubSub::new(redis, &clock, CHANNEL);
    pubsub.carry(&mut waiting, hearing, stop).await;
}
