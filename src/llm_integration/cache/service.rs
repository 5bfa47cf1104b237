//! The cache of answers, wherever it is kept.

use std::time::Duration;

use bytes::Bytes;

use super::{
    CacheKey, CacheSettings, Namespace,
    flight::{Flights, Joined, Lead},
    memory::Memory,
    redis,
};
use crate::{
    kernel::{Actor, Clock, Id, Permission, ProjectId, Timestamp, error_chain},
    llm_integration::LlmError,
    platform::redis::{Redis, RedisError},
};

/// A whole, successful answer, as the client's API writes one that is not streamed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CachedAnswer {
    pub body: Bytes,
    /// Who gave it.
    pub provider: String,
    pub model: Option<String>,
    pub stored_at: Timestamp,
}

/// What a look into the cache found.
#[derive(Debug)]
pub enum Lookup {
    Hit(CachedAnswer),
    /// And where an answer can be put.
    Miss(Slot),
}

/// Whose turn it is, of equal calls at the same time.
pub enum Turn {
    /// This call is made; the others wait for [`Lead::finish`].
    Lead(Lead, Slot),
    /// Another call brought the answer.
    Answered(CachedAnswer),
}

/// Where an answer is stored that was not found. A purge leaves it without effect.
#[derive(Clone, Debug)]
pub struct Slot {
    pub(super) key: CacheKey,
    pub(super) epochs: redis::Epochs,
    /// The cache could not be asked, so nothing is stored either.
    usable: bool,
}

/// Answers that can be given again. Cheap to clone.
#[derive(Clone)]
pub struct AnswerCache {
    store: Store,
    flights: Flights,
    clock: Clock,
    default_ttl: Duration,
    answer_limit: usize,
}

#[derive(Clone)]
enum Store {
    Redis(Redis),
    Memory(Memory),
}

impl AnswerCache {
    pub fn new(redis: Option<Redis>, clock: Clock, settings: &CacheSettings) -> Self {
        let store = match redis {
            Some(redis) => Store::Redis(redis),
            None => Store::Memory(Memory::new(settings.memory_bytes)),
        };
        Self {
            store,
            flights: Flights::default(),
            clock,
            default_ttl: settings.default_ttl(),
            answer_limit: settings.answer_limit_bytes,
        }
    }

    /// A cache that can not be asked has nothing: the call is made.
    pub async fn look_up(&self, key: CacheKey) -> Lookup {
        let lookup = self.find(key).await;
        let outcome = match &lookup {
            Lookup::Hit(_) => "hit",
            Lookup::Miss(_) => "miss",
        };
        metrics::counter!("gateway_cache_lookups_total", "outcome" => outcome).increment(1);
        lookup
    }

    async fn find(&self, key: CacheKey) -> Lookup {
        let (found, epochs, usable) = match &self.store {
            Store::Memory(memory) => (memory.get(&key).await, memory.epoch(), true),
            Store::Redis(redis) => match redis::get(redis, &key).await {
                Ok((found, epochs)) => (found, epochs, true),
                Err(error) => {
                    failed("read", &error);
                    (None, redis::Epochs::default(), false)
                }
            },
        };
        match found {
            Some(answer) => Lookup::Hit(answer),
            None => Lookup::Miss(Slot {
                key,
                epochs,
                usable,
            }),
        }
    }

    /// Stores a whole answer; one that is too large is not stored. Without a `ttl`, for as long as
    /// the settings say.
    pub async fn put(&self, slot: Slot, answer: &CachedAnswer, ttl: Option<Duration>) {
        if !slot.usable || answer.body.len() > self.answer_limit {
            return;
        }
        let ttl = ttl.unwrap_or(self.default_ttl);
        match &self.store {
            Store::Memory(memory) => memory.put(slot, answer.clone(), ttl).await,
            Store::Redis(redis) => {
                let stored = redis::put(redis, &slot.key, slot.epochs, answer, ttl).await;
                if let Err(error) = stored {
                    failed("written", &error);
                }
            }
        }
    }

    /// Waits for an equal call of this process that is being made, or makes this one the call that
    /// others wait for.
    pub async fn join(&self, slot: Slot) -> Turn {
        let lead = match self.flights.join(&slot.key).await {
            Joined::Answered(answer) => return Turn::Answered(answer),
            Joined::First(lead) => lead,
        };
        if !slot.usable {
            return Turn::Lead(lead, slot);
        }
        // Another call may have been made, and answered, between the look that found nothing and this turn.
        match self.find(slot.key).await {
            Lookup::Miss(slot) => Turn::Lead(lead, slot),
            Lookup::Hit(answer) => {
                lead.finish(answer.clone());
                Turn::Answered(answer)
            }
        }
    }

    /// Forgets a namespace's answers, or all of the project's.
    pub async fn purge(&self, actor: &Actor, namespace: Option<Namespace>) -> Result<(), LlmError> {
        actor.require(Permission::CacheManage)?;
        let project: ProjectId = actor.project;
        match &self.store {
            Store::Memory(memory) => memory.purge(project, namespace),
            Store::Redis(redis) => {
                let epoch: Id<Slot> = self.clock.new_id();
                redis::purge(redis, project, namespace.as_ref(), &epoch.to_string())
                    .await
                    .map_err(LlmError::CacheUnavailable)?;
            }
        }
        Ok(())
    }
}

fn failed(what: &str, error: &RedisError) {
    metrics::counter!("gateway_cache_errors_total").increment(1);
    tracing::warn!(
        error = error_chain(error),
        "the cache of answers can not be {what}"
    );
}
