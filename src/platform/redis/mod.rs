//! Redis: connections that give up in time, and wake-ups between processes.
//!
//! The client's own defaults (no limit on connecting or answering, a back-off without a ceiling)
//! kept it "down" for a minute and a half after Redis was back. Every connection here has both
//! limits, and whoever reconnects waits at most `redis.retry_max_delay_ms`.

mod connections;
mod pubsub;
mod script;
mod settings;
mod wakeups;

pub use connections::{Patience, Redis, RedisError};
pub use pubsub::{Hearing, PubSub};
pub use script::Script;
pub use settings::RedisSettings;
pub use wakeups::carry_wakeups;
