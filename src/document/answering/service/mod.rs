//! `Answers`: asking about documents, and the conversations that come of it.

mod answers;
mod ask;
mod asking;
mod passages;
mod threads;

pub use answers::{AnswerParts, Answers};
pub use asking::{Asking, Told};
pub use threads::Conversation;
