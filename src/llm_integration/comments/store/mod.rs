//! Rows and queries of comments.

mod deletion;
mod rows;

pub(in crate::llm_integration) use deletion::{delete_of_sessions, delete_of_traces};
pub(super) use rows::{comment, count, insert, list, object_exists};
