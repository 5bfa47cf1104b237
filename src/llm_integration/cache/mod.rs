//! The exact cache: an answer that was given once is given again to an equal call.
//!
//! A [`CacheKey`] is a hash over what decides on the answer: project, namespace, surface and the
//! body, with the order of its keys and what does not reach the model taken out.
//! [`AnswerCache::look_up`] finds an answer, or the [`Slot`] in which [`AnswerCache::put`] stores
//! it; a purge in between leaves the slot without effect. Only whole, successful answers belong in
//! here: who stores decides that.

mod control;
mod flight;
mod key;
mod memory;
mod redis;
mod service;
mod settings;

pub use control::CacheControl;
pub use flight::Lead;
pub use key::{CacheKey, Namespace};
pub use service::{AnswerCache, CachedAnswer, Lookup, Slot, Turn};
pub use settings::CacheSettings;
