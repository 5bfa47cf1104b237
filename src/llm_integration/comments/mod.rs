//! Comments: what people write about traces, observations, sessions and prompts.

mod model;
mod schema;
mod service;
mod store;

pub use model::{Comment, CommentFilter, CommentObject, NewComment};
pub use service::Comments;
pub(super) use store::{delete_of_sessions, delete_of_traces};
