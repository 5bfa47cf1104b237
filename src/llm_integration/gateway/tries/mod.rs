//! From a plan to an answer: tries, one after the other or side by side, until one succeeds or the
//! plan ends.

mod attempt;
mod body;
mod chain;
mod embedding;
mod failed;
mod hedge;
mod log;
mod read;
mod reranking;

pub(super) use attempt::{Answerer, Content, Streamed, Upstream, Whole};
pub(super) use body::{CallBody, redacts};
pub(super) use chain::{Tries, TriesParts};
pub(super) use failed::{Cause, Failed, Refusal};
pub(super) use log::{TryLog, TryNote};
pub(super) use read::next_chunk;
