//! Rows and queries of media.

mod deletion;
mod links;
mod rows;

pub(in crate::llm_integration) use deletion::{delete_of_traces, unheard_traces};
pub(super) use links::{link, of_trace};
pub(super) use rows::{StoredMedia, describe, hold, insert, keep, media, note_failure};
