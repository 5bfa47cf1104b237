//! News of versions: whoever watches one hears when it moved on, from this process at once, from others over Redis.
//!
//! News may be lost. It says nothing but "look again", and every watcher also looks by itself.

use std::sync::Arc;

use tokio::sync::{Mutex, broadcast, mpsc};
use tokio_util::sync::CancellationToken;

use super::model::VersionId;
use crate::{
    kernel::Clock,
    platform::redis::{Hearing, PubSub, Redis},
};

const CHANNEL: &str = "kaname:document-news";
/// News that a slow watcher may be behind; past it, the watcher looks anyway.
const BEHIND: usize = 256;
/// News that waits to be sent to other processes; more is dropped.
const WAITING: usize = 256;

/// Where news is told and heard. Cheap to clone.
#[derive(Clone)]
pub struct News {
    heard: broadcast::Sender<VersionId>,
    others: Option<Others>,
}

/// The other processes.
#[derive(Clone)]
struct Others {
    pubsub: PubSub,
    sender: mpsc::Sender<String>,
    waiting: Arc<Mutex<mpsc::Receiver<String>>>,
}

impl News {
    pub fn new(redis: Option<Redis>, clock: &Clock) -> Self {
        let others = redis.map(|redis| {
            let (sender, waiting) = mpsc::channel(WAITING);
            Others {
                pubsub: PubSub::new(redis, clock, CHANNEL),
                sender,
                waiting: Arc::new(Mutex::new(waiting)),
            }
        });
        Self {
            heard: broadcast::channel(BEHIND).0,
            others,
        }
    }

    /// A version moved on, and that is committed.
    pub fn tell(&self, version: VersionId) {
        let _nobody_watches = self.heard.send(version);
        if let Some(others) = &self.others {
            let _dropped_when_full = others.sender.try_send(version.to_string());
        }
    }

    pub fn listen(&self) -> broadcast::Receiver<VersionId> {
        self.heard.subscribe()
    }

    /// Whether news of other processes comes here.
    pub const fn reaches_far(&self) -> bool {
        self.others.is_some()
    }

    /// Sends this process's news to the others and passes on theirs, until `stop`.
    pub async fn carry(self, stop: CancellationToken) {
        let Some(others) = &self.others else {
            return stop.cancelled().await;
        };
        let hearing = Hearing {
            // Watchers look by themselves for what was missed.
            began: || {},
            heard: |version: &str| {
                if let Ok(version) = version.parse() {
                    let _nobody_watches = self.heard.send(version);
                }
            },
        };
        let mut waiting = others.waiting.lock().await;
        others.pubsub.carry(&mut waiting, hearing, stop).await;
    }
}
