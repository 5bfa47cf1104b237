//! Wake-ups: a commit that makes work tells those who wait for it, so that nobody polls for speed.
//!
//! A wake-up may be lost; every waiter also looks at a slow interval. What must not be lost is in
//! the database.

use std::sync::{Arc, OnceLock};

use tokio::sync::Notify;

/// What there is to do after a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Topic {
    /// An event was appended to the outbox.
    Outbox = 0,
    /// A job was enqueued, or may run earlier than before.
    Jobs = 1,
}

impl Topic {
    pub const ALL: [Self; 2] = [Self::Outbox, Self::Jobs];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Outbox => "outbox",
            Self::Jobs => "jobs",
        }
    }
}

/// The topics that one transaction touched.
#[derive(Clone, Copy, Debug, Default)]
pub struct Topics(u8);

impl Topics {
    pub fn insert(&mut self, topic: Topic) {
        self.0 |= 1 << topic as u8;
    }

    pub fn iter(self) -> impl Iterator<Item = Topic> {
        Topic::ALL
            .into_iter()
            .filter(move |topic| self.0 & (1 << *topic as u8) != 0)
    }
}

/// Carries a wake-up to the other processes.
type Remote = Box<dyn Fn(Topic) + Send + Sync>;

/// Where waiters wait and commits announce. Cheap to clone.
#[derive(Clone, Default)]
pub struct Wakeups(Arc<Inner>);

#[derive(Default)]
struct Inner {
    waiting: [Notify; Topic::ALL.len()],
    remote: OnceLock<Remote>,
}

impl Wakeups {
    /// Also sends every wake-up of this process to the others. Only the first call counts.
    pub fn also_tell(&self, remote: impl Fn(Topic) + Send + Sync + 'static) {
        let _already_set = self.0.remote.set(Box::new(remote));
    }

    /// Something in this process was committed.
    pub fn announce(&self, topics: Topics) {
        for topic in topics.iter() {
            self.arrived(topic);
            if let Some(remote) = self.0.remote.get() {
                remote(topic);
            }
        }
    }

    /// A wake-up reached this process. Wakes one waiter, or the next one to wait.
    pub fn arrived(&self, topic: Topic) {
        self.0.waiting[topic as usize].notify_one();
    }

    /// Waits for the next wake-up; one that came since the last wait counts.
    pub async fn next(&self, topic: Topic) {
        self.0.waiting[topic as usize].notified().await;
    }
}
