//! Comments: what people write about traces, observations, sessions and prompts.

mod model;
mod schema;
mod service;
mod store;

pub use model::{Comment, CommentFilter, CommentObject, NewComment};
pub use service::Comments;
